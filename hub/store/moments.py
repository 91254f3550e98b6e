"""When profiles have to be looked at again because a route's condition depends on the time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from hub.store.database import Session


def plan(session: Session, due: Mapping[UUID, datetime | None]) -> None:
    """Note the next moment of each of these profiles; None takes what was noted back."""
    never = sorted(profile for profile, at in due.items() if at is None)
    if never:
        session.run("DELETE FROM route_change WHERE profile_id = ANY(%b)", [never])
    some = sorted((profile, at) for profile, at in due.items() if at is not None)
    if some:
        session.run(
            """
            INSERT INTO route_change AS held (profile_id, due_at)
            SELECT profile_id, due_at FROM unnest(%b::uuid[], %b::timestamptz[]) AS given (profile_id, due_at)
            ON CONFLICT (profile_id) DO UPDATE SET due_at = excluded.due_at WHERE held.due_at <> excluded.due_at
            """,
            [[profile for profile, _ in some], [at for _, at in some]],
        )


def take_due(session: Session, limit: int) -> list[UUID]:
    """Take up to ``limit`` profiles whose moment has come; they are back if the transaction fails."""
    rows = session.rows(
        """
        DELETE FROM route_change WHERE profile_id IN (
            SELECT profile_id FROM route_change WHERE due_at <= now()
            ORDER BY due_at, profile_id FOR UPDATE SKIP LOCKED LIMIT %s)
        RETURNING profile_id
        """,
        [limit],
    )
    return [row[0] for row in rows]
