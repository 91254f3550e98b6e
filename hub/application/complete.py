"""complete: fetch what thin events lack and store it beside them, so that replay stays pure.

One connection at a time, each in its own turn, with its own client, budget and rest: a vendor that is away or hangs
delays its own entries and nobody else's. Entries are taken for a while (their ``due_at`` moves ahead), fetched outside
any transaction, and handed on to ``process``. Once it is seen that the vendor is at fault, it is left alone for a while
and the entries that were not asked for are given back.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

import psycopg
import structlog

from hub.application.vendor_rest import rest
from hub.errors import AuthError, BugError, HubError, RateLimited, RetryableError
from hub.outbox.policy import next_attempt
from hub.sdk.connection import Connection, open_client
from hub.sdk.http import HttpClient
from hub.sdk.quota import Quota
from hub.store import inbox, quotas, rests
from hub.store.database import Database
from hub.store.inbox import ClaimedEntry

log = structlog.get_logger()

BATCH = 50
LEASE = timedelta(seconds=180)
BATCH_SECONDS = 60.0
"""After this no further entry of a batch is begun; well below the lease, so that no two workers fetch the same."""

ROUNDS = 4
"""A completion may name the next (an order its customer); more rounds than this are a connector's mistake."""

AWAY_AFTER = 3
"""Entries of a connection in a row that had to be put off: then it is the vendor, not an entry. At once after a 401
or a 429, which are about the connection."""


def complete_batch(
    database: Database, connections: Mapping[str, Connection], clients: dict[str, HttpClient], limit: int = BATCH
) -> int:
    """Complete up to ``limit`` entries of every connection that has some, one after the other; gives how many."""
    with database.session() as session:
        due = inbox.due(session, "complete")
    return sum(complete_connection(database, name, connections.get(name), clients, limit) for name in due)


def complete_connection(
    database: Database,
    name: str,
    connection: Connection | None,
    clients: dict[str, HttpClient],
    limit: int = BATCH,
    *,
    stopping: Callable[[], bool] = lambda: False,
) -> int:
    """Complete up to ``limit`` entries of the connection ``name``; gives how many were dealt with.

    0 when none is due, or while the vendor is left alone. ``connection`` None: it is configured no more, which
    ``process`` tells.
    """
    with database.session() as session:
        if rests.runs(session, name):
            return 0
        claimed = inbox.claim_of(session, "complete", name, limit)
        if not claimed:
            return 0
        if connection is None:
            inbox.move(session, [entry.id for entry in claimed], "process")
            return len(claimed)
        inbox.lease(session, [entry.id for entry in claimed], LEASE)
        fetched = inbox.completions(session, [entry.id for entry in claimed])
    begun = time.monotonic()
    dealt = failures = 0
    answered = False
    try:
        for entry in claimed:
            if stopping() or time.monotonic() - begun > BATCH_SECONDS:
                break
            error = _deal(database, entry.with_completions(fetched.get(entry.id, {})), connection, clients)
            dealt += 1
            failures = 0 if error is None else failures + 1
            answered = answered or error is None
            if error is not None and (isinstance(error, AuthError | RateLimited) or failures >= AWAY_AFTER):
                rest(database, name, error)
                answered = False
                break
    finally:
        told = clients[name].news_of_quota() if name in clients else ()
        _give_back(database, name, [entry.id for entry in claimed[dealt:]], told, answered=answered)
    return dealt


def _deal(
    database: Database, entry: ClaimedEntry, connection: Connection, clients: dict[str, HttpClient]
) -> RetryableError | AuthError | None:
    """Complete one entry; gives why it was put off, None when it was dealt with for good."""
    try:
        _complete(database, entry, connection, clients)
    except HubError as error:
        return _put_off(database, entry, error)
    except psycopg.Error:
        raise  # the database is away, and the connector is not at fault: the entry comes back by itself
    except Exception as error:
        log.exception("complete.bug", connection=connection.name, error=type(error).__name__)
        _park(database, entry, f"the connector failed to complete this ({type(error).__name__})")
    else:
        with database.session() as session:
            inbox.move(session, [entry.id], "process")
    return None


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
            begun = time.monotonic()
            body = source.complete(completion, clients[connection.name], connection.settings)
            bodies[completion.name] = body
            took = timedelta(seconds=time.monotonic() - begun)
            with database.session() as session:
                inbox.add_completion(session, claimed.id, completion.name, body, took)
        claimed = claimed.with_completions(bodies)
    if source.completions(claimed.entry, connection.settings):
        raise BugError(f"{ROUNDS} rounds of fetching were not enough")


def _put_off(database: Database, entry: ClaimedEntry, error: HubError) -> RetryableError | AuthError | None:
    """Try the entry again later, and give the error; None when it was parked."""
    wait: timedelta | None = timedelta()
    if isinstance(error, RetryableError) and not isinstance(error, RateLimited):
        wait = next_attempt(entry.attempts + 1)
    if not isinstance(error, RetryableError | AuthError) or wait is None:
        _park(database, entry, f"could not be completed: {error}")
        return None
    log.warning("complete.postponed", connection=entry.entry.connection, error=type(error).__name__)
    with database.session() as session:
        # After a 401 or a 429 the entry waits as long as its connection does.
        inbox.postpone(session, {entry.id: wait}, counted=bool(wait))
    return error


def _give_back(database: Database, name: str, ids: list[int], told: Sequence[Quota], *, answered: bool) -> None:
    try:
        with database.session() as session:
            if ids:
                inbox.lease(session, ids, timedelta())
            if answered:
                rests.end(session, name)
            quotas.note(session, name, told)
    except psycopg.Error:
        log.warning("complete.lease_kept", connection=name, entries=len(ids))


def _park(database: Database, entry: ClaimedEntry, reason: str) -> None:
    log.warning("complete.parked", connection=entry.entry.connection, inbox_id=entry.id)
    with database.session() as session:
        inbox.finish(session, [entry.id])
        inbox.set_outcomes(session, [(entry.id, "parked", reason)])
