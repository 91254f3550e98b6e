"""When the signatures of each connection's deliveries were accepted and refused last: one row for each connection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from hub.store.database import Session


@dataclass(frozen=True, slots=True)
class Heard:
    """What came for a connection since it was noted last.

    ``accepted`` is how many seconds ago one was accepted last, None where none was; ``refused`` how many were after it.
    """

    connection: str
    accepted: float | None
    refused: int


@dataclass(frozen=True, slots=True)
class Refused:
    """Deliveries that were refused ``since`` then, while none was accepted; ``accepted_at`` is the last before."""

    since: datetime
    count: int
    accepted_at: datetime | None


async def note(connection: psycopg.AsyncConnection[Any], heard: Sequence[Heard]) -> None:
    """Add it to the rows, in one statement."""
    ordered = sorted(heard, key=lambda one: one.connection)
    await connection.execute(
        """
        INSERT INTO arrival AS held (connection, accepted_at, refused_since, refused_at, refused)
        SELECT connection, now() - make_interval(secs => accepted), CASE WHEN refused > 0 THEN now() END,
            CASE WHEN refused > 0 THEN now() END, refused
        FROM unnest(%s::text[], %s::float8[], %s::bigint[]) AS heard (connection, accepted, refused)
        ON CONFLICT (connection) DO UPDATE SET
            accepted_at = greatest(excluded.accepted_at, held.accepted_at),
            refused_since = CASE WHEN excluded.accepted_at > coalesce(held.refused_at, '-infinity')
                THEN excluded.refused_since ELSE coalesce(held.refused_since, excluded.refused_since) END,
            refused_at = coalesce(excluded.refused_at, held.refused_at),
            refused = excluded.refused + CASE WHEN excluded.accepted_at > coalesce(held.refused_at, '-infinity')
                THEN 0 ELSE held.refused END
        """,
        [
            [one.connection for one in ordered],
            [one.accepted for one in ordered],
            [one.refused for one in ordered],
        ],
    )


def refused(session: Session) -> dict[str, Refused]:
    """Connections whose last delivery was refused, by name."""
    rows = session.rows(
        "SELECT connection, refused_since, refused, accepted_at FROM arrival WHERE refused_since IS NOT NULL"
    )
    return {row[0]: Refused(*row[1:]) for row in rows}
