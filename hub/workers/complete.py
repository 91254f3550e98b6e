"""complete: fetch what thin events lack and store it beside them, so that replay stays pure.

Entries are taken for a while (their ``due_at`` moves ahead), fetched outside any transaction, and handed on to
``process``. A vendor that is away delays its own entries and nobody else's: once that is seen, the others of its
connection are put off unasked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import psycopg
import structlog

from hub.errors import AuthError, BugError, HubError, RateLimited, RetryableError
from hub.outbox.policy import AUTH_PAUSE, next_attempt
from hub.sdk.connection import Connection, open_client
from hub.sdk.http import HttpClient
from hub.store import inbox
from hub.store.database import Database
from hub.store.inbox import ClaimedEntry

log = structlog.get_logger()

BATCH = 50
LEASE = timedelta(seconds=300)
ROUNDS = 4
"""A completion may name the next (an order its customer); more rounds than this are a connector's mistake."""

AWAY_AFTER = 3
"""Entries of one connection in a row that had to be put off: then it is the vendor, not an entry. At once after a 401
or a 429, which are about the connection."""

REST = timedelta(seconds=60)
"""How long the others of that connection wait then; shorter than the entries at fault, which must not hold them up."""


def complete_batch(
    database: Database, connections: Mapping[str, Connection], clients: dict[str, HttpClient], limit: int = BATCH
) -> int:
    """Complete up to ``limit`` entries; gives how many were dealt with."""
    with database.session() as session:
        claimed = inbox.claim(session, "complete", limit)
        if not claimed:
            return 0
        inbox.lease(session, [entry.id for entry in claimed], datetime.now(UTC) + LEASE)
        fetched = inbox.completions(session, [entry.id for entry in claimed])
    resting: dict[str, timedelta] = {}
    failures: Counter[str] = Counter()
    for entry in claimed:
        name = entry.entry.connection
        connection = connections.get(name)
        if name in resting:
            with database.session() as session:
                inbox.postpone(session, entry.id, datetime.now(UTC) + resting[name], counted=False)
            continue
        try:
            if connection is not None:
                _complete(database, entry.with_completions(fetched.get(entry.id, {})), connection, clients)
        except HubError as error:
            wait = _put_off(database, entry, error)
            if wait is not None:
                failures[name] += 1
                if isinstance(error, AuthError | RateLimited):
                    resting[name] = wait
                elif failures[name] >= AWAY_AFTER:
                    resting[name] = REST
        except psycopg.Error:
            raise  # the database is away, and the connector is not at fault: the entry comes back by itself
        except Exception as error:
            log.exception("complete.bug", connection=name, error=type(error).__name__)
            _park(database, entry, f"the connector failed to complete this ({type(error).__name__})")
        else:
            with database.session() as session:
                inbox.move(session, [entry.id], "process")
            failures[name] = 0
    return len(claimed)


def _complete(
    database: Database, claimed: ClaimedEntry, connection: Connection, clients: dict[str, HttpClient]
) -> None:
    source = connection.connector.source
    assert source is not None
    if source.completions is None or source.complete is None:
        return
    for _ in range(ROUNDS):
        wanted = source.completions(claimed.entry, connection.settings)
        if not wanted:
            return
        if connection.name not in clients:
            clients[connection.name] = open_client(connection, source)
        bodies = dict(claimed.entry.completions)
        for completion in wanted:
            body = source.complete(completion, clients[connection.name], connection.settings)
            bodies[completion.name] = body
            with database.session() as session:
                inbox.add_completion(session, claimed.id, completion.name, body, datetime.now(UTC))
        claimed = claimed.with_completions(bodies)
    if source.completions(claimed.entry, connection.settings):
        raise BugError(f"{ROUNDS} rounds of fetching were not enough")


def _put_off(database: Database, entry: ClaimedEntry, error: HubError) -> timedelta | None:
    """Try the entry again later and tell after how long; None when it was parked."""
    now = datetime.now(UTC)
    counted = not isinstance(error, RateLimited)
    wait: timedelta | None
    if isinstance(error, AuthError):
        wait = AUTH_PAUSE
    elif isinstance(error, RateLimited):
        wait = timedelta(seconds=error.retry_after or 10.0)
    elif isinstance(error, RetryableError):
        wait = next_attempt(entry.attempts + 1)
    else:
        wait = None
    if wait is None:
        _park(database, entry, f"could not be completed: {error}")
        return None
    log.warning("complete.postponed", connection=entry.entry.connection, error=type(error).__name__)
    with database.session() as session:
        inbox.postpone(session, entry.id, now + wait, counted=counted)
    return wait


def _park(database: Database, entry: ClaimedEntry, reason: str) -> None:
    log.warning("complete.parked", connection=entry.entry.connection, inbox_id=entry.id)
    with database.session() as session:
        inbox.finish(session, [entry.id])
        inbox.set_outcomes(session, [(entry.id, "parked", reason)], datetime.now(UTC))
