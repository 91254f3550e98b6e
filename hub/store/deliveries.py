"""Deliveries as people look through them: pages by key for one state, and what stands behind a row."""

from __future__ import annotations

from collections.abc import Collection
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
