"""Whose webhooks are watched, how they were last, and how often events come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from hub.store.database import Session


@dataclass(frozen=True, slots=True)
class Watch:
    """A connection whose webhooks Hub made.

    ``looked_at`` is when Hub last knew that all was well, or had mended it; ``reason`` is what was wrong then, "" when
    nothing.
    """

    connection: str
    made_at: datetime
    looked_at: datetime
    reason: str
    silent_since: datetime | None


@dataclass(frozen=True, slots=True)
class Rhythm:
    """When the last event came, and the longest pause between two of the last four weeks; None where too few came."""

    now: datetime
    last: datetime | None
    longest: timedelta | None


FEWEST = 20
"""Events from which on a connection has a rhythm."""


def made(session: Session, connection: str) -> None:
    """From now on this connection is watched."""
    session.run(
        """
        INSERT INTO subscription (connection) VALUES (%s)
        ON CONFLICT (connection) DO UPDATE SET looked_at = now(), reason = '', silent_since = NULL
        """,
        [connection],
    )


def removed(session: Session, connection: str) -> None:
    """It is watched no more."""
    session.run("DELETE FROM subscription WHERE connection = %s", [connection])


def page(session: Session) -> dict[str, Watch]:
    """All that are watched, by connection."""
    rows = session.rows("SELECT connection, made_at, looked_at, reason, silent_since FROM subscription ORDER BY 1")
    return {row[0]: Watch(*row) for row in rows}


def due(session: Session, connection: str, every: timedelta) -> Watch | None:
    """The watch of a connection that was not looked at for so long; None when it is not due, or not watched."""
    row = session.one(
        """
        SELECT connection, made_at, looked_at, reason, silent_since FROM subscription
        WHERE connection = %s AND looked_at <= now() - %s::interval
        """,
        [connection, every],
    )
    return Watch(*row) if row else None


def note(session: Session, connection: str, *, reason: str, silent_since: datetime | None) -> None:
    """Keep what was seen."""
    session.run(
        "UPDATE subscription SET looked_at = now(), reason = %s, silent_since = %s WHERE connection = %s",
        [reason, silent_since, connection],
    )


def rhythm(session: Session, connection: str) -> Rhythm:
    """How often events of a connection came in the last four weeks."""
    row = session.one(
        """
        WITH came AS (
            SELECT received_at, received_at - lag(received_at) OVER (ORDER BY received_at) AS pause FROM inbox
            WHERE connection = %(connection)s AND received_at > now() - interval '28 days')
        SELECT now(), coalesce((SELECT a.accepted_at FROM arrival a WHERE a.connection = %(connection)s),
            max(came.received_at)), CASE WHEN count(*) >= %(fewest)s THEN max(pause) END
        FROM came
        """,
        {"connection": connection, "fewest": FEWEST},
    )
    assert row is not None
    return Rhythm(*row)
