"""backfill: history from before the connection existed, page by page into the inbox like any other event.

A page's entries and the cursor behind it are stored in one transaction: whenever a run ends, the next goes on after the
last whole page. What live webhooks brought meanwhile does no harm: source time decides, not arrival.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import orjson
import structlog

from hub.errors import ConfigError, RateLimited, RetryableError
from hub.sdk.connection import Connection, open_client
from hub.sdk.http import HttpClient
from hub.sdk.source import BackfillItem, BackfillPage
from hub.store import backfills, inbox
from hub.store.backfills import Backfill
from hub.store.database import Database
from hub.store.inbox import NewEntry
from hub.store.text import storable

log = structlog.get_logger()

WAITS = (5.0, 15.0, 60.0, 300.0)
"""Seconds to wait after each failure in a row; after the last of them the run ends, to be resumed by a person."""

RATE_LIMIT_WAIT = 10.0
"""Seconds to wait when the vendor refuses for the rate and names no time. That is no failure, and is not counted."""

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Progress:
    """After a page: the whole backfill so far, and how many entries this run found that were not in the inbox yet."""

    backfill: Backfill
    new: int


def plan(held: Backfill | None, connection: str, *, since: datetime | None, again: bool) -> Backfill | None:
    """Where to begin: at the cursor of an unfinished run, at the start, or nowhere (None) when all is done.

    A finished history is read once more only with ``again``, or from ``since`` on. Another ``since`` than that of the
    unfinished run is another backfill.
    """
    fresh = Backfill(connection, since)
    if held is None or again:
        return fresh
    if held.finished:
        return None if since is None else fresh
    return held if since in (None, held.since) else fresh


def backfill(
    database: Database,
    connection: Connection,
    begun: Backfill,
    *,
    clock: Clock = lambda: datetime.now(UTC),
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Progress]:
    """Read on from ``begun``; gives the progress after every stored page, and last of all the finished one.

    Raises ConfigError when the connector offers no history, and the error tree when the vendor fails for good.
    """
    source = connection.connector.source
    if source is None or source.backfill is None:
        raise ConfigError([f"connections.{connection.name}: its connector has no backfill"])
    progress = Progress(begun, 0)
    failures = 0
    with open_client(connection, source) as client:
        while True:
            try:
                for page in _pages(connection, client, progress.backfill):
                    progress = _store(database, progress, page, clock())
                    failures = 0
                    yield progress
                break
            except RetryableError as error:
                counted = not isinstance(error, RateLimited)
                failures += counted
                if failures > len(WAITS):
                    raise
                wait = error.retry_after or (WAITS[failures - 1] if counted else RATE_LIMIT_WAIT)
                log.warning("backfill.waits", connection=connection.name, seconds=wait, error=type(error).__name__)
                sleep(wait)
    finished = replace(progress.backfill, finished=True)
    with database.session() as session:
        backfills.save(session, finished)
    yield Progress(finished, progress.new)


def _pages(connection: Connection, client: HttpClient, at: Backfill) -> Iterator[BackfillPage]:
    source = connection.connector.source
    assert source is not None
    assert source.backfill is not None
    return source.backfill(client, connection.settings, at.since, at.cursor)


def _store(database: Database, progress: Progress, page: BackfillPage, now: datetime) -> Progress:
    before = progress.backfill
    after = replace(
        before,
        cursor=dict(page.cursor),
        stored=before.stored + len(page.items),
        total=page.total if page.total is not None else before.total,
    )
    with database.session() as session:
        new = inbox.insert(session, [_entry(before.connection, item, now) for item in page.items])
        backfills.save(session, after)
    return Progress(after, progress.new + new)


def _entry(connection: str, item: BackfillItem, now: datetime) -> NewEntry:
    headers = orjson.dumps(dict(item.headers)).decode()
    return NewEntry(connection, storable(item.event_id), storable(item.topic), headers, item.body, now)
