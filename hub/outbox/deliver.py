"""deliver: render → send → record for one destination, until nothing is due or the destination wants rest.

One sender per destination at a time (a lease in its row), many destinations side by side: a dead or slow one holds up
nobody else. Rows are claimed in one short transaction, sent outside any, and recorded in another: if we die between,
the claim runs out and they are sent again, which the destination's match keys make harmless.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from time import perf_counter
from uuid import UUID

import orjson
import structlog
from pydantic import SecretStr

from hub import metrics
from hub.errors import AuthError, HubError, RateLimited, Unavailable
from hub.outbox import policy
from hub.outbox.enqueue import Route
from hub.outbox.render import order_changes, profile_changes, render
from hub.outbox.send import Sent, send
from hub.sdk.connection import Connection, open_client
from hub.sdk.destination import Write, WriteResult
from hub.sdk.http import HttpClient
from hub.sdk.manifest import Capability, Limits
from hub.store import destinations, facts, outbox, profiles
from hub.store.database import Database
from hub.store.destinations import DestinationState
from hub.store.outbox import DueRow, Recorded, Subject

log = structlog.get_logger()

LEASE = timedelta(seconds=120)
RATE_LIMIT_PAUSE = 10.0
"""Seconds to wait after a 429 that names no time."""


@dataclass(slots=True)
class Sender:
    """One destination in this process: its connection, routes, and HTTP client (with its budget)."""

    database: Database
    connection: Connection
    routes: Sequence[Route]
    owner: str
    client: HttpClient | None = None
    prepared: bool = False
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))

    @property
    def limits(self) -> Limits:
        """The connection's own limits, else its connector's."""
        destination = self.connection.connector.destination
        assert destination is not None
        if destination.limits is not None:
            return destination.limits(self.connection.settings)
        return self.connection.connector.manifest.limits


def deliver(sender: Sender, *, max_batches: int = 1_000) -> int:
    """Deliver what is due; gives the number of rows that were dealt with. Does nothing while another process sends."""
    name = sender.connection.name
    dealt = 0
    with sender.database.session() as session:
        if not destinations.lease(session, name, sender.owner, LEASE):
            return 0
    try:
        for _ in range(max_batches):
            if not _may_call(sender):
                break
            rows = sum(_deliver_batch(sender, subject) for subject in _subjects(sender.connection))
            if not rows:
                break
            dealt += rows
            with sender.database.session() as session:
                if not destinations.lease(session, name, sender.owner, LEASE):
                    break
    finally:
        with sender.database.session() as session:
            destinations.end_lease(session, name, sender.owner)
    return dealt


def _subjects(connection: Connection) -> tuple[Subject, ...]:
    takes_orders = Capability.ORDERS in connection.connector.manifest.capabilities
    return ("profile", "order") if takes_orders else ("profile",)


def _may_call(sender: Sender) -> bool:
    with sender.database.session() as session:
        state = destinations.state_of(session, sender.connection.name)
    if state.credentials and state.credentials != _fingerprint(sender.connection):
        return True
    return state.not_before is None or state.not_before <= sender.clock()


def _deliver_batch(sender: Sender, subject: Subject) -> int:
    name = sender.connection.name
    with sender.database.session() as session:
        rows = outbox.claim(session, name, subject, sender.limits.batch, LEASE)
        if not rows:
            return 0
        keys = [row.key for row in rows]
        if subject == "profile":
            changes, left_out = profile_changes(rows, profiles.by_ids(session, keys), sender.routes)
        else:
            changes, left_out = order_changes(rows, facts.payloads(session, keys))
    rendered = render(changes, sender.connection)
    started = perf_counter()
    sent = _send(sender, list(rendered.writes.values()), rows)
    metrics.STAGE_SECONDS.labels("send").observe(perf_counter() - started)
    now = sender.clock()
    recorded: list[Recorded] = []
    released: list[UUID] = []
    for row in rows:
        reason = left_out.get(row.key) or rendered.unchanged.get(row.key)
        write = rendered.writes.get(row.key)
        if reason is not None:
            recorded.append(_recorded(row, "delivered", "unchanged", now, reason=""))
        elif write is None:
            recorded.append(_recorded(row, "rejected", "rejected", now, reason=rendered.failed[row.key]))
        elif (result := sent.results.get(write.key)) is not None:
            recorded.append(_of_result(row, write, result, now))
        else:
            released.append(row.key)
    state = _next_state(sender, sent, now)
    with sender.database.session() as session:
        outbox.record(session, name, subject, recorded, now)
        if released:
            outbox.release(session, name, released, now)
        if state is not None:
            destinations.set_state(session, name, state)
    for noted in recorded:
        metrics.RESULTS.labels(name, noted.outcome).inc()
    log.info(
        "delivery.recorded", destination=name, of=subject, rows=len(rows), writes=len(rendered.writes),
        released=len(released),
    )  # fmt: skip
    return len(rows)


def _send(sender: Sender, writes: list[Write], rows: Sequence[DueRow]) -> Sent:
    if not writes:
        return Sent()
    destination = sender.connection.connector.destination
    assert destination is not None
    try:
        client = _client(sender)
    except (RateLimited, AuthError, Unavailable) as error:
        return Sent(stopped_by=error, calls_failed=1)
    except HubError as error:
        # What Hub needs there cannot be made: nobody's record is at fault, an operator has to look.
        return Sent(stopped_by=Unavailable(str(error)), calls_failed=1)
    return send(
        writes,
        lambda batch: destination.send(batch, client, sender.connection.settings),
        destination=sender.connection.name,
        halve_outages=max(row.attempts for row in rows) >= 2,
    )


def _client(sender: Sender) -> HttpClient:
    destination = sender.connection.connector.destination
    assert destination is not None
    if sender.client is None:
        sender.client = open_client(sender.connection, destination)
    if not sender.prepared and destination.prepare is not None:
        destination.prepare(sender.client, sender.connection.settings)
    sender.prepared = True
    return sender.client


def _next_state(sender: Sender, sent: Sent, now: datetime) -> DestinationState | None:
    error = sent.stopped_by
    if isinstance(error, RateLimited):
        return DestinationState(
            not_before=now + timedelta(seconds=error.retry_after or RATE_LIMIT_PAUSE), reason=str(error)
        )
    if isinstance(error, AuthError):
        log.error("delivery.credentials_refused", destination=sender.connection.name)
        return DestinationState(
            not_before=now + policy.AUTH_PAUSE, reason=str(error), credentials=_fingerprint(sender.connection)
        )
    with sender.database.session() as session:
        before = destinations.state_of(session, sender.connection.name)
    if error is None:
        healthy = not before.failures and before.not_before is None
        metrics.BREAKER_STATE.labels(sender.connection.name).set(0)
        return None if healthy or not sent.calls_answered else DestinationState()
    failures = before.failures + 1
    pause = policy.breaker_pause(failures)
    wait = timedelta(seconds=error.retry_after) if error.retry_after else pause
    metrics.BREAKER_STATE.labels(sender.connection.name).set(2 if pause else 0)
    return replace(before, failures=failures, not_before=now + wait if wait else None, reason=str(error))


def _of_result(row: DueRow, write: Write, result: WriteResult, now: datetime) -> Recorded:
    if result.outcome == "delivered":
        mirror = result.mirror if result.mirror is not None else write.mirror
        external_id = result.external_id or write.external_id
        gone = tuple(known for known in row.external_ids if known != external_id) if external_id else ()
        return replace(
            _recorded(row, "delivered", "delivered", now, reason=""),
            mirror=orjson.dumps(mirror).decode(),
            external_id=external_id,
            merged_ids=gone,
        )
    if result.outcome == "rejected":
        return _recorded(row, "rejected", "rejected", now, reason=result.reason)
    attempts = row.attempts + 1
    wait = policy.next_attempt(attempts, jitter=random.random())  # noqa: S311 - spreads retries, guards nothing
    state, outcome = ("dead", "dead") if wait is None else ("retrying", "retry")
    return replace(
        _recorded(row, state, outcome, now, reason=result.reason),
        attempts=attempts,
        due_at=now + (wait or timedelta()),
        uncertain=row.uncertain or result.uncertain,
    )


def _recorded(row: DueRow, state: str, outcome: str, now: datetime, *, reason: str) -> Recorded:
    return Recorded(
        key=row.key,
        version=row.version,
        state=state,
        attempts=row.attempts if state != "delivered" else 0,
        uncertain=False,
        due_at=now,
        reason=reason,
        outcome=outcome,
        events=row.events,
    )


def _fingerprint(connection: Connection) -> str:
    """Tells whether the credentials changed, without holding them."""
    digest = blake2b(digest_size=8)
    for name, value in connection.settings:
        for part in value if isinstance(value, tuple) else (value,):
            text = part.get_secret_value() if isinstance(part, SecretStr) else str(part)
            digest.update(f"{name}={text}\x1f".encode())
    return digest.hexdigest()
