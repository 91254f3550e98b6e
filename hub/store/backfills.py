"""How far the history of each connection was read; one row per connection."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
import psycopg

from hub.store import text
from hub.store.database import Session


@dataclass(frozen=True, slots=True)
class Backfill:
    """``stored`` counts the items of history that are in the inbox now; ``cursor`` resumes, None before a page.

    Of these, ``parked`` could not be read when they came, and ``skipped`` are of no interest.
    """

    connection: str
    since: datetime | None
    cursor: dict[str, Any] | None = None
    stored: int = 0
    total: int | None = None
    finished: bool = False
    parked: int = 0
    skipped: int = 0


def get(session: Session, connection: str) -> Backfill | None:
    """The last backfill of a connection, or None."""
    return next(iter(_read(session, "WHERE connection = %s", [connection])), None)


def page(session: Session) -> dict[str, Backfill]:
    """The last backfill of every connection that had one."""
    return {found.connection: found for found in _read(session, "", [])}


def save(session: Session, backfill: Backfill, *, begins: bool = False) -> None:
    """Note the progress; in the transaction that stores the page, so that neither is there without the other.

    ``begins``: this is the first of a run, whose time a schedule counts from. Times are PostgreSQL's.
    """
    session.run(
        """
        INSERT INTO backfill (connection, cursor, since, stored, total, finished, parked, skipped, updated_at, begun_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, now(), now())
        ON CONFLICT (connection) DO UPDATE SET cursor = excluded.cursor, since = excluded.since,
            stored = excluded.stored, total = excluded.total, finished = excluded.finished,
            parked = excluded.parked, skipped = excluded.skipped, updated_at = excluded.updated_at,
            begun_at = CASE WHEN %s THEN excluded.begun_at ELSE backfill.begun_at END
        """,
        [
            backfill.connection,
            orjson.dumps(backfill.cursor).decode(),
            backfill.since,
            backfill.stored,
            backfill.total,
            backfill.finished,
            backfill.parked,
            backfill.skipped,
            begins,
        ],
    )


def _read(session: Session, where: str, parameters: list[Any]) -> list[Backfill]:
    rows = session.rows(
        f"SELECT connection, since, cursor, stored, total, finished, parked, skipped FROM backfill {where}", parameters
    )
    return text.readable(rows, lambda row: Backfill(row[0], row[1], text.read(row[2], "the cursor"), *row[3:]))


def is_due(session: Session, connection: str, every: timedelta) -> datetime | None:
    """Whether a run every so often is due by PostgreSQL's clock: the time now, else None.

    Also when a run was left unfinished and nobody has touched it for as long, five minutes at most.
    """
    row = session.one(
        """
        SELECT now() WHERE NOT EXISTS (SELECT FROM backfill WHERE connection = %(connection)s AND CASE
            WHEN finished THEN begun_at > now() - %(every)s
            ELSE updated_at > now() - least(%(every)s, interval '5 minutes') END)
        """,
        {"connection": connection, "every": every},
    )
    return row[0] if row else None


def begun_at(session: Session, connection: str) -> datetime | None:
    """When the last run began, by PostgreSQL's clock."""
    row = session.one("SELECT begun_at FROM backfill WHERE connection = %s", [connection])
    return row[0] if row else None


def touch(session: Session, connection: str) -> None:
    """Note that a run found nothing new: the next is due in as long again."""
    session.run("UPDATE backfill SET begun_at = now(), updated_at = now() WHERE connection = %s", [connection])


def waiting(session: Session, connection: str, most: int) -> int:
    """How many entries of a connection wait to be worked on, counted up to ``most``."""
    row = session.one(
        """
        SELECT count(*) FROM (
            (SELECT FROM inbox_queue WHERE step = 'process' AND connection = %(connection)s LIMIT %(most)s)
            UNION ALL
            (SELECT FROM inbox_queue WHERE step = 'complete' AND connection = %(connection)s LIMIT %(most)s)) q
        """,
        {"connection": connection, "most": most},
    )
    return int(row[0]) if row else 0


_LOCK = 0x4842  # "HB": with a connection's name, one reader of its history at a time


@contextmanager
def alone(dsn: str, connection: str) -> Iterator[bool]:
    """True for the one process that reads a connection's history, False for whoever comes while it does."""
    with psycopg.connect(dsn, autocommit=True) as held:
        row = held.execute("SELECT pg_try_advisory_lock(%s, hashtext(%s))", [_LOCK, connection]).fetchone()
        try:
            yield bool(row and row[0])
        finally:  # the server may notice only later that a connection was closed
            held.execute("SELECT pg_advisory_unlock_all()")
