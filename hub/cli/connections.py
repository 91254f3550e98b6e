"""``hub connections``: how every source and destination is doing, since when, and what a person can do about it."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from hub.cli import output
from hub.cli.database import configured

if TYPE_CHECKING:
    from hub.outbox.health import Health
    from hub.store.database import Session


app = typer.Typer(name="connections", invoke_without_command=True)


@app.callback()
def command(context: typer.Context, json: output.JsonOption = False, config: output.ConfigOption = None) -> None:
    """Show how each connection is doing: state, since when, next try, reason, and what to do; give one a token."""
    if context.invoked_subcommand is not None:
        return
    from hub.application.standing import standing

    with output.exit_codes(json=json), configured(config) as run, run.database.session() as session:
        found = standing(session, run.connections, {route.destination for route in run.routes})
    if json:
        output.show_json([each.document() for each in found])
        return
    rows = [
        (
            each.name,
            f"{role} ({each.connector})",
            health.state,
            f"{health.since:%Y-%m-%d %H:%M}" if health.since else "",
            f"{health.not_before:%H:%M:%S}" if health.not_before else "",
            each.waiting(role),
            each.left(),
            " ".join(filter(None, (health.by and f"by {health.by}", health.reason))),
        )
        for each in found
        for role, health in each.roles_of().items()
    ]
    columns = ("connection", "role", "state", "since (UTC)", "next try", "waits or failed", "calls left", "reason")
    output.show_table(columns, rows, empty="no connections yet; `hub init` writes a starter")
    for each in found:
        for advice in each.advice():
            output.show(f"{each.name}: {advice}")


@app.command()
def authorise(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The connection, as the configuration calls it.")],
    token: Annotated[
        bool,
        typer.Option(
            "--token", help="Give a refresh token that you have: from HUB_REFRESH_TOKEN, else it is asked for, unseen."
        ),
    ] = False,
    json: output.JsonOption = False,
    config: output.ConfigOption = None,
) -> None:
    """Give an OAuth connection its token: prints where to consent, and takes the code that comes of it."""
    from hub.application.authorise import Consent, give_code, give_token, renew_now
    from hub.errors import RefusedError

    with output.exit_codes(json=json), configured(config) as run:
        connection = run.connections.get(name)
        if connection is None or connection.oauth is None:
            raise RefusedError(f"there is no connection {name!r} that gets its tokens by OAuth")
        if token:
            give_token(connection, _secret("refresh token", "HUB_REFRESH_TOKEN"))
        elif connection.oauth.needs_no_person:
            renew_now(connection)
        else:
            consent = Consent.begin(connection.oauth)
            output.say("open this address, consent, and paste the address that the browser is led to, or its code:")
            output.say(consent.url)
            give_code(connection, consent, typer.prompt("address or code", err=True))
    if json:
        output.show_json({"connection": name, "authorised": True})
    else:
        output.show(f"{name} has its token; it goes on by itself")


def _secret(what: str, variable: str) -> str:
    found = os.environ.get(variable) or typer.prompt(what, hide_input=sys.stdin.isatty(), err=True)
    return str(found).strip()


def troubles(session: Session, sources: Collection[str]) -> dict[str, Health]:
    """Connections that are not well, by name, as far as the database alone can tell; ``sources`` are configured."""
    from hub.outbox.health import of_destination, of_source
    from hub.store import stats

    found = {name: of_destination(name, each) for name, each in stats.destination_troubles(session).items()}
    reading = {name: of_source(name, each) for name, each in stats.source_troubles(session).items() if name in sources}
    return {name: health for name, health in sorted({**reading, **found}.items()) if health.state != "ok"}


def show_troubles(found: Mapping[str, Health]) -> None:
    """A line on stderr for each: it stands under what was asked for."""
    from hub.outbox.health import line

    for name, health in found.items():
        output.say(line(name, health))
