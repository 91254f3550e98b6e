"""What Hub holds of a source, to be compared with the source; and what the last comparison found."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import orjson

from hub.mapping.record_state import State
from hub.store import text
from hub.store.database import Session


@dataclass(frozen=True, slots=True)
class HeldFact:
    """The version of a fact that Hub holds; ``payload`` is JSON text; ``deleted``: its source deleted it since."""

    version_at: datetime
    payload: str
    deleted: bool


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """The last comparison of a connection. ``found`` counts what was compared, by state."""

    connection: str
    begun_at: datetime
    finished_at: datetime
    since: datetime | None
    found: Mapping[str, int]
    hours: tuple[Hour, ...] = ()


@dataclass(frozen=True, slots=True)
class Hour:
    """Items of an hour of the source's own time (UTC), and how many of them were not here as they are there."""

    at: datetime
    items: int
    gaps: int


def held_facts(session: Session, ids: Collection[UUID]) -> dict[UUID, HeldFact]:
    """The stored facts among these, by id."""
    rows = session.rows(
        """
        SELECT f.id, f.version_at, f.payload, EXISTS (SELECT FROM fact p
            WHERE p.parent_id = f.id AND p.kind = 'deletion' AND p.version_at >= f.version_at)
        FROM fact f WHERE f.id = ANY(%b)
        """,
        [list(ids)],
    )
    return {row[0]: HeldFact(*row[1:]) for row in rows}


def held_states(session: Session, ids: Collection[UUID]) -> dict[UUID, State | None]:
    """The states of the stored records among these; None for one that cannot be read."""
    rows = session.rows("SELECT id, state FROM record WHERE id = ANY(%b)", [list(ids)])
    return {row[0]: text.or_else(row[1], None) for row in rows}


def waiting(session: Session, connection: str, event_ids: Collection[str]) -> set[str]:
    """Which of these events are in the inbox and not yet worked on."""
    rows = session.rows(
        """
        SELECT i.event_id FROM inbox i JOIN inbox_queue q ON q.inbox_id = i.id
        WHERE i.connection = %s AND i.event_id = ANY(%b) AND q.step <> 'reread'
        """,
        [connection, list(event_ids)],
    )
    return {row[0] for row in rows}


def worked_on(session: Session, events: Collection[tuple[str, str]]) -> list[int]:
    """The inbox ids of those of these (connection, event id) that are stored and wait for nothing."""
    rows = session.rows(
        """
        SELECT i.id FROM unnest(%b::text[], %b::text[]) AS given (connection, event_id)
        JOIN inbox i USING (connection, event_id)
        WHERE NOT EXISTS (SELECT FROM inbox_queue q WHERE q.inbox_id = i.id AND q.step <> 'reread')
        """,
        [[connection for connection, _ in events], [event_id for _, event_id in events]],
    )
    return [row[0] for row in rows]


def present_orders(session: Session, connection: str, since: datetime | None) -> list[str]:
    """External ids of the orders that were placed or changed since then, and are not deleted as far as Hub knows."""
    rows = session.rows(
        """
        SELECT o.external_id FROM fact o
        WHERE o.connection = %(connection)s AND o.kind = 'order'
            AND (%(since)s::timestamptz IS NULL OR o.version_at >= %(since)s OR o.happened_at >= %(since)s)
            AND NOT EXISTS (SELECT FROM fact p
                WHERE p.parent_id = o.id AND p.kind = 'deletion' AND p.version_at >= o.version_at)
        ORDER BY o.external_id
        """,
        {"connection": connection, "since": since},
    )
    return [row[0] for row in rows]


def save(
    session: Session,
    connection: str,
    begun_at: datetime,
    since: datetime | None,
    found: Mapping[str, int],
    hours: Sequence[Hour] = (),
) -> None:
    """Keep what a comparison found, in place of what the one before did."""
    session.run(
        """
        INSERT INTO reconciliation (connection, begun_at, since, found, hours) VALUES (%s, %s, %s, %s, %s)
        ON CONFLICT (connection) DO UPDATE SET begun_at = excluded.begun_at, finished_at = now(),
            since = excluded.since, found = excluded.found, hours = excluded.hours
        """,
        [
            connection,
            begun_at,
            since,
            orjson.dumps(dict(found)).decode(),
            orjson.dumps([[one.at, one.items, one.gaps] for one in hours]).decode(),
        ],
    )


def page(session: Session) -> dict[str, Reconciliation]:
    """The last comparison of every connection that had one."""
    rows = session.rows(
        "SELECT connection, begun_at, finished_at, since, found, hours FROM reconciliation ORDER BY connection"
    )
    return {
        name: Reconciliation(name, begun_at, finished_at, since, text.or_else(found, {}), tuple(_hours(hours)))
        for name, begun_at, finished_at, since, found, hours in rows
    }


def _hours(told: str) -> Iterator[Hour]:
    for at, items, gaps in text.or_else(told, []):
        yield Hour(datetime.fromisoformat(at), items, gaps)


def is_due(session: Session, connection: str, every: timedelta) -> bool:
    """Whether a comparison every so often is due, by PostgreSQL's clock."""
    row = session.one(
        "SELECT FROM reconciliation WHERE connection = %s AND begun_at > now() - %s::interval", [connection, every]
    )
    return row is None
