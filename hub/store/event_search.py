"""Stored events as people look for them: by filters, in looks of bounded cost, and what was written because of one."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from hub.store.database import Session

LOOK = 20_000
"""Entries that one statement looks at: what is rare is found by several looks, and none takes long."""

SLACK = timedelta(minutes=5)
"""Arrivals may be stamped so much out of the order of their ids: a transaction's time is that of its begin."""

NEWEST_ATTEMPTS = 2_000

_SOURCES = {
    "parked": "SELECT inbox_id AS id FROM inbox_outcome WHERE state = 'parked'",
    "skipped": "SELECT inbox_id AS id FROM inbox_outcome WHERE state = 'skipped'",
    "pending": "SELECT inbox_id AS id FROM inbox_queue WHERE step <> 'reread'",
}
_ALL = "SELECT id, connection, event_id, topic, received_at FROM inbox WHERE true"
_ENTRY = "looked l CROSS JOIN LATERAL (SELECT * FROM inbox e WHERE e.id = l.id OFFSET 0) i"
_STATE = "CASE WHEN q.inbox_id IS NOT NULL THEN 'pending' ELSE coalesce(o.state, 'done') END"
_NAMES = ("id", "connection", "event_id", "topic", "received_at", "state", "reason")


@dataclass(frozen=True, slots=True)
class Filter:
    """What is looked for; None is anything. ``topic`` is the vendor's own or its beginning."""

    connection: str | None = None
    state: str | None = None
    topic: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """Entries, the newest first. ``before`` is the id before which the next look goes on; None when all was seen."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    before: int | None = None


def find(session: Session, wanted: Filter, *, before: int | None = None, limit: int, looks: int = 5) -> Found:
    """Up to ``limit`` entries without their bodies. It ends after so many looks, also where it found fewer."""
    low = _first_since(session, wanted.since - SLACK) if wanted.since else 0
    high = _first_since(session, wanted.until + SLACK) if wanted.until else None
    if high is not None:
        before = min(before, high) if before is not None else high
    rows: list[dict[str, Any]] = []
    for _ in range(looks):
        found, last, looked = _look(session, wanted, low, before, limit - len(rows))
        rows += found
        if len(rows) >= limit:
            return Found(rows, rows[-1]["id"])
        if looked < LOOK:
            return Found(rows)
        before = last
    return Found(rows, before)


def _look(
    session: Session, wanted: Filter, low: int, before: int | None, limit: int
) -> tuple[list[dict[str, Any]], int, int]:
    own = "inbox_id" if wanted.state in _SOURCES else "id"
    rows = session.rows(
        f"""
        WITH looked AS MATERIALIZED (
            {_SOURCES.get(wanted.state or "", _ALL)} AND {own} >= %(low)s
                AND {own} < coalesce(%(before)s::bigint, 9223372036854775807)
            ORDER BY {own} DESC LIMIT %(look)s),
        found AS (
            SELECT i.id, i.connection, i.event_id, i.topic, i.received_at, {_STATE} AS state, coalesce(o.reason, '')
            FROM {_ENTRY if wanted.state in _SOURCES else "looked i"}
            LEFT JOIN inbox_queue q ON q.inbox_id = i.id AND q.step <> 'reread'
            LEFT JOIN inbox_outcome o ON o.inbox_id = i.id
            WHERE (%(connection)s::text IS NULL OR i.connection = %(connection)s)
                AND (%(topic)s::text IS NULL OR starts_with(i.topic, %(topic)s))
                AND (%(since)s::timestamptz IS NULL OR i.received_at >= %(since)s)
                AND (%(until)s::timestamptz IS NULL OR i.received_at < %(until)s)
                AND (%(state)s::text IS NULL OR {_STATE} = %(state)s)
            ORDER BY i.id DESC LIMIT %(limit)s)
        SELECT s.last, s.looked, found.* FROM (SELECT min(id) AS last, count(*) AS looked FROM looked) s
        LEFT JOIN found ON true ORDER BY found.id DESC
        """,
        {
            "low": low,
            "before": before,
            "look": LOOK,
            "connection": wanted.connection,
            "topic": wanted.topic,
            "since": wanted.since,
            "until": wanted.until,
            "state": wanted.state,
            "limit": limit,
        },
    )
    found = [dict(zip(_NAMES, row[2:], strict=True)) for row in rows if row[2] is not None]
    return found, rows[0][0] or 0, rows[0][1]


def _first_since(session: Session, at: datetime) -> int:
    """The id of the first entry that came at this time or later, by halving: as many look-ups by key as it has bits."""
    row = session.one(
        """
        WITH RECURSIVE halving (low, high) AS (
            SELECT min(id), max(id) + 1 FROM inbox
            UNION ALL
            SELECT CASE WHEN s.at < %(at)s THEN s.middle + 1 ELSE s.low END,
                CASE WHEN s.at < %(at)s THEN s.high ELSE s.middle END
            FROM (
                SELECT low, high, (low + high) / 2 AS middle, (
                    SELECT i.received_at FROM inbox i WHERE i.id >= (halving.low + halving.high) / 2
                    ORDER BY i.id LIMIT 1) AS at
                FROM halving WHERE low < high) s)
        SELECT max(low) FROM halving
        """,
        {"at": at},
    )
    return row[0] or 0 if row else 0


def named(session: Session, text: str, connections: Collection[str]) -> list[int]:
    """Inbox ids of the entries with this id, Hub's or (at one of these connections) the sender's."""
    own = int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None
    rows = session.rows(
        """
        SELECT id FROM inbox WHERE id = %(own)s
        UNION
        SELECT i.id FROM unnest(%(connections)s::text[]) AS c (name)
            CROSS JOIN LATERAL (SELECT id FROM inbox e WHERE e.connection = c.name AND e.event_id = %(text)s OFFSET 0) i
        """,
        {"own": own, "text": text, "connections": list(connections)},
    )
    return sorted(row[0] for row in rows)


def parked(session: Session, connections: Collection[str]) -> tuple[list[int], int]:
    """The entries of these connections that cannot be read, and how many of them have no body any more."""
    rows = session.rows(
        """
        SELECT i.id, i.body IS NULL FROM inbox_outcome o JOIN inbox i ON i.id = o.inbox_id
        WHERE o.state = 'parked' AND i.connection = ANY(%s::text[])
            AND NOT EXISTS (SELECT FROM inbox_queue q WHERE q.inbox_id = o.inbox_id)
        ORDER BY i.id
        """,
        [list(connections)],
    )
    return [row[0] for row in rows], sum(row[1] for row in rows)


def topics(session: Session) -> list[str]:
    """The topics of the newest 1,000 entries, for a list to choose from."""
    rows = session.rows(
        "SELECT DISTINCT topic FROM (SELECT topic FROM inbox ORDER BY id DESC LIMIT 1000) newest ORDER BY topic"
    )
    return [row[0] for row in rows]


def waiting(session: Session, inbox_id: int) -> tuple[str, datetime, int] | None:
    """What an entry waits for (``process``, ``complete``), when it is due, and how often it was tried."""
    row = session.one(
        "SELECT step, due_at, attempts FROM inbox_queue WHERE inbox_id = %s AND step <> 'reread'", [inbox_id]
    )
    return (row[0], row[1], row[2]) if row else None


def decided_at(session: Session, inbox_id: int) -> datetime | None:
    """When an entry was skipped or parked."""
    row = session.one("SELECT at FROM inbox_outcome WHERE inbox_id = %s", [inbox_id])
    return row[0] if row else None


@dataclass(frozen=True, slots=True)
class WrittenTo:
    """What the newest attempts say of some events: by event and destination the last outcome and its time.

    ``whole_since``: of events that came later, nothing is missing. None when all attempts were read.
    """

    by_event: dict[int, dict[str, tuple[str, datetime]]]
    whole_since: datetime | None = None


def written_to(session: Session, events: Collection[int]) -> WrittenTo:
    """Where these events were written, as far as the newest attempts tell: it costs the same however many there are."""
    rows = session.rows(
        """
        WITH newest AS MATERIALIZED (
            SELECT id, destination, at, outcome, events FROM attempt ORDER BY id DESC LIMIT %(newest)s),
        span AS (SELECT CASE WHEN count(*) = %(newest)s THEN min(at) END AS since FROM newest)
        SELECT span.since, e.event, n.destination, n.outcome, n.at
        FROM span LEFT JOIN (newest n CROSS JOIN LATERAL unnest(n.events) AS e (event)) ON e.event = ANY(%(events)s)
        ORDER BY n.id
        """,
        {"newest": NEWEST_ATTEMPTS, "events": list(events)},
    )
    found: dict[int, dict[str, tuple[str, datetime]]] = {}
    for _, event, destination, outcome, at in rows:
        if event is not None:
            found.setdefault(event, {})[destination] = (outcome, at)
    return WrittenTo(found, rows[0][0] if rows else None)


def written_of(session: Session, inbox_id: int, keys: Collection[UUID], limit: int = 200) -> list[dict[str, Any]]:
    """The attempts with this event behind them among those of these profiles, orders and activities, in order."""
    rows = session.rows(
        """
        SELECT destination, key, version, at, outcome, reason FROM attempt
        WHERE key = ANY(%s::uuid[]) AND %s = ANY(events) ORDER BY id LIMIT %s
        """,
        [list(keys), inbox_id, limit],
    )
    names = ("destination", "key", "version", "at", "outcome", "reason")
    return [dict(zip(names, row, strict=True)) for row in rows]


def queued_of(session: Session, inbox_id: int, keys: Collection[UUID]) -> list[dict[str, Any]]:
    """The outbox rows of these with this event behind them."""
    rows = session.rows(
        """
        SELECT destination, key, subject, profile_id, state, enqueued_at, due_at FROM outbox
        WHERE key = ANY(%s::uuid[]) AND %s = ANY(events) ORDER BY destination, key
        """,
        [list(keys), inbox_id],
    )
    names = ("destination", "key", "subject", "profile_id", "state", "enqueued_at", "due_at")
    return [dict(zip(names, row, strict=True)) for row in rows]


def id_of(session: Session, connection: str, event_id: str) -> int | None:
    """The id of an entry by its event's; None where there is none."""
    row = session.one("SELECT id FROM inbox WHERE connection = %s AND event_id = %s", [connection, event_id])
    return int(row[0]) if row else None
