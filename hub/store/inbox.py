"""Inbox: storing deliveries, claiming entries, and what became of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import orjson
import psycopg

from hub.sdk.source import InboxEntry
from hub.store.database import Session

COLUMNS = "connection, event_id, topic, headers, body, received_at"
_TYPES = ("text", "text", "text", "text", "bytea", "timestamptz")


@dataclass(frozen=True, slots=True)
class NewEntry:
    """A verified delivery on its way into the inbox. ``headers`` is JSON text."""

    connection: str
    event_id: str
    topic: str
    headers: str
    body: bytes
    received_at: datetime

    def row(self) -> tuple[str, str, str, str, bytes, datetime]:
        """The values in the order of ``COLUMNS``."""
        return self.connection, self.event_id, self.topic, self.headers, self.body, self.received_at


@dataclass(frozen=True, slots=True)
class ClaimedEntry:
    """An entry locked by this transaction; ``id`` is its inbox id."""

    id: int
    attempts: int
    entry: InboxEntry

    def with_completions(self, completions: Mapping[str, bytes]) -> ClaimedEntry:
        """The same entry with fetched bodies."""
        return replace(self, entry=replace(self.entry, completions=completions))


async def copy_in(connection: psycopg.AsyncConnection[Any], entries: Sequence[NewEntry]) -> None:
    """Store entries with one COPY. Raises UniqueViolation when one of them is there already; nothing is stored then."""
    async with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY inbox ({COLUMNS}) FROM STDIN (FORMAT BINARY)".encode()) as copy,
    ):
        copy.set_types(_TYPES)
        for entry in entries:
            await copy.write_row(entry.row())


_INSERT = f"""
    INSERT INTO inbox ({COLUMNS})
    SELECT * FROM unnest(%b::text[], %b::text[], %b::text[], %b::text[], %b::bytea[], %b::timestamptz[])
    ON CONFLICT (connection, event_id) DO NOTHING
    """


async def insert_new(connection: psycopg.AsyncConnection[Any], entries: Sequence[NewEntry]) -> None:
    """Store the entries that are not there yet; duplicates are swallowed."""
    await connection.execute(_INSERT.encode(), _columns(entries))


def insert(session: Session, entries: Sequence[NewEntry]) -> int:
    """Store the entries that are not there yet (backfill); gives how many were new."""
    return session.run(_INSERT, _columns(entries)) if entries else 0


def _columns(entries: Sequence[NewEntry]) -> list[list[Any]]:
    return [list(column) for column in zip(*(entry.row() for entry in entries), strict=True)]


CLAIM_BYTES = 16 * 1024 * 1024
"""Bodies of one claim: 500 large ones would take more memory than a worker has."""


def claim(session: Session, step: str, limit: int) -> list[ClaimedEntry]:
    """Lock up to ``limit`` due entries of a step, and give as many (one at least) as ``CLAIM_BYTES`` holds.

    Other workers skip them until this transaction ends.
    """
    rows = session.rows(
        """
        WITH due AS MATERIALIZED (
            SELECT inbox_id, attempts FROM inbox_queue WHERE step = %s AND due_at <= now()
            ORDER BY inbox_id LIMIT %s FOR UPDATE SKIP LOCKED),
        sized AS (
            SELECT i.id, due.attempts,
                sum(octet_length(i.body)) OVER (ORDER BY i.id) - octet_length(i.body) AS bytes_before
            FROM due JOIN inbox i ON i.id = due.inbox_id)
        SELECT i.id, s.attempts, i.connection, i.event_id, i.topic, i.headers, i.body, i.received_at
        FROM sized s JOIN inbox i ON i.id = s.id WHERE coalesce(s.bytes_before, 0) < %s ORDER BY i.id
        """,
        [step, limit, CLAIM_BYTES],
    )
    return [_claimed(row) for row in rows]


def completions(session: Session, ids: Sequence[int]) -> dict[int, dict[str, bytes]]:
    """The fetched bodies of these entries: inbox id to name to body."""
    found: dict[int, dict[str, bytes]] = {}
    for inbox_id, name, body in session.rows(
        "SELECT inbox_id, name, body FROM completion WHERE inbox_id = ANY(%s)", [list(ids)]
    ):
        found.setdefault(inbox_id, {})[name] = bytes(body)
    return found


def add_completion(session: Session, inbox_id: int, name: str, body: bytes, now: datetime) -> None:
    """Keep a fetched body beside its entry; a second fetch of the same name changes nothing."""
    session.run("INSERT INTO completion VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING", [inbox_id, name, body, now])


def finish(session: Session, ids: Sequence[int]) -> None:
    """Take entries off the queue."""
    session.run("DELETE FROM inbox_queue WHERE inbox_id = ANY(%s)", [list(ids)])


def move(session: Session, ids: Sequence[int], step: str) -> None:
    """Hand entries to another step."""
    session.run(
        "UPDATE inbox_queue SET step = %s, attempts = 0, due_at = now() WHERE inbox_id = ANY(%s)", [step, list(ids)]
    )


def postpone(session: Session, inbox_id: int, due_at: datetime, *, counted: bool = True) -> None:
    """Try an entry again later; ``counted`` False when the delay was no failure."""
    session.run(
        "UPDATE inbox_queue SET due_at = %s, attempts = attempts + %s WHERE inbox_id = %s",
        [due_at, int(counted), inbox_id],
    )


def lease(session: Session, ids: Sequence[int], until: datetime) -> None:
    """Keep entries to this process until then; if it dies, they come back by themselves."""
    session.run("UPDATE inbox_queue SET due_at = %s WHERE inbox_id = ANY(%s)", [until, list(ids)])


def set_outcomes(session: Session, outcomes: Sequence[tuple[int, str, str]], now: datetime) -> None:
    """Note entries that were skipped or parked: (inbox id, state, reason)."""
    session.run(
        """
        INSERT INTO inbox_outcome
        SELECT *, %s FROM unnest(%b::bigint[], %b::text[], %b::text[])
        ON CONFLICT (inbox_id) DO UPDATE SET state = excluded.state, reason = excluded.reason, at = excluded.at
        """,
        [now, *map(list, zip(*outcomes, strict=True))],
    )


def clear_outcomes(session: Session, ids: Sequence[int]) -> None:
    """Forget earlier outcomes of entries that were now done."""
    session.run("DELETE FROM inbox_outcome WHERE inbox_id = ANY(%s)", [list(ids)])


def oldest_due(session: Session, step: str) -> float | None:
    """The age of the step's first due entry in seconds, or None; costs the same however many wait."""
    row = session.one(
        """
        SELECT extract(epoch FROM now() - i.received_at)::float8
        FROM inbox_queue q JOIN inbox i ON i.id = q.inbox_id
        WHERE q.step = %s AND q.due_at <= now() ORDER BY q.inbox_id LIMIT 1
        """,
        [step],
    )
    return row[0] if row else None


def waiting(session: Session, steps: Collection[str]) -> dict[str, int]:
    """How many entries wait for each of these steps."""
    found: dict[str, int] = dict(session.rows("SELECT step, count(*) FROM inbox_queue GROUP BY step"))
    return {step: found.get(step, 0) for step in steps}


_STATE = """
    CASE WHEN q.inbox_id IS NOT NULL THEN 'pending' ELSE coalesce(o.state, 'done') END
    """
_JOINS = "LEFT JOIN inbox_queue q ON q.inbox_id = i.id LEFT JOIN inbox_outcome o ON o.inbox_id = i.id"


def page(
    session: Session,
    *,
    connection: str | None = None,
    state: str | None = None,
    since: datetime | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[dict[str, Any]]:
    """Entries without their bodies, newest first. ``before`` is the last id of the page before."""
    rows = session.rows(
        f"""
        SELECT i.id, i.connection, i.event_id, i.topic, i.received_at, {_STATE} AS state, coalesce(o.reason, '')
        FROM inbox i {_JOINS}
        WHERE (%(connection)s::text IS NULL OR i.connection = %(connection)s)
          AND (%(since)s::timestamptz IS NULL OR i.received_at >= %(since)s)
          AND (%(before)s::bigint IS NULL OR i.id < %(before)s)
          AND (%(state)s::text IS NULL OR {_STATE} = %(state)s)
        ORDER BY i.id DESC LIMIT %(limit)s
        """,
        {"connection": connection, "state": state, "since": since, "before": before, "limit": limit},
    )
    names = ("id", "connection", "event_id", "topic", "received_at", "state", "reason")
    return [dict(zip(names, row, strict=True)) for row in rows]


def get(session: Session, inbox_id: int) -> dict[str, Any] | None:
    """One entry with headers, body and completions, or None."""
    row = session.one(
        f"""
        SELECT i.id, i.connection, i.event_id, i.topic, i.received_at, {_STATE}, coalesce(o.reason, ''),
               i.headers, i.body
        FROM inbox i {_JOINS} WHERE i.id = %s
        """,
        [inbox_id],
    )
    if row is None:
        return None
    names = ("id", "connection", "event_id", "topic", "received_at", "state", "reason", "headers", "body")
    entry = dict(zip(names, row, strict=True))
    entry["headers"] = orjson.loads(entry["headers"])
    entry["completions"] = completions(session, [inbox_id]).get(inbox_id, {})
    return entry


def requeue(
    session: Session,
    *,
    ids: Iterable[int] | None = None,
    connection: str | None = None,
    state: str | None = None,
    since: datetime | None = None,
) -> int:
    """Put stored entries back to be processed again (replay); gives how many."""
    return session.run(
        f"""
        INSERT INTO inbox_queue (inbox_id)
        SELECT i.id FROM inbox i {_JOINS}
        WHERE i.body IS NOT NULL
          AND (%(ids)s::bigint[] IS NULL OR i.id = ANY(%(ids)s))
          AND (%(connection)s::text IS NULL OR i.connection = %(connection)s)
          AND (%(since)s::timestamptz IS NULL OR i.received_at >= %(since)s)
          AND (%(state)s::text IS NULL OR {_STATE} = %(state)s)
        ON CONFLICT (inbox_id) DO UPDATE SET due_at = now(), attempts = 0, step = 'process'
        """,
        {"ids": list(ids) if ids is not None else None, "connection": connection, "state": state, "since": since},
    )


def counts(session: Session) -> dict[str, int]:
    """Entries by state."""
    row = session.one(
        """
        SELECT (SELECT count(*) FROM inbox), (SELECT count(*) FROM inbox_queue),
            (SELECT count(*) FROM inbox_outcome o WHERE state = 'skipped'
                AND NOT EXISTS (SELECT FROM inbox_queue q WHERE q.inbox_id = o.inbox_id)),
            (SELECT count(*) FROM inbox_outcome o WHERE state = 'parked'
                AND NOT EXISTS (SELECT FROM inbox_queue q WHERE q.inbox_id = o.inbox_id))
        """
    )
    total, pending, skipped, parked = row or (0, 0, 0, 0)
    return {"pending": pending, "done": total - pending - skipped - parked, "skipped": skipped, "parked": parked}


def _claimed(row: tuple[Any, ...]) -> ClaimedEntry:
    inbox_id, attempts, connection, event_id, topic, headers, body, received_at = row
    return ClaimedEntry(
        inbox_id,
        attempts,
        InboxEntry(
            connection=connection,
            event_id=event_id,
            topic=topic,
            headers=orjson.loads(headers),
            body=bytes(body or b""),
            received_at=received_at,
        ),
    )
