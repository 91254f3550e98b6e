"""``hub backfill``: history into the inbox, with progress; Ctrl-C is safe, the next run goes on from there."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Annotated, Any, Protocol

import typer

from hub.cli import output
from hub.cli.as_read import show_first
from hub.cli.database import configured
from hub.cli.options import SinceOption
from hub.errors import ConfigError, RefusedError, did_you_mean

if TYPE_CHECKING:
    from hub.bootstrap import Runtime
    from hub.intake.backfill import Progress
    from hub.sdk.connection import Connection
    from hub.store.backfills import Backfill

REASONS = 10
"""Reasons that are shown, the most frequent first."""

LINE_SECONDS = 2.0
"""Off a terminal: at most one line in this time."""


class Shown(Protocol):
    """Where progress is shown."""

    def __call__(self, stored: int, total: int | None) -> None:
        """So far ``stored`` items of ``total``, where that is known."""


def command(
    connection: Annotated[str, typer.Argument(metavar="CONNECTION", help="Its name in the configuration.")],
    since: SinceOption = None,
    again: Annotated[bool, typer.Option("--again", help="Read all of it once more from the start.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the first 20 items as they are read; store nothing.")
    ] = False,
    json: output.JsonOption = False,
    config: output.ConfigOption = None,
) -> None:
    """Fetch a connection's history into the inbox. An interrupted run goes on where it was; safe to repeat.

    A file that was changed since is read again. Ends with 1 when more than 5 % of the items read cannot be read.
    """
    from hub.application.backfill import reader
    from hub.intake import backfill
    from hub.store import backfills

    with output.exit_codes(json=json), configured(config) as run, ExitStack() as stack:
        source = chosen(run, connection)
        if dry_run:
            show_first(source, since, json=json)
            return
        if not stack.enter_context(backfills.alone(run.dsn, connection)):
            raise RefusedError(f"another process is reading the history of {connection}; try again when it is done")
        with run.database.session() as session:
            held = backfills.get(session, connection)
        begun = backfill.plan(held, connection, since=since, again=again, changed=backfill.changed(source, held))
        if begun is None:
            assert held is not None
            _say_finished(held, json=json)
            return
        if begun.stored:
            output.say(f"{connection}: goes on after {begun.stored} items")
        progress = backfill.Progress(begun, 0)
        try:
            with _shown(connection, begun) as shown:
                for progress in backfill.backfill(run.database, source, begun, read=reader(source)):
                    shown(progress.backfill.stored, progress.backfill.total)
        except KeyboardInterrupt:
            output.say(f"{connection}: stopped after {progress.backfill.stored} items; run it again to go on")
            raise typer.Exit(output.FAILED) from None
    _report(progress, json=json)
    if progress.failed:
        raise typer.Exit(output.FAILED)


def chosen(run: Runtime, name: str) -> Connection:
    """The connection of that name. Raises ConfigError where there is none, or none with a history."""
    found = run.connections.get(name)
    if found is None:
        raise ConfigError([f"connections.{name}: there is no such connection{did_you_mean(name, run.connections)}"])
    source = found.connector.source
    if source is None or source.backfill is None:
        why = found.connector.manifest.not_offered.get("backfill", "its connector offers none")
        raise ConfigError([f"connections.{name}: no backfill: {why}"])
    return found


def _say_finished(held: Backfill, *, json: bool) -> None:
    from hub.intake.backfill import Progress

    if json:
        output.show_json(_document(Progress(held, 0)))
    output.say(f"{held.connection}: finished already; --again reads all once more, --since what is newer")


def _report(progress: Progress, *, json: bool) -> None:
    done = progress.backfill
    if json:
        output.show_json(_document(progress))
        return
    output.show(f"{done.connection}: finished with {done.stored} items, {progress.new} of them new in this run")
    parked, skipped = progress.count("parked"), progress.count("skipped")
    if parked or skipped:
        output.show(f"{parked} cannot be read and are parked, {skipped} are of no interest and skipped:")
    ordered = sorted(progress.outcomes.items(), key=lambda told: (told[0][0], -told[1], told[0][1]))
    for (state, reason), count in ordered[:REASONS]:
        output.show(f"  {count} {state}: {reason}")
    if len(ordered) > REASONS:
        output.show(f"  and {len(ordered) - REASONS} further reasons; `hub inbox list --state parked` shows them")


def _document(progress: Progress) -> dict[str, Any]:
    done = progress.backfill
    return {
        "connection": done.connection,
        "since": done.since,
        "stored": done.stored,
        "total": done.total,
        "new": progress.new,
        "parked": done.parked,
        "skipped": done.skipped,
        "reasons": [
            {"state": state, "reason": reason, "count": count} for (state, reason), count in progress.outcomes.items()
        ],
        "finished": done.finished,
    }


@contextmanager
def _shown(connection: str, begun: Backfill) -> Iterator[Shown]:
    if not sys.stderr.isatty():
        yield _Lines(connection)
        return
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, TextColumn("left"), TimeRemainingColumn(), console=output.SafeConsole(stderr=True)) as bar:
        task = bar.add_task(connection, total=begun.total, completed=begun.stored)
        yield lambda stored, total: bar.update(task, completed=stored, total=total)


class _Lines:
    """One line now and then, for logs."""

    def __init__(self, connection: str) -> None:
        self._connection = connection
        self._next = 0.0

    def __call__(self, stored: int, total: int | None) -> None:
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + LINE_SECONDS
            output.say(f"{self._connection}: {stored}{f' of {total}' if total is not None else ''} items")
