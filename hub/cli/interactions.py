"""``hub interactions``: messages, mentions and comments, the worst first; and corrections of their tone."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import typer

from hub.cli import output
from hub.cli.database import configured
from hub.cli.judgement import user
from hub.cli.options import LimitOption

app = typer.Typer(
    name="interactions",
    help="Messages and mentions: those that sound worst first, and what people say of them.",
    no_args_is_help=True,
)


@app.command("list")
def list_(
    tone: Annotated[str | None, typer.Option("--tone", help="Only positive, neutral or negative ones.")] = None,
    limit: LimitOption = 20,
    json: output.JsonOption = False,
    config: output.ConfigOption = None,
) -> None:
    """List what was written in the last 30 days: not answered first, then the worst. The tone is a hint."""
    from hub.application.tone import listed

    with output.exit_codes(json=json), configured(config) as run, run.database.session() as session:
        found = listed(session, tone=tone, limit=limit)
    if json:
        output.show_json(found)
        return
    rows = [
        (
            str(one["id"]),
            f"{one['at']:%Y-%m-%d %H:%M}",
            one["channel"],
            one["name"] or "",
            f"{one['tone']} ({one['by']})",
            one["topic"],
            "yes" if one["answered"] else "",
            one["text"],
        )
        for one in found["items"]
    ]
    columns = ("id", "at", "channel", "name", "tone", "topic", "answered", "text")
    output.show_table(columns, rows, empty="nobody wrote anything in the last 30 days")
    output.say(found["note"])


@app.command()
def tone(
    interaction: Annotated[UUID, typer.Argument(metavar="ID", help="As `hub interactions list` shows it.")],
    value: Annotated[str, typer.Argument(metavar="TONE", help="positive, neutral or negative.")],
    about: Annotated[str | None, typer.Option(help="complaint, praise, question or other.")] = None,
    topic: Annotated[str | None, typer.Option(help="delivery, return, price, service, product, shop or other.")] = None,
    json: output.JsonOption = False,
    config: output.ConfigOption = None,
) -> None:
    """Say what tone something has. It stands from then on, and from 500 corrections on Hub learns from them."""
    from hub.application.tone import correct

    with output.exit_codes(json=json), configured(config) as run, run.database.session() as session:
        done = correct(session, interaction, value, user(), about=about, topic=topic)
    if json:
        output.show_json(done)
        return
    output.show(f"{done['tone']}, {done['about']}, about {done['topic']}; {done['corrections']} corrections so far")
