"""history: backfills that run by themselves, ``every`` so often. What they read is what ``hub backfill`` would.

One process at a time reads a connection's history. A run that was cut short, by a restart or an outage, is gone on with
at its cursor; the next one begins ``every`` after the last began, by PostgreSQL's clock, and asks for what is newer
than that.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import structlog

from hub.application.vendor_rest import pause, rest
from hub.errors import ConfigError, HubError, RefusedError, Unavailable
from hub.intake import backfill as reading
from hub.intake.backfill import Outcome, Progress
from hub.normalise.trial import as_read
from hub.sdk import lists
from hub.sdk.connection import Connection
from hub.store import backfills, rests
from hub.store.backfills import Backfill
from hub.store.database import Database, Session
from hub.store.inbox import NewEntry

log = structlog.get_logger()

CHECK_SECONDS = 30.0
"""How often it is looked whether a run is due."""

OVERLAP = timedelta(hours=1)
"""A run asks for what changed since this long before the last one began: clocks differ, and lists are built late."""


@dataclass(frozen=True, slots=True)
class History:
    """The history of one connection that is read every so often."""

    database: Database
    connection: Connection
    every: timedelta

    def run_if_due(self, stopping: threading.Event) -> Progress | None:
        """Read what is due; None when nothing is, or another process is at it."""
        name = self.connection.name
        with backfills.alone(self.database.dsn, name) as first:
            if not first:
                return None
            with self.database.session() as session:
                begun = None if rests.runs(session, name, "history") else self._due(session)
            if begun is None:
                return None
            try:
                return self._read(begun, stopping)
            except HubError as error:
                if not stopping.is_set():
                    rest(self.database, name, error, "history")
                return None

    def _due(self, session: Session) -> Backfill | None:
        name = self.connection.name
        now = backfills.is_due(session, name, self.every)
        if now is None:
            return None
        stored = backfills.get(session, name)
        if stored is None or not stored.finished:
            return stored or Backfill(name, None)
        source = self.connection.connector.source
        if source is not None and source.changed is not None:
            changed = reading.changed(self.connection, stored)
            if not changed:
                backfills.touch(session, name)
            return reading.plan(stored, name, since=None, again=False, changed=changed)
        began = backfills.begun_at(session, name)
        if began is None:
            return Backfill(name, None)
        cursor = None
        if source is not None and source.lists:
            last, every = stored.cursor, self.every
            cursor = dict(lists.next_poll(source.lists, last, began=began, now=now, every=every, overlap=OVERLAP))
        return Backfill(name, began - OVERLAP, cursor)

    def _read(self, begun: Backfill, stopping: threading.Event) -> Progress:
        walk = reading.backfill(
            self.database,
            self.connection,
            begun,
            read=reader(self.connection),
            sleep=lambda wait: pause(stopping, wait),
        )
        progress = Progress(begun, 0)
        for step in walk:
            progress = step
            if stopping.is_set():
                break
        level = log.error if progress.failed else log.info
        level(
            "backfill.read",
            connection=self.connection.name,
            items=progress.read,
            new=progress.new,
            parked=progress.count("parked"),
            finished=progress.backfill.finished,
        )
        return progress


def read_now(
    database: Database,
    connection: Connection,
    stopping: threading.Event,
    *,
    again: bool = False,
    told: Callable[[Backfill], None] = lambda _: None,
) -> Progress | None:
    """Read a history on from where it is until it is done or ``stopping`` is set; None where nothing is to be read.

    Raises ConfigError where the connector offers none, RefusedError while another process reads it.
    """
    name, source = connection.name, connection.connector.source
    if source is None or source.backfill is None:
        why = connection.connector.manifest.not_offered.get("backfill", "its connector offers none")
        raise ConfigError([f"connections.{name}: no backfill: {why}"])
    with backfills.alone(database.dsn, name) as first:
        if not first:
            raise RefusedError(f"another process is reading the history of {name}; try again when it is done")
        with database.session() as session:
            held = backfills.get(session, name)
        begun = reading.plan(held, name, since=None, again=again, changed=reading.changed(connection, held))
        if begun is None:
            return None
        progress = Progress(begun, 0)
        told(begun)
        sleep = partial(pause, stopping)
        try:
            for progress in reading.backfill(database, connection, begun, read=reader(connection), sleep=sleep):
                told(progress.backfill)
                if stopping.is_set():
                    break
        except Unavailable:
            if not stopping.is_set():
                raise
        return progress


def reader(connection: Connection) -> reading.Reader:
    """Tells what becomes of a connection's entries; what the source surely reads is not read here as well."""
    source, settings = connection.connector.source, connection.settings
    surely = source.surely_reads if source else None

    def read(entries: Sequence[NewEntry]) -> Sequence[Outcome]:
        unsure = [entry for entry in entries if not surely(entry.body, settings)] if surely else entries
        certain = [("done", "")] * (len(entries) - len(unsure))
        return [*((outcome.state, outcome.reason) for outcome in as_read(unsure, connection)), *certain]

    return read
