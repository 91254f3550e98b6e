"""``hub connections``: how every source and destination is doing, since when, and what a person can do about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from hub.cli import output
from hub.cli.database import configured

if TYPE_CHECKING:
    from hub.outbox.health import Health
    from hub.store.database import Session


def command(json: output.JsonOption = False, config: output.ConfigOption = None) -> None:
    """Show how each connection is doing: state, since when, next try, reason, and what to do."""
    from hub.api.standing import standing

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
            " ".join(filter(None, (health.by and f"by {health.by}", health.reason))),
        )
        for each in found
        for role, health in each.roles_of().items()
    ]
    columns = ("connection", "role", "state", "since (UTC)", "next try", "waits or failed", "reason")
    output.show_table(columns, rows, empty="no connections yet; `hub init` writes a starter")
    for each in found:
        for advice in each.advice():
            output.show(f"{each.name}: {advice}")


def troubles(session: Session) -> dict[str, Health]:
    """Connections that are not well, by name, as far as the database alone can tell."""
    from hub.outbox.health import of_destination, of_source
    from hub.store import stats

    found = {name: of_destination(name, each) for name, each in stats.destination_troubles(session).items()}
    sources = {name: of_source(name, each) for name, each in stats.source_troubles(session).items()}
    return {name: health for name, health in sorted({**sources, **found}.items()) if health.state != "ok"}


def show_troubles(found: Mapping[str, Health]) -> None:
    """A line on stderr for each: it stands under what was asked for."""
    from hub.outbox.health import line

    for name, health in found.items():
        output.say(line(name, health))
