"""How far the history of each connection was read; one row per connection."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from hub.store import text
from hub.store.database import Session


@dataclass(frozen=True, slots=True)
class Backfill:
    """``stored`` counts the items of history that are in the inbox now; ``cursor`` resumes, None before a page."""

    connection: str
    since: datetime | None
    cursor: dict[str, Any] | None = None
    stored: int = 0
    total: int | None = None
    finished: bool = False


def get(session: Session, connection: str) -> Backfill | None:
    """The last backfill of a connection, or None."""
    return next(iter(_read(session, "WHERE connection = %s", [connection])), None)


def page(session: Session) -> dict[str, Backfill]:
    """The last backfill of every connection that had one."""
    return {found.connection: found for found in _read(session, "", [])}


def save(session: Session, backfill: Backfill, now: datetime) -> None:
    """Note the progress; in the transaction that stores the page, so that neither is there without the other."""
    session.run(
        """
        INSERT INTO backfill (connection, cursor, since, stored, total, finished, updated_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s)
        ON CONFLICT (connection) DO UPDATE SET cursor = excluded.cursor, since = excluded.since,
            stored = excluded.stored, total = excluded.total, finished = excluded.finished,
            updated_at = excluded.updated_at
        """,
        [
            backfill.connection,
            orjson.dumps(backfill.cursor).decode(),
            backfill.since,
            backfill.stored,
            backfill.total,
            backfill.finished,
            now,
        ],
    )


def _read(session: Session, where: str, parameters: list[Any]) -> list[Backfill]:
    rows = session.rows(f"SELECT connection, since, cursor, stored, total, finished FROM backfill {where}", parameters)
    return text.readable(rows, lambda row: Backfill(row[0], row[1], text.read(row[2], f"its cursor"), *row[3:]))
