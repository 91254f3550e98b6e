"""How much flows now: events by connection and attempts by destination, of the last quarter of an hour.

Only the newest rows are read, by their key: it costs the same however many are stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hub.store.database import Session

WINDOW_SECONDS = 900
BUCKET_SECONDS = 10
NEWEST = 5_000
"""Rows that are read at most; more in the window shorten it to what they cover."""

FRESHEST = 200
"""Attempts from which freshness is told."""


@dataclass(frozen=True, slots=True)
class Flow:
    """Counts by name and by bucket, 0 being that of now; ``covered`` is how many seconds back the counts are whole."""

    counts: Mapping[str, Mapping[int, int]] = field(default_factory=dict)
    covered: float = WINDOW_SECONDS

    def per_second(self, name: str) -> float:
        """The mean of the last minute."""
        seconds = max(1.0, min(60.0, self.covered))
        found = self.counts.get(name, {})
        return sum(count for bucket, count in found.items() if bucket < 60 // BUCKET_SECONDS) / seconds

    def series(self) -> list[float]:
        """Of all names together a second, the oldest bucket first."""
        buckets = int(self.covered) // BUCKET_SECONDS or 1
        return [
            sum(found.get(bucket, 0) for found in self.counts.values()) / BUCKET_SECONDS
            for bucket in reversed(range(buckets))
        ]


def events(session: Session) -> Flow:
    """Events that came, by connection."""
    return _flow(session, "inbox", "connection", "received_at")


def attempts(session: Session) -> Flow:
    """Attempts to deliver that ended well, by destination."""
    return _flow(session, "attempt", "destination", "at", "outcome = 'delivered'")


def _flow(session: Session, table: str, name: str, at: str, where: str = "true") -> Flow:
    rows = session.rows(
        f"""
        WITH newest AS MATERIALIZED (
            SELECT {name} AS name, {at} AS at, {where} AS counted FROM {table} ORDER BY id DESC LIMIT %(newest)s)
        SELECT name, floor(greatest(0, extract(epoch FROM now() - at)) / %(bucket)s)::int,
            count(*) FILTER (WHERE counted),
            CASE WHEN (SELECT count(*) FROM newest) < %(newest)s THEN %(window)s
                ELSE least(%(window)s, (SELECT extract(epoch FROM now() - min(at)) FROM newest)) END::float8
        FROM newest WHERE at > now() - make_interval(secs => %(window)s) GROUP BY 1, 2
        """,
        {"newest": NEWEST, "bucket": BUCKET_SECONDS, "window": WINDOW_SECONDS},
    )
    counts: dict[str, dict[int, int]] = {}
    for found, bucket, count, _ in rows:
        counts.setdefault(found, {})[bucket] = count
    return Flow(counts, rows[0][3] if rows else WINDOW_SECONDS)


def freshness(session: Session) -> dict[str, float]:
    """By destination: the median seconds from an event's arrival to its delivery, of the newest attempts."""
    rows = session.rows(
        """
        SELECT a.destination,
            percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM a.at - i.received_at))::float8
        FROM (SELECT destination, at, events, outcome FROM attempt ORDER BY id DESC LIMIT %s) a
        CROSS JOIN LATERAL (SELECT max(event) AS id FROM unnest(a.events) AS event) newest
        JOIN inbox i ON i.id = newest.id
        WHERE a.outcome = 'delivered' GROUP BY a.destination
        """,
        [FRESHEST],
    )
    return {name: max(0.0, seconds) for name, seconds in rows}


HOURLY_NEWEST = 50_000
"""Rows that are read at most for the counts by hour."""


@dataclass(frozen=True, slots=True)
class Hours:
    """Events of one connection by hour (UTC) of the last day; ``since`` is from when on the counts are whole."""

    counts: Mapping[datetime, int]
    since: datetime


def hours(session: Session, connection: str) -> Hours:
    """What came of a connection in each of the last 24 hours, of the newest rows."""
    rows = session.rows(
        """
        WITH newest AS MATERIALIZED (
            SELECT connection, received_at FROM inbox ORDER BY id DESC LIMIT %(newest)s)
        SELECT date_trunc('hour', received_at AT TIME ZONE 'UTC') AT TIME ZONE 'UTC',
            count(*) FILTER (WHERE connection = %(connection)s), min(received_at), sum(count(*)) OVER ()
        FROM newest WHERE received_at > now() - interval '24 hours' GROUP BY 1 ORDER BY 1
        """,
        {"newest": HOURLY_NEWEST, "connection": connection},
    )
    begin = session.now() - timedelta(hours=24)
    whole = not rows or rows[0][3] < HOURLY_NEWEST
    return Hours({row[0]: row[1] for row in rows}, begin if whole else rows[0][2])


def newest(session: Session, connection: str, limit: int) -> list[tuple[int, str, datetime]]:
    """The newest events of a connection among the newest of all: inbox id, topic, time of arrival."""
    rows = session.rows(
        """
        SELECT id, topic, received_at FROM (SELECT id, connection, topic, received_at FROM inbox
            ORDER BY id DESC LIMIT %s) AS newest
        WHERE connection = %s ORDER BY id DESC LIMIT %s
        """,
        [NEWEST, connection, limit],
    )
    return [(row[0], row[1], row[2]) for row in rows]
