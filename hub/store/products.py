"""Products: the facts that belong to nobody. Reads only; they are stored with the other facts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hub.store.database import Session


@dataclass(frozen=True, slots=True)
class StoredProduct:
    """The newest version of a product, as JSON. ``told_at`` is its source's own time (UTC)."""

    id: UUID
    connection: str
    told_at: datetime
    payload: str


def page(session: Session, *, connection: str | None, after: UUID | None, limit: int) -> list[StoredProduct]:
    """Products of a connection, or of all, in the order of their ids; from ``after`` on."""
    rows = session.rows(
        """
        SELECT id, connection, version_at, payload FROM fact
        WHERE kind = 'product' AND (%(connection)s::text IS NULL OR connection = %(connection)s)
            AND (%(after)s::uuid IS NULL OR id > %(after)s)
        ORDER BY id LIMIT %(limit)s
        """,
        {"connection": connection, "after": after, "limit": limit},
    )
    return [StoredProduct(*row) for row in rows]
