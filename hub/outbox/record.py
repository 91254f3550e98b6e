"""record: what became of a row, and of its destination, to their next states. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson

from hub.errors import AuthError, RateLimited, Refusal
from hub.outbox import policy
from hub.outbox.send import Sent
from hub.sdk.destination import Write, WriteResult
from hub.store.destinations import DestinationState
from hub.store.due import DueRow
from hub.store.outbox import Recorded

RATE_LIMIT_PAUSE = 10.0
"""Seconds to wait after a 429 that names no time."""


def unchanged(row: DueRow, reason: str = "") -> Recorded:
    """Nothing differs there, or nothing of this goes there (``reason``): done without a call."""
    return _recorded(row, "delivered", "unchanged", reason=reason)


def failed(row: DueRow, reason: str) -> Recorded:
    """The row cannot be rendered."""
    return _recorded(row, "rejected", "rejected", reason=reason)


def of_result(row: DueRow, write: Write, result: WriteResult, *, jitter: float) -> Recorded:
    """The next state after a call. ``jitter`` (0 to 1) spreads retries."""
    if result.outcome == "delivered":
        mirror = result.mirror if result.mirror is not None else write.mirror
        external_id = result.external_id or write.external_id
        known = row.external_ids
        gone = tuple(other for other in known if other != external_id) if external_id else ()
        owner = row.owners[known.index(external_id)] if external_id in known else row.key
        return _recorded(
            row,
            "delivered",
            "delivered",
            refused=refusals_in_words(result.refused),
            mirror=_text(mirror),
            external_id=external_id,
            merged_ids=gone,
            owner=owner,
            renewed=bool(external_id and known and external_id not in known) and not write.merge,
            confirmed=result.confirmed,
            settled=tuple(key for key in (row.mirror_key, *row.merging) if key != owner) if external_id else (),
        )
    if result.outcome == "rejected":
        return failed(row, result.reason)
    attempts = row.attempts + 1
    wait = policy.next_attempt(attempts, jitter=jitter)
    state, outcome = ("dead", "dead") if wait is None else ("retrying", "retry")
    unknown = unheard(row, write) if result.uncertain else None
    return _recorded(
        row,
        state,
        outcome,
        reason=result.reason,
        attempts=attempts,
        wait=wait or timedelta(),
        uncertain=row.uncertain or result.uncertain,
        mirror=None if unknown is None else _text(unknown),
        owner=None if unknown is None else row.mirror_key,
    )


def unheard(row: DueRow, write: Write) -> dict[str, Any]:
    """The mirror once this may have been written although no answer came.

    Otherwise a value that changes back before the next attempt would seem to stand there still. One value at least is
    unknown: that tells it from a mirror of which nobody noted what became of the write.
    """
    told = [name for name in write.properties if name not in write.unsure]
    unknown = told or [name for name in row.mirror if name not in write.unsure][:1]
    return {**row.mirror, **dict.fromkeys(unknown), **write.unsure}


def begun(row: DueRow, write: Write) -> Recorded:
    """The next state of a row of which something was written when the batch was stopped: no attempt of its own."""
    torn = of_result(row, write, WriteResult(write.key, "retry", uncertain=True), jitter=0.0)
    return replace(torn, state="retrying", attempts=row.attempts, wait=timedelta(), outcome="retry")


def is_noted(row: DueRow, write: Write) -> bool:
    """True where it has to be noted that this is being written: what the mirror says may be wrong from then on."""
    return bool(row.mirror) and not row.uncertain and not write.merge


def is_first(row: DueRow, write: Write) -> bool:
    """True where a person may be made there: if nobody hears of it, whoever takes the person over has to look.

    Found again by the profile's id, it needs no note as long as the profile stays. A merge meanwhile ends the row.
    """
    return write.kind == "profile" and not (row.mirror or row.external_ids or row.uncertain)


def names_unknown(write: Write) -> bool:
    """True where the note says what is unknown, and keeps the rest.

    So it is of a list and what may be in it, of an order and whom it is linked to, and where what Hub wrote itself is
    told from what people did (``Write.rules``).
    """
    return bool(write.unsure or write.rules) or write.kind == "order"


def unsent(sent: Sent, noted: Collection[str]) -> list[str]:
    """Of the writes that were noted those of which nothing was carried out, as the batch ended before them."""
    begun = sent.stopped_by.begun if sent.stopped_by else ()
    return sorted(key for key in noted if key not in sent.results and key not in begun)


def _text(mirror: Mapping[str, Any]) -> str:
    return orjson.dumps(mirror).decode()


def refusals_in_words(refused: Sequence[Refusal]) -> str:
    """What was refused, for people: ``email: INVALID_EMAIL``; never the value."""
    if not refused:
        return ""
    return ", ".join(dict.fromkeys(f"{each.property}: {each.code}" for each in refused))


def next_state(
    before: DestinationState, sent: Sent, *, settings: str, failing: Collection[str] = frozenset()
) -> DestinationState:
    """The destination's breaker and pause after a call.

    ``settings`` is the fingerprint of those in use; ``failing`` are the keys of writes that failed before this.
    """
    error = sent.stopped_by
    if isinstance(error, RateLimited):
        pause = timedelta(seconds=error.retry_after or RATE_LIMIT_PAUSE)
        return DestinationState(rest=pause, reason=str(error), settings=settings)
    if isinstance(error, AuthError):
        refusals = before.failures + 1 if before.credentials == settings else 1
        pause = policy.auth_pause(refusals)
        return DestinationState(refusals, rest=pause, reason=str(error), credentials=settings, settings=settings)
    if before.credentials:
        # its failures were refusals: they say nothing of a breaker, and one answer ends them
        before = DestinationState() if sent.calls_answered else replace(before, failures=0, answers=0)
    named = timedelta(seconds=error.retry_after) if error and error.retry_after else None
    if _is_failure(before, sent, failing):
        failures = before.failures + 1
        rest = named or policy.breaker_pause(failures)
        return DestinationState(failures, rest=rest, reason=sent.last_words, settings=settings)
    if named:
        return replace(before, rest=named, reason=sent.last_words, settings=settings)
    answers = before.answers + sent.calls_answered
    if sent.calls_answered and (not before.failures or answers >= policy.HEALTHY_AFTER):
        return DestinationState()
    return replace(before, answers=answers)


def _is_failure(before: DestinationState, sent: Sent, failing: Collection[str]) -> bool:
    """True when the destination, and not a record or two that make it fail, is at fault.

    A record that failed before counts no more while the destination is called: alone, it would keep it shut for all.
    """
    if not sent.outages:
        return sent.stopped_by is not None
    if len(sent.outages) > policy.POISONOUS or before.failures >= policy.BREAKER_AFTER:
        return True
    return not sent.outages <= set(failing)


def _recorded(row: DueRow, state: str, outcome: str, **told: Any) -> Recorded:
    known = {"attempts": 0, "uncertain": False, "wait": timedelta(), "reason": "", **told}
    return Recorded(key=row.key, version=row.version, state=state, outcome=outcome, events=row.events, **known)
