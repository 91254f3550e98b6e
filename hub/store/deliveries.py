"""Deliveries as people look through them: pages by key for one state, and what stands behind a row."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from hub.store.database import Session

STATES = ("pending", "retrying", "delivered", "rejected", "dead")
FAILED = ("rejected", "dead")
_NAMES = (
    "destination", "key", "subject", "profile_id", "version", "state", "attempts", "reason", "refused", "due_at",
    "enqueued_at", "updated_at", "events",
)  # fmt: skip
_COLUMNS = ", ".join(_NAMES)

# One branch for each state, written out: a partial index is used for words that stand in the statement, not for
# parameters. A page is read by the primary key where the state is common, by the partial index where it is rare.
_WHERE = {
    "pending": "state = 'pending'",
    "retrying": "state = 'retrying'",
    "waiting": "state IN ('pending', 'retrying')",
    "delivered": "state = 'delivered'",
    "rejected": "state = 'rejected'",
    "dead": "state = 'dead'",
    "failed": "state IN ('rejected', 'dead')",
    "refused": "refused <> ''",
}


def page(
    session: Session, destination: str, state: str, *, after: UUID | None = None, limit: int
) -> list[dict[str, Any]]:
    """Rows of a destination in a state, by key. ``waiting``, ``failed`` and ``refused`` name several."""
    rows = session.rows(
        f"""
        SELECT {_COLUMNS} FROM outbox WHERE destination = %(destination)s AND {_WHERE[state]}
            AND key > coalesce(%(after)s::uuid, '00000000-0000-0000-0000-000000000000')
        ORDER BY key LIMIT %(limit)s
        """,
        {"destination": destination, "after": after, "limit": limit},
    )
    return [dict(zip(_NAMES, row, strict=True)) for row in rows]


def get(session: Session, destination: str, key: UUID) -> dict[str, Any] | None:
    """One row, or None."""
    row = session.one(f"SELECT {_COLUMNS} FROM outbox WHERE destination = %s AND key = %s", [destination, key])
    return dict(zip(_NAMES, row, strict=True)) if row else None


def attempts(session: Session, destination: str, key: UUID, limit: int = 50) -> list[dict[str, Any]]:
    """The last attempts of one row, newest first."""
    rows = session.rows(
        """
        SELECT version, at, outcome, reason, events FROM attempt WHERE key = %s AND destination = %s
        ORDER BY id DESC LIMIT %s
        """,
        [key, destination, limit],
    )
    return [dict(zip(("version", "at", "outcome", "reason", "events"), row, strict=True)) for row in rows]


def failed_among(session: Session, destination: str, keys: Collection[UUID] | None) -> dict[str, int]:
    """How many of these rows (of all, without ``keys``) a redrive would take, by state."""
    where = "AND key = ANY(%(keys)b::uuid[])" if keys is not None else ""
    counted: dict[str, int] = dict(
        session.rows(
            f"""
            SELECT state, count(*) FROM outbox
            WHERE destination = %(destination)s AND state IN ('rejected', 'dead') {where} GROUP BY state
            """,
            {"destination": destination, **({"keys": list(keys)} if keys is not None else {})},
        )
    )
    return {state: counted.get(state, 0) for state in FAILED}


def reasons(session: Session, destination: str, limit: int) -> list[str]:
    """The reasons of up to so many failed rows, in the destination's own words."""
    rows = session.rows(
        "SELECT reason FROM outbox WHERE destination = %s AND state IN ('rejected', 'dead') LIMIT %s",
        [destination, limit],
    )
    return [row[0] for row in rows]


def tries(session: Session, destination: str, keys: Collection[UUID]) -> dict[UUID, int]:
    """How often each of these rows was tried, as far as attempts are kept.

    A row's own counter is of no use here: it begins anew when the row arrives.
    """
    return dict(
        session.rows(
            "SELECT key, count(*) FROM attempt WHERE destination = %s AND key = ANY(%b::uuid[]) GROUP BY key",
            [destination, list(keys)],
        )
    )


NEWEST_OF_DAY = 20_000
"""Attempts, of all destinations, that ``last_day`` reads at most: some 30 ms."""


@dataclass(frozen=True, slots=True)
class LastDay:
    """What went to a destination in the last 24 hours.

    ``hours`` are (beginning, delivered, failed attempts), the oldest first; ``since`` is from when on they are whole.
    ``troubled`` rows failed at least once, between ``first`` and ``last`` and mostly for ``reason``; ``open`` of them
    have not arrived since.
    """

    since: datetime
    hours: Sequence[tuple[datetime, int, int]] = ()
    troubled: int = 0
    open: int = 0
    first: datetime | None = None
    last: datetime | None = None
    reason: str = ""


def last_day(session: Session, destination: str) -> LastDay:
    """Whether what failed in the last day is there by now."""
    named = {"destination": destination, "newest": NEWEST_OF_DAY}
    newest = """
        WITH newest AS MATERIALIZED (
            SELECT id, destination, key, at, outcome, reason FROM attempt ORDER BY id DESC LIMIT %(newest)s),
        ours AS MATERIALIZED (
            SELECT id, key, at, outcome, reason FROM newest
            WHERE destination = %(destination)s AND at > now() - interval '24 hours')
        """
    hours = session.rows(
        f"""
        {newest} SELECT date_trunc('hour', at AT TIME ZONE 'UTC') AT TIME ZONE 'UTC',
            count(*) FILTER (WHERE outcome = 'delivered'),
            count(*) FILTER (WHERE outcome IN ('retry', 'rejected', 'dead'))
        FROM ours GROUP BY 1 ORDER BY 1
        """,
        named,
    )
    (told,) = session.rows(
        f"""
        {newest}, troubled AS (
            SELECT key, max(id) FILTER (WHERE failed) AS failed, max(id) FILTER (WHERE NOT failed) AS arrived,
                min(at) FILTER (WHERE failed) AS first, max(at) FILTER (WHERE failed) AS last,
                max(reason) FILTER (WHERE failed) AS reason
            FROM (SELECT *, outcome IN ('retry', 'rejected', 'dead') AS failed FROM ours) AS told
            GROUP BY key HAVING bool_or(failed))
        SELECT count(*), count(*) FILTER (WHERE o.state <> 'delivered' AND coalesce(t.arrived < t.failed, true)),
            min(t.first), max(t.last), coalesce(mode() WITHIN GROUP (ORDER BY t.reason), ''),
            (SELECT CASE WHEN count(*) < %(newest)s THEN now() - interval '24 hours'
                ELSE greatest(min(at), now() - interval '24 hours') END FROM newest)
        FROM troubled t LEFT JOIN outbox o ON o.destination = %(destination)s AND o.key = t.key
        """,
        named,
    )
    troubled, still, first, last, reason, since = told
    return LastDay(since, [(row[0], row[1], row[2]) for row in hours], troubled, still, first, last, reason)
