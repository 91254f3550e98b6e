"""Vendors that thin events are completed from, and that are left alone for a while because they do not answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from hub.store.database import Session


def begin(session: Session, connection: str, wait: Sequence[timedelta], reason: str) -> timedelta:
    """Start a rest for a connection's vendor, longer each time in a row (``wait``); gives how long it is."""
    row = session.one(
        """
        INSERT INTO completion_rest AS held (connection, not_before, failures, reason)
        VALUES (%(connection)s, now() + (%(wait)s::interval[])[1], 1, %(reason)s)
        ON CONFLICT (connection) DO UPDATE SET failures = held.failures + 1, reason = excluded.reason,
            not_before = now() + (%(wait)s::interval[])[least(held.failures + 1, %(most)s)]
        RETURNING not_before - now()
        """,
        {"connection": connection, "wait": list(wait), "most": len(wait), "reason": reason},
    )
    assert row is not None
    found: timedelta = row[0]
    return found


def runs(session: Session, connection: str) -> bool:
    """Whether a connection's vendor is being left alone."""
    found = session.rows("SELECT 1 FROM completion_rest WHERE connection = %s AND not_before > now()", [connection])
    return bool(found)


def end(session: Session, connection: str) -> None:
    """The vendor answers again."""
    session.run("DELETE FROM completion_rest WHERE connection = %s", [connection])
