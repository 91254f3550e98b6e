"""How much is coming in, since when, and the outbox rows that wait for it to end. One row tells every process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from hub.store import training
from hub.store.database import Session

RECHECK = timedelta(minutes=10)
"""Held rows are looked at again after this, also if nobody released them."""


@dataclass(frozen=True, slots=True)
class Coming:
    """``due`` is counted up to what was asked for; ``waited`` is of the longest due of these that nobody tried yet."""

    fetching: bool
    due: int
    waited: timedelta
    rereading: bool
    resolving: bool


@dataclass(frozen=True, slots=True)
class BulkLoad:
    """A bulk load that goes on ``since`` then, and what it waits for."""

    since: datetime
    reason: str


def coming(session: Session, most: int) -> Coming:
    """What is on its way to being resolved; costs the same however much that is."""
    row = session.one(
        """
        SELECT EXISTS (SELECT FROM backfill WHERE NOT finished AND updated_at > now() - %(abandoned)s),
            EXISTS (SELECT FROM inbox_queue WHERE step = 'reread'),
            EXISTS (SELECT FROM reresolve) OR EXISTS (SELECT FROM mark WHERE again AND failed IS NULL), count(*),
            coalesce(now() - min(first.due_at), interval '0')
        FROM (SELECT due_at FROM inbox_queue WHERE step = 'process' AND due_at <= now() AND attempts = 0
            LIMIT %(most)s) first
        """,
        {"abandoned": training.ABANDONED, "most": most},
    )
    assert row is not None
    fetching, rereading, resolving, due, waited = row
    return Coming(fetching, due, waited, rereading, resolving)


def trains(session: Session) -> bool:
    """Whether weights are being trained, or will be as soon as all has come to rest."""
    return training.runs(session) or training.is_due(replace(training.state(session), busy=False))


def bulk_load(session: Session) -> BulkLoad | None:
    """The bulk load that goes on, as it was noted last."""
    row = session.one("SELECT since, reason FROM bulk_load")
    return BulkLoad(*row) if row else None


def note(session: Session, reason: str) -> None:
    """Note that a bulk load goes on, or with "" that none does."""
    if not reason:
        session.run("DELETE FROM bulk_load")
        return
    session.run(
        """
        INSERT INTO bulk_load AS held (since, reason) VALUES (now(), %s)
        ON CONFLICT (one) DO UPDATE SET reason = excluded.reason WHERE held.reason <> excluded.reason
        """,
        [reason],
    )


def held_for(session: Session, destination: str, keys: Sequence[UUID]) -> dict[UUID, timedelta]:
    """How long ago those of these rows that were held before were held first, whatever became of them meanwhile."""
    rows = session.rows(
        """
        SELECT key, now() - held_since FROM outbox
        WHERE destination = %s AND key = ANY(%b) AND held_since IS NOT NULL
        """,
        [destination, list(keys)],
    )
    return dict(rows)


def hold(session: Session, destination: str, keys: Sequence[UUID], reason: str) -> None:
    """Let rows wait for the end of the bulk load. One that changes meanwhile is looked at anew."""
    session.run(
        """
        WITH waiting AS (
            SELECT key FROM outbox WHERE destination = %(destination)s AND key = ANY(%(keys)b)
                AND state IN ('pending', 'retrying') ORDER BY key FOR UPDATE)
        UPDATE outbox SET held_at = coalesce(held_at, now()), held_since = coalesce(held_since, now()),
            due_at = now() + %(recheck)s, reason = %(reason)s
        FROM waiting WHERE outbox.destination = %(destination)s AND outbox.key = waiting.key
        """,
        {"recheck": RECHECK, "reason": reason, "destination": destination, "keys": list(keys)},
    )


def release(session: Session) -> int:
    """Let every held row go on; gives how many."""
    # In the order in which ``outbox.enqueue`` takes them: else the two could wait for each other.
    return session.run(
        """
        WITH held AS (
            SELECT destination, key FROM outbox WHERE held_at IS NOT NULL ORDER BY destination, key FOR UPDATE)
        UPDATE outbox SET held_at = NULL, due_at = now(), reason = '' FROM held
        WHERE outbox.destination = held.destination AND outbox.key = held.key
        """
    )


def held_rows(session: Session) -> dict[str, int]:
    """How many outbox rows wait for the end of the bulk load, by destination."""
    return dict(session.rows("SELECT destination, count(*) FROM outbox WHERE held_at IS NOT NULL GROUP BY destination"))
