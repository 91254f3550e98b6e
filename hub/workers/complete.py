"""complete: fetch what thin events lack and store it beside them, so that replay stays pure.

Entries are taken for a while (their ``due_at`` moves ahead), fetched outside any transaction, and handed on to
``process``. A vendor that is away delays its own entries and nobody else's.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import structlog

from hub.errors import AuthError, HubError, RateLimited, RetryableError
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
    for entry in claimed:
        connection = connections.get(entry.entry.connection)
        try:
            if connection is not None:
                _complete(database, entry.with_completions(fetched.get(entry.id, {})), connection, clients)
        except HubError as error:
            _put_off(database, entry, error)
        except Exception as error:
            log.exception("complete.bug", connection=entry.entry.connection, error=type(error).__name__)
            _park(database, entry, f"the connector failed to complete this ({type(error).__name__})")
        else:
            with database.session() as session:
                inbox.move(session, [entry.id], "process")
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


def _put_off(database: Database, entry: ClaimedEntry, error: HubError) -> None:
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
        return
    log.warning("complete.postponed", connection=entry.entry.connection, error=type(error).__name__)
    with database.session() as session:
        inbox.postpone(session, entry.id, now + wait, counted=counted)


def _park(database: Database, entry: ClaimedEntry, reason: str) -> None:
    with database.session() as session:
        inbox.finish(session, [entry.id])
        inbox.set_outcomes(session, [(entry.id, "parked", reason)], datetime.now(UTC))
