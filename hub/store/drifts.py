"""What does not stand at a destination as Hub knows it, and waits for a person to say which of both holds."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from hub.store.database import Session


def replace(
    session: Session, destination: str, looked_at: Collection[UUID], found: Sequence[tuple[UUID, str, str]]
) -> None:
    """Keep (profile, external id, property) that were found, in place of what was known of those looked at."""
    session.run("DELETE FROM drift WHERE destination = %s AND key = ANY(%b)", [destination, list(looked_at)])
    if found:
        keys, external_ids, properties = map(list, zip(*found, strict=True))
        session.run(
            """
            INSERT INTO drift (destination, key, external_id, property, found_at)
            SELECT %s, *, now() FROM unnest(%b::uuid[], %b::text[], %b::text[])
            ON CONFLICT (destination, key, property) DO UPDATE SET found_at = excluded.found_at
            """,
            [destination, keys, external_ids, properties],
        )


def page(session: Session, destination: str, limit: int) -> list[tuple[UUID, str, str, datetime]]:
    """What waits there: (profile, external id, property, when it was found), oldest first."""
    return session.rows(
        """
        SELECT key, external_id, property, found_at FROM drift WHERE destination = %s
        ORDER BY found_at, key, property LIMIT %s
        """,
        [destination, limit],
    )
