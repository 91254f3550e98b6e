"""``hub reconcile``: what a source holds against Hub, by hour and kind, or a destination's records against mirrors."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hub.cli import drift, output
from hub.cli.backfill import chosen
from hub.cli.database import configured
from hub.cli.options import SinceOption
from hub.errors import RefusedError

if TYPE_CHECKING:
    from hub.application.drift import Comparison as Drifts
    from hub.application.reconcile import Comparison
    from hub.bootstrap import Runtime
    from hub.sdk.connection import Connection

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
    sample: Annotated[
        int, typer.Option("--sample", min=1, help="Of a destination: how many records, by chance; --all for each.")
    ] = 200,
    write: Annotated[bool, typer.Option("--write", help="Of a destination: write Hub's values again.")] = False,
    take: Annotated[bool, typer.Option("--take", help="Of a CRM that is read: what stands there is an edit.")] = False,
    json: output.JsonOption = False,
    config: output.ConfigOption = None,
) -> None:
    """Compare a source's own list with what Hub has of it, or a destination's records with what Hub wrote there.

    Ends with 1 when something is left that nobody put right.
    """
    from hub.application.reconcile import reconcile, window
    from hub.store import backfills

    if write and take:
        raise typer.BadParameter("either --write or --take")
    with output.exit_codes(json=json), configured(config) as run:
        there = run.connections.get(connection)
        if there is not None and is_written_to(there):
            drifted = _compare(run, there, None if everything else sample, write=write, take=take)
            output.show_json(drift.document(drifted)) if json else drift.show(drifted)
            raise typer.Exit(output.FAILED if drifted.open else 0)
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


def is_written_to(connection: Connection) -> bool:
    """Whether what stands in its records is compared, and not its list: it is a CRM, read or not."""
    from hub.application.drift import compares

    return compares(connection)


def _compare(run: Runtime, connection: Connection, sample: int | None, *, write: bool, take: bool) -> Drifts:
    from hub.application.drift import compare

    repair = "write" if write else "take" if take else "ask"
    return compare(run.database, connection, sample=sample, repair=repair)  # type: ignore[arg-type]


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
