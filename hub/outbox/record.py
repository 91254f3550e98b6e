"""record: what became of a row, and of its destination, to their next states. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import orjson

from hub.errors import AuthError, RateLimited
from hub.outbox import policy
from hub.outbox.send import Sent
from hub.sdk.destination import Write, WriteResult
from hub.store.destinations import DestinationState
from hub.store.outbox import DueRow, Recorded

RATE_LIMIT_PAUSE = 10.0
"""Seconds to wait after a 429 that names no time."""


def unchanged(row: DueRow, now: datetime) -> Recorded:
    """Nothing differs there, or nobody is there any more: done without a call."""
    return _recorded(row, "delivered", "unchanged", now)


def failed(row: DueRow, reason: str, now: datetime) -> Recorded:
    """The row cannot be rendered."""
    return replace(_recorded(row, "rejected", "rejected", now), reason=reason)


def of_result(row: DueRow, write: Write, result: WriteResult, now: datetime, *, jitter: float) -> Recorded:
    """The next state after a call. ``jitter`` (0 to 1) spreads retries."""
    if result.outcome == "delivered":
        mirror = result.mirror if result.mirror is not None else write.mirror
        external_id = result.external_id or write.external_id
        gone = tuple(known for known in row.external_ids if known != external_id) if external_id else ()
        return replace(
            _recorded(row, "delivered", "delivered", now),
            mirror=orjson.dumps(mirror).decode(),
            external_id=external_id,
            merged_ids=gone,
        )
    if result.outcome == "rejected":
        return failed(row, result.reason, now)
    attempts = row.attempts + 1
    wait = policy.next_attempt(attempts, jitter=jitter)
    state, outcome = ("dead", "dead") if wait is None else ("retrying", "retry")
    return replace(
        _recorded(row, state, outcome, now),
        reason=result.reason,
        attempts=attempts,
        due_at=now + (wait or timedelta()),
        uncertain=row.uncertain or result.uncertain,
    )


def next_state(before: DestinationState, sent: Sent, now: datetime, *, credentials: str) -> DestinationState:
    """The destination's breaker and pause after a call. ``credentials`` is the fingerprint of those in use."""
    error = sent.stopped_by
    if isinstance(error, RateLimited):
        pause = timedelta(seconds=error.retry_after or RATE_LIMIT_PAUSE)
        return DestinationState(not_before=now + pause, reason=str(error))
    if isinstance(error, AuthError):
        return DestinationState(not_before=now + policy.AUTH_PAUSE, reason=str(error), credentials=credentials)
    if error is None:
        return DestinationState() if sent.calls_answered else before
    failures = before.failures + 1
    rest = policy.breaker_pause(failures)
    wait = timedelta(seconds=error.retry_after) if error.retry_after else rest
    return DestinationState(failures=failures, not_before=now + wait if wait else None, reason=str(error))


def _recorded(row: DueRow, state: str, outcome: str, now: datetime) -> Recorded:
    return Recorded(
        key=row.key,
        version=row.version,
        state=state,
        attempts=0,
        uncertain=False,
        due_at=now,
        reason="",
        outcome=outcome,
        events=row.events,
    )
