"""record: what became of a row, and of its destination, to their next states. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import orjson

from hub.errors import AuthError, RateLimited
from hub.outbox import policy
from hub.outbox.send import Sent
from hub.sdk.destination import Write, WriteResult
from hub.store.destinations import DestinationState
from hub.store.due import DueRow
from hub.store.outbox import Recorded

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
        known = row.external_ids
        gone = tuple(other for other in known if other != external_id) if external_id else ()
        owner = row.owners[known.index(external_id)] if external_id in known else row.key
        return replace(
            _recorded(row, "delivered", "delivered", now),
            mirror=_text(mirror),
            external_id=external_id,
            merged_ids=gone,
            owner=owner,
            settled=tuple(key for key in (row.mirror_key, *row.merging) if key != owner) if external_id else (),
        )
    if result.outcome == "rejected":
        return failed(row, result.reason, now)
    attempts = row.attempts + 1
    wait = policy.next_attempt(attempts, jitter=jitter)
    state, outcome = ("dead", "dead") if wait is None else ("retrying", "retry")
    # What may have been written unseen is not known any more: were it taken back before the next attempt, the old value
    # would seem to stand there still.
    unknown = {**row.mirror, **dict.fromkeys(write.properties), **write.unsure} if result.uncertain else None
    return replace(
        _recorded(row, state, outcome, now),
        reason=result.reason,
        attempts=attempts,
        due_at=now + (wait or timedelta()),
        uncertain=row.uncertain or result.uncertain,
        mirror=None if unknown is None else _text(unknown),
        owner=None if unknown is None else row.mirror_key,
    )


def _text(mirror: Mapping[str, Any]) -> str:
    return orjson.dumps(mirror).decode()


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
