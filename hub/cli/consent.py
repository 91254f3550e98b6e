"""``hub consent``: who said what about being contacted, and who may be written to on which evidence."""

from __future__ import annotations

import csv
import io
from collections import Counter
from enum import StrEnum
from typing import Annotated, Any

import typer

from hub.cli import output, people
from hub.cli.database import configured
from hub.errors import NotFound
from hub.log import visible
from hub.mapping.spreadsheet import is_formula

app = typer.Typer(name="consent", help="Consent: show, audit, suppress.", no_args_is_help=True)


class Channel(StrEnum):
    """By which people may be written to, or called."""

    email = "email"
    sms = "sms"
    whatsapp = "whatsapp"
    phone = "phone"
    post = "post"


@app.command()
def show(id: people.Who, json: output.JsonOption = False, config: output.ConfigOption = None) -> None:  # noqa: A002
    """Show the ledger of one person: every statement, which holds and why, who was told when, and what was sent."""
    from hub.application.consent_story import consent_story

    with output.exit_codes(json=json), configured(config) as run, run.database.session() as session:
        wanted = people.one(session, id, config)
        found = consent_story(session, wanted, run.processing.in_force(session), run.connections)
        if found is None:
            raise NotFound(f"there is no profile {wanted}")
    if json:
        output.show_json(found)
        return
    if not found:
        output.show("nobody ever said anything: opted in to nothing")
    for story in found:
        output.show(f"{story['purpose']} by {story['channel']}: {story['state'].replace('_', ' ')}, {story['rule']}")
        output.show_table(("at", "said", "act", "record", "event", "evidence", "holds"), _statements(story))
        told = [
            (one["destination"], f"{one['at']:%Y-%m-%d %H:%M:%S}", _seconds(one["seconds"]), _read_back(one))
            for one in story["told"]
        ]
        if told:
            output.show_table(("told", "at", "after", "read back"), told)
        for one in story["sent"]:
            output.show(f"  {_seconds(one['seconds'])} after the opt-out: {one['subject']} ({one['connection']})")


def _statements(story: dict[str, Any]) -> list[tuple[Any, ...]]:
    return [
        (
            f"{one['at']:%Y-%m-%d %H:%M:%S}",
            one["state"].replace("_", " "),
            "explicit" if one["explicit"] else "implied",
            one["record"] if isinstance(one["record"], str) else _record(one["record"]),
            one["event"] or "",
            one["evidence"],
            "holds" if one["holds"] else one["why"],
        )
        for one in story["statements"]
    ]


def _record(told: Any) -> str:
    return f"{told['connection']}:{told['kind']}:{told['external_id']}" if isinstance(told, dict) else str(told)


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.1f} s"


def _read_back(told: dict[str, Any]) -> str:
    return {True: "yes", False: "no"}.get(told["confirmed"], "cannot be")


@app.command()
def audit(
    channel: Annotated[Channel, typer.Option("--channel", help="By which they would be written to.")] = Channel.email,
    may: Annotated[bool, typer.Option("--may", help="Only those who may be written to.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Everybody, as comma-separated values.")] = False,
    json: output.JsonOption = False,
    config: output.ConfigOption = None,
) -> None:
    """Tell who may be written to, on which evidence, and of the others why not. Names nobody but by profile id."""
    from hub.application.consent_audit import COLUMNS, everybody

    with output.exit_codes(json=json), configured(config) as run:
        ranks = {name: one.settings.rank for name, one in run.connections.items()}
        found = (one for one in everybody(run.database, channel.value, ranks) if one.may or not may)
        if json:
            output.show_json_lines(one.document() for one in found)
        elif as_csv:
            output.show_block(",".join(COLUMNS))
            for one in found:
                output.show_block(_line([one.document()[name] for name in COLUMNS]))
        else:
            counts = Counter(one.why or "may be written to" for one in found)
            output.show_table((f"by {channel.value}", "people"), counts.most_common(), empty="there is nobody yet")


def _line(values: list[Any]) -> str:
    held = io.StringIO()
    csv.writer(held, lineterminator="").writerow([_safe(value) for value in values])
    return held.getvalue()


def _safe(value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return "" if value is None else str(value).lower()
    shown = visible(str(value))
    return f"'{shown}" if is_formula(shown) else shown


@app.command()
def suppress(
    identifier: Annotated[str, typer.Argument(metavar="IDENTIFIER", help="email:a@b.c or phone:030 …; - reads it.")],
    json: output.JsonOption = False,
    config: output.ConfigOption = None,
) -> None:
    """Put an address on the list of those nobody writes to, and tell every system that has its people.

    Only a keyed digest of it is kept. It holds until the person opts in again, with evidence of that.
    """
    from hub.application.suppress_address import suppress_address

    text = typer.get_text_stream("stdin").read().strip() if identifier == "-" else identifier
    with output.exit_codes(json=json), configured(config) as run:
        told = suppress_address(run.processing, text, run.settings.hub.default_region)
    if json:
        output.show_json({"profiles": told})
    else:
        output.show(f"kept; {len(told)} profiles carry it now")
