"""backfill: history from before the connection existed, page by page into the inbox like any other event.

A page's entries and the cursor behind it are stored in one transaction: whenever a run ends, the next goes on after the
last whole page. What live webhooks brought meanwhile does no harm: source time decides, not arrival.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import orjson
import structlog

from hub.errors import ConfigError, RateLimited, RetryableError
from hub.sdk.connection import Connection, open_client
from hub.sdk.http import HttpClient
from hub.sdk.source import BackfillItem, BackfillPage
from hub.store import backfills, inbox, quotas, rests
from hub.store.backfills import Backfill
from hub.store.database import Database
from hub.store.inbox import NewEntry
from hub.store.text import key, storable

log = structlog.get_logger()

WAITS = (5.0, 15.0, 60.0, 300.0)
"""Seconds to wait after each failure in a row; after the last of them the run ends, to be resumed by a person."""

RATE_LIMIT_WAIT = 10.0
"""Seconds to wait when the vendor refuses for the rate and names no time. That is no failure, and is not counted."""

MOST_WAITING = 500
"""Entries of a connection that may wait to be worked on before its history stops to let live events through."""

LOOK_SECONDS = 0.05
PATIENCE_LOOKS = 40
"""How often in a row nothing may have been worked on until the history goes on: no worker runs, or it stands still."""

TOO_MANY_PARKED = 0.05
"""The share of a run's items that could not be read from which on the run counts as failed (exit code 1)."""

Clock = Callable[[], datetime]
Outcome = tuple[str, str]
"""What becomes of an item (done, skipped, parked, waiting), and why."""

Reader = Callable[[Sequence[NewEntry]], Sequence[Outcome]]
"""Tells what becomes of entries, before they are stored."""


@dataclass(frozen=True, slots=True)
class Progress:
    """After a page: the whole backfill so far, and how many entries this run found that were not in the inbox yet.

    ``read`` counts the items of this run, ``outcomes`` those of them that were skipped or parked, by reason.
    """

    backfill: Backfill
    new: int
    read: int = 0
    outcomes: Mapping[Outcome, int] = field(default_factory=dict)

    def count(self, state: str) -> int:
        """Items of this run that ended so."""
        return sum(count for (ended, _), count in self.outcomes.items() if ended == state)

    @property
    def failed(self) -> bool:
        """True when more than ``TOO_MANY_PARKED`` of the run's items could not be read."""
        return self.count("parked") > TOO_MANY_PARKED * self.read


def plan(
    held: Backfill | None, connection: str, *, since: datetime | None, again: bool, changed: bool = False
) -> Backfill | None:
    """Where to begin: at the cursor of an unfinished run, at the start, or nowhere (None) when all is done.

    A finished history is read once more only with ``again``, from ``since`` on, or when it ``changed`` (a file): then
    the connector is given its last cursor, to tell what is news. Another ``since`` than that of the unfinished run is
    another backfill.
    """
    fresh = Backfill(connection, since)
    if held is None or again:
        return fresh
    if held.finished and since is None and changed:
        return replace(fresh, cursor=held.cursor)
    if held.finished:
        return None if since is None else fresh
    return held if since in (None, held.since) else fresh


def backfill(
    database: Database,
    connection: Connection,
    begun: Backfill,
    *,
    read: Reader = lambda entries: (),
    clock: Clock = lambda: datetime.now(UTC),
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Progress]:
    """Read on from ``begun``; gives the progress after every stored page, and last of all the finished one.

    ``read`` tells what becomes of the items, so that a run can say how many cannot be read before any worker tries.
    Raises ConfigError when the connector offers no history, and the error tree when the vendor fails for good.
    """
    source = connection.connector.source
    if source is None or source.backfill is None:
        raise ConfigError([f"connections.{connection.name}: its connector has no backfill"])
    progress = Progress(begun, 0)
    # A file tells no news meanwhile that anybody could wait for, and connections share every batch anyhow.
    gives_way, begins = source.verify is not None, _begins(database, begun)
    with open_client(connection, source, background=True) as client:
        for page in pages(connection, client, begun.since, begun.cursor, sleep=sleep):
            progress = _store(database, progress, page, read, clock(), begins=begins)
            begins = False
            if told := client.news_of_quota():
                with database.session() as session:
                    quotas.note(session, connection.name, told)
            yield progress
            gives_way = gives_way and _give_way(database, connection.name, sleep)
    finished = replace(progress.backfill, finished=True)
    with database.session() as session:
        backfills.save(session, finished, begins=begins)
        rests.end(session, connection.name, "history")
    yield replace(progress, backfill=finished)


def pages(
    connection: Connection,
    client: HttpClient,
    since: datetime | None,
    cursor: Mapping[str, Any] | None,
    *,
    sleep: Callable[[float], None],
) -> Iterator[BackfillPage]:
    """A source's pages from ``cursor`` on. Where the vendor fails, it is waited for, and gone on after the last page.

    Raises the error tree after ``WAITS`` failures in a row, and at once for what waiting does not mend. A refusal for
    the rate is no failure.
    """
    source = connection.connector.source
    assert source is not None
    assert source.backfill is not None
    failures = 0
    while True:
        try:
            for page in source.backfill(client, connection.settings, since, cursor):
                failures, cursor = 0, page.cursor
                yield page
        except RetryableError as error:
            counted = not isinstance(error, RateLimited)
            failures += counted
            if failures > len(WAITS):
                raise
            wait = error.retry_after or (WAITS[failures - 1] if counted else RATE_LIMIT_WAIT)
            log.warning("backfill.waits", connection=connection.name, seconds=wait, error=type(error).__name__)
            sleep(wait)
        else:
            return


def _give_way(database: Database, connection: str, sleep: Callable[[float], None]) -> bool:
    """Wait until few entries of the connection wait, so that a live one is soon its turn; False when nobody works."""
    looks, least = 0, None
    while True:
        with database.session() as session:
            waiting = backfills.waiting(session, connection, 20 * MOST_WAITING)
        if waiting <= MOST_WAITING:
            return True
        looks = 0 if least is None or waiting < least else looks + 1
        least = waiting if least is None else min(least, waiting)
        if looks >= PATIENCE_LOOKS:
            return False
        sleep(LOOK_SECONDS)


def changed(connection: Connection, held: Backfill | None) -> bool:
    """Whether what was read is another one now, as far as the connector can tell: a file that was changed."""
    source = connection.connector.source
    if source is None or source.changed is None or held is None or held.cursor is None:
        return False
    return source.changed(connection.settings, held.cursor)


def first_items(connection: Connection, *, since: datetime | None, most: int, now: datetime) -> list[NewEntry]:
    """The first items of a history as they would be stored; nothing is. Raises as ``backfill`` does."""
    source = connection.connector.source
    if source is None or source.backfill is None:
        raise ConfigError([f"connections.{connection.name}: its connector has no backfill"])
    found: list[NewEntry] = []
    with open_client(connection, source, background=True) as client:
        for page in source.backfill(client, connection.settings, since, None):
            found += [entry_of(connection.name, item, now) for item in page.items]
            if len(found) >= most:
                break
    return found[:most]


_COUNTED = ("parked", "skipped")


def _begins(database: Database, begun: Backfill) -> bool:
    """Whether a run is a new one, whose time counts, and not one that is gone on with: the next asks since it began."""
    with database.session() as session:
        held = backfills.get(session, begun.connection)
    return held is None or held.finished or (held.since, held.cursor) != (begun.since, begun.cursor)


def _store(
    database: Database, progress: Progress, page: BackfillPage, read: Reader, now: datetime, *, begins: bool
) -> Progress:
    before = progress.backfill
    entries = [entry_of(before.connection, item, now) for item in page.items]
    told = Counter(outcome for outcome in read(entries) if outcome[0] in _COUNTED)
    counted = {state: sum(count for (ended, _), count in told.items() if ended == state) for state in _COUNTED}
    after = replace(
        before,
        cursor=dict(page.cursor),
        stored=before.stored + len(page.items),
        total=page.total if page.total is not None else before.total,
        parked=before.parked + counted["parked"],
        skipped=before.skipped + counted["skipped"],
    )
    with database.session() as session:
        new = inbox.insert(session, entries)
        backfills.save(session, after, begins=begins)
    return Progress(after, progress.new + new, progress.read + len(entries), Counter(progress.outcomes) + told)


def entry_of(connection: str, item: BackfillItem, now: datetime) -> NewEntry:
    """An item of history as it goes into the inbox."""
    headers = orjson.dumps(dict(item.headers)).decode()
    return NewEntry(connection, key(item.event_id), storable(item.topic), headers, item.body, now)
