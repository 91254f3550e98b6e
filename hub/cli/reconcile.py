"""``hub reconcile``: what a source holds against Hub, by hour and kind; gaps are listed and repaired."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hub.cli import output
from hub.cli.backfill import chosen
from hub.cli.database import configured
from hub.cli.options import SinceOption
from hub.errors import RefusedError

if TYPE_CHECKING:
    from hub.application.reconcile import Comparison

SHOWN = 20
"""Gaps and hours that are shown."""

_STANDINGS = ("same", "missing", "older", "deleted", "waiting", "parked", "skipped")


def command(
    connection: Annotated[str, typer.Argument(metavar="CONNECTION", help="Its name in the configuration.")],
    since: SinceOption = None,
    everything: Annotated[
        bool, typer.Option("--all", help="From the beginning; without it, the last seven days.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list what lacks; fetch nothing.")] = False,
    json: output.JsonOption = False,
    config: output.ConfigOption = None,
) -> None:
    """Compare a source's own list with what Hub has of it, and fetch what lacks. Ends with 1 when gaps are left."""
    from hub.application.reconcile import reconcile, window
    from hub.store import backfills

    with output.exit_codes(json=json), configured(config) as run, ExitStack() as stack:
        source = chosen(run, connection)
        if not stack.enter_context(backfills.alone(run.dsn, connection)):
            raise RefusedError(f"another process is reading the history of {connection}; try again when it is done")
        with run.database.session() as session:
            begin = window(since, session.now(), everything=everything)
        done = reconcile(run.database, source, since=begin, repair=not dry_run)
    if json:
        output.show_json(_document(done))
    else:
        _show(done)
    if done.open_gaps:
        raise typer.Exit(output.FAILED)


def _show(done: Comparison) -> None:
    from hub.application.reconcile import by_hour, by_kind

    since = f"since {done.since:%Y-%m-%d %H:%M} UTC" if done.since else "from the beginning"
    rows = [(kind, *(counts.get(standing, 0) for standing in _STANDINGS)) for kind, counts in by_kind(done)]
    output.show(f"{done.connection}, {since}: what the source lists, and how it stands here")
    output.show_table(("kind", *_STANDINGS), rows)
    hours = by_hour(done)
    if hours:
        output.show("")
        shown = [
            (f"{hour:%Y-%m-%d %H}:00", kind, *(counts.get(standing, 0) for standing in _STANDINGS[:4]))
            for hour, kind, counts in hours[:SHOWN]
        ]
        output.show_table(("hour (UTC)", "kind", *_STANDINGS[:4]), shown)
    for gap in done.gaps[:SHOWN]:
        output.show(f"  {gap.standing}: {gap.kind} {gap.external_id}")
    if done.repaired:
        output.show(f"{done.repaired} are in the inbox now and will be worked on")
    elif done.open_gaps:
        output.show(f"{done.open_gaps} gaps are left; without --dry-run they are fetched")


def _document(done: Comparison) -> dict[str, Any]:
    from hub.application.reconcile import by_hour, by_kind

    return {
        "connection": done.connection,
        "since": done.since,
        "found": done.found,
        "kinds": {kind: dict(counts) for kind, counts in by_kind(done)},
        "hours": [{"hour": hour, "kind": kind, **counts} for hour, kind, counts in by_hour(done, standings=_STANDINGS)],
        "gaps": [
            {"kind": gap.kind, "external_id": gap.external_id, "standing": gap.standing, "at": gap.at}
            for gap in done.gaps
        ],
        "repaired": done.repaired,
        "open": done.open_gaps,
    }
