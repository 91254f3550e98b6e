"""Inbox: storing deliveries, claiming entries, and what became of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import psycopg

from hub.sdk.source import InboxEntry
from hub.store import notes, text
from hub.store.database import Session

NO_BODY = "its body is no longer kept (retention.bodies), or was erased"
"""What is said of an entry that can be shown, but not run again."""

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
    """An entry locked by this transaction; ``id`` is its inbox id, ``claimed_at`` PostgreSQL's time then."""

    id: int
    attempts: int
    entry: InboxEntry
    claimed_at: datetime

    def with_completions(self, completions: Mapping[str, bytes]) -> ClaimedEntry:
        """The same entry with fetched bodies."""
        return replace(self, entry=replace(self.entry, completions=completions))


_OF_SENDER = COLUMNS.removesuffix(", received_at")


async def copy_in(connection: psycopg.AsyncConnection[Any], entries: Sequence[NewEntry]) -> None:
    """Store entries with one COPY. Raises UniqueViolation when one of them is there already; nothing is stored then.

    PostgreSQL stamps their arrival: of several API hosts one may have a wrong clock, and arrival breaks ties.
    """
    async with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY inbox ({_OF_SENDER}) FROM STDIN (FORMAT BINARY)".encode()) as copy,
    ):
        copy.set_types(_TYPES[:-1])
        for entry in entries:
            await copy.write_row(entry.row()[:-1])


async def insert_new(connection: psycopg.AsyncConnection[Any], entries: Sequence[NewEntry]) -> None:
    """Store the entries that are not there yet, in order; duplicates are swallowed. Stamped as by ``copy_in``."""
    await connection.execute(
        f"""
        INSERT INTO inbox ({_OF_SENDER})
        SELECT * FROM unnest(%b::text[], %b::text[], %b::text[], %b::text[], %b::bytea[])
        ON CONFLICT (connection, event_id) DO NOTHING
        """.encode(),
        _columns(entries)[:-1],
    )


def insert(session: Session, entries: Sequence[NewEntry]) -> int:
    """Store a backfill's entries that are not stored yet, each with its time of receipt; gives how many were new."""
    if not entries:
        return 0
    return session.run(
        f"""
        INSERT INTO inbox ({COLUMNS})
        SELECT * FROM unnest(%b::text[], %b::text[], %b::text[], %b::text[], %b::bytea[], %b::timestamptz[])
        ON CONFLICT (connection, event_id) DO NOTHING
        """,
        _columns(entries),
    )


def _columns(entries: Sequence[NewEntry]) -> list[list[Any]]:
    return [list(column) for column in zip(*(entry.row() for entry in entries), strict=True)]


CLAIM_BYTES = 16 * 1024 * 1024
"""Bodies of one claim: 500 large ones would take more memory than a worker has."""


# The connections that have entries of a step, each found by one look into the index: it costs as many looks as there
# are connections, however many entries wait.
_NAMED = """
    named AS (
        (SELECT connection FROM inbox_queue WHERE step = %(step)s ORDER BY connection LIMIT 1)
        UNION ALL
        SELECT (SELECT q.connection FROM inbox_queue q WHERE q.step = %(step)s AND q.connection > named.connection
            ORDER BY q.connection LIMIT 1)
        FROM named WHERE named.connection IS NOT NULL
    )"""
_DUE_OF = "q.step = %(step)s AND q.connection = {of} AND q.due_at <= now()"
_ENTRIES = """
    sized AS (
        SELECT i.id, due.attempts,
            sum(octet_length(i.body)) OVER (ORDER BY due.turn, i.id) - octet_length(i.body) AS bytes_before
        FROM due JOIN inbox i ON i.id = due.inbox_id)
    SELECT i.id, s.attempts, now(), i.connection, i.event_id, i.topic, i.headers, i.body, i.received_at
    FROM sized s JOIN inbox i ON i.id = s.id WHERE coalesce(s.bytes_before, 0) < %(bytes)s ORDER BY i.id
    """
_CLAIM = f"""
    WITH RECURSIVE {_NAMED}, quota AS MATERIALIZED (
        SELECT connection, count(*) AS share FROM (
            SELECT named.connection, turns.turn
            FROM named CROSS JOIN LATERAL (
                SELECT first.inbox_id, row_number() OVER (ORDER BY first.inbox_id) AS turn FROM (
                    SELECT q.inbox_id FROM inbox_queue q WHERE {_DUE_OF.format(of="named.connection")}
                    ORDER BY q.inbox_id LIMIT %(limit)s) first) turns
            ORDER BY turns.turn, turns.inbox_id LIMIT %(limit)s) taken
        GROUP BY connection
    ), due AS MATERIALIZED (
        SELECT locked.inbox_id, locked.attempts,
            row_number() OVER (PARTITION BY quota.connection ORDER BY locked.inbox_id) AS turn
        FROM quota CROSS JOIN LATERAL (
            SELECT q.inbox_id, q.attempts FROM inbox_queue q WHERE {_DUE_OF.format(of="quota.connection")}
            ORDER BY q.inbox_id LIMIT quota.share FOR UPDATE SKIP LOCKED) locked
    ), {_ENTRIES}"""
_CLAIM_OF = f"""
    WITH due AS MATERIALIZED (
        SELECT q.inbox_id, q.attempts, 0 AS turn FROM inbox_queue q WHERE {_DUE_OF.format(of="%(connection)s")}
        ORDER BY q.inbox_id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
    ), {_ENTRIES}"""
_CLAIM_THESE = f"""
    WITH due AS MATERIALIZED (
        SELECT q.inbox_id, q.attempts, 0 AS turn FROM inbox_queue q
        WHERE q.inbox_id = ANY(%(ids)s) AND q.step = %(step)s AND q.due_at <= now()
        ORDER BY q.inbox_id FOR UPDATE SKIP LOCKED
    ), {_ENTRIES}"""


def claim(session: Session, step: str, limit: int) -> list[ClaimedEntry]:
    """Lock up to ``limit`` due entries of a step, and give as many (one at least) as ``CLAIM_BYTES`` holds.

    Connections take turns: each gets an equal share of the batch, and what one leaves over the others share. Within a
    connection the first stored are the first claimed. Other workers skip them until this transaction ends.
    """
    rows = session.rows(_CLAIM, {"step": step, "limit": limit, "bytes": CLAIM_BYTES})
    return [_claimed(row) for row in rows]


def claim_of(session: Session, step: str, connection: str, limit: int) -> list[ClaimedEntry]:
    """``claim`` for one connection."""
    asked = {"step": step, "connection": connection, "limit": limit, "bytes": CLAIM_BYTES}
    return [_claimed(row) for row in session.rows(_CLAIM_OF, asked)]


def claim_these(session: Session, step: str, ids: Sequence[int]) -> list[ClaimedEntry]:
    """``claim`` for these entries, as far as they are still due."""
    rows = session.rows(_CLAIM_THESE, {"step": step, "ids": list(ids), "bytes": CLAIM_BYTES})
    return [_claimed(row) for row in rows]


def completions(session: Session, ids: Sequence[int]) -> dict[int, dict[str, bytes]]:
    """The fetched bodies of these entries: inbox id to name to body."""
    found: dict[int, dict[str, bytes]] = {}
    for inbox_id, name, body in session.rows(
        "SELECT inbox_id, name, body FROM completion WHERE inbox_id = ANY(%s)", [list(ids)]
    ):
        found.setdefault(inbox_id, {})[name] = bytes(body)
    return found


def add_completion(session: Session, inbox_id: int, name: str, body: bytes, took: timedelta = timedelta()) -> None:
    """Keep a body beside its entry, as of when it was asked for; a second fetch of the same name changes nothing."""
    session.run("INSERT INTO completion VALUES(%s,%s,%s,now()-%s) ON CONFLICT DO NOTHING", [inbox_id, name, body, took])


def finish(session: Session, ids: Sequence[int], *, done: Sequence[int] = (), worked_on: Sequence[int] = ()) -> None:
    """Take entries off the queue.

    Forget earlier outcomes of entries that are ``done`` now, and earlier notes of all that were ``worked_on``.
    """
    session.run(
        """
        WITH noted AS (DELETE FROM inbox_note WHERE inbox_id = ANY(%(worked_on)s)),
            told AS (DELETE FROM inbox_outcome WHERE inbox_id = ANY(%(done)s))
        DELETE FROM inbox_queue WHERE inbox_id = ANY(%(ids)s)
        """,
        {"ids": list(ids), "done": list(done), "worked_on": list(worked_on)},
    )


def move(session: Session, ids: Sequence[int], step: str) -> None:
    """Hand entries to another step."""
    session.run(
        "UPDATE inbox_queue SET step = %s, attempts = 0, due_at = now() WHERE inbox_id = ANY(%s)", [step, list(ids)]
    )


def postpone(session: Session, waits: Mapping[int, timedelta], *, counted: bool = True) -> None:
    """Try entries again after their waits, by PostgreSQL's clock; ``counted`` False when the delay was no failure."""
    session.run(
        "UPDATE inbox_queue SET due_at = now() + given.wait, attempts = attempts + %s"
        " FROM unnest(%s::bigint[], %s::interval[]) AS given (id, wait) WHERE inbox_id = given.id",
        [int(counted), list(waits), list(waits.values())],
    )


def lease(session: Session, ids: Sequence[int], time: timedelta) -> None:
    """Reserve entries for this process for so long; they are due again after it, also when the process dies. 0: now."""
    session.run("UPDATE inbox_queue SET due_at = now() + %s WHERE inbox_id = ANY(%s)", [time, list(ids)])


def set_outcomes(session: Session, outcomes: Sequence[tuple[int, str, str]]) -> None:
    """Note entries that were skipped or parked: (inbox id, state, reason)."""
    session.run(
        """
        INSERT INTO inbox_outcome
        SELECT *, now() FROM unnest(%b::bigint[], %b::text[], %b::text[])
        ON CONFLICT (inbox_id) DO UPDATE SET state = excluded.state, reason = excluded.reason, at = excluded.at
        """,
        [*map(list, zip(*outcomes, strict=True))],
    )


def due(session: Session, step: str) -> dict[str, float]:
    """Connections with a due entry of a step: the age in seconds of the first. Costs the same however many wait.

    Of ``complete``, connections whose vendor is left alone are not among them.
    """
    rows = session.rows(
        f"""
        WITH RECURSIVE {_NAMED}
        SELECT named.connection, extract(epoch FROM now() - i.received_at)::float8
        FROM named CROSS JOIN LATERAL (
            SELECT q.inbox_id FROM inbox_queue q WHERE {_DUE_OF.format(of="named.connection")}
            ORDER BY q.inbox_id LIMIT 1) first
        JOIN inbox i ON i.id = first.inbox_id
        WHERE %(step)s <> 'complete' OR NOT EXISTS (
            SELECT FROM completion_rest r WHERE r.connection = named.connection AND r.not_before > now())
        """,
        {"step": step},
    )
    return {connection: max(0.0, age) for connection, age in rows}


def oldest_due(session: Session, step: str) -> float | None:
    """The age in seconds of the oldest of these, or None."""
    return max(due(session, step).values(), default=None)


def waiting(session: Session, steps: Collection[str]) -> dict[str, int]:
    """How many entries wait for each of these steps."""
    found: dict[str, int] = dict(session.rows("SELECT step, count(*) FROM inbox_queue GROUP BY step"))
    return {step: found.get(step, 0) for step in steps}


_STATE = """
    CASE WHEN q.inbox_id IS NOT NULL THEN 'pending' ELSE coalesce(o.state, 'done') END
    """
_WAITS = "LEFT JOIN inbox_queue q ON q.inbox_id = i.id AND q.step <> 'reread'"
_JOINS = f"{_WAITS} LEFT JOIN inbox_outcome o ON o.inbox_id = i.id"


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
    """One entry with headers, body, completions and notes, or None."""
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
    entry["headers"] = text.or_else(entry["headers"], {})
    entry["completions"] = completions(session, [inbox_id]).get(inbox_id, {})
    entry["notes"] = notes.of_entry(session, inbox_id)
    return entry


_CHOSEN = f"""
    (%(ids)s::bigint[] IS NULL OR i.id = ANY(%(ids)s))
          AND (%(connection)s::text IS NULL OR i.connection = %(connection)s)
          AND (%(since)s::timestamptz IS NULL OR i.received_at >= %(since)s)
          AND (%(state)s::text IS NULL OR {_STATE} = %(state)s)
    """


def requeue(
    session: Session,
    *,
    ids: Iterable[int] | None = None,
    connection: str | None = None,
    state: str | None = None,
    since: datetime | None = None,
) -> int:
    """Put stored entries back to be processed again (replay); gives how many. Those without a body stay as they are.

    The rows are locked, so that no body is removed between this look and the commit.
    """
    return session.run(
        f"""
        INSERT INTO inbox_queue (inbox_id, connection)
        SELECT i.id, i.connection FROM inbox i {_JOINS}
        WHERE i.body IS NOT NULL AND {_CHOSEN}
        FOR KEY SHARE OF i
        ON CONFLICT (inbox_id) DO UPDATE SET due_at = now(), attempts = 0, step = 'process'
        """,
        {"ids": list(ids) if ids is not None else None, "connection": connection, "state": state, "since": since},
    )


def without_body(
    session: Session,
    *,
    ids: Iterable[int] | None = None,
    connection: str | None = None,
    state: str | None = None,
    since: datetime | None = None,
) -> int:
    """How many of the entries that ``requeue`` would choose have no body any more."""
    row = session.one(
        f"SELECT count(*) FROM inbox i {_JOINS} WHERE i.body IS NULL AND {_CHOSEN}",
        {"ids": list(ids) if ids is not None else None, "connection": connection, "state": state, "since": since},
    )
    return int(row[0]) if row else 0


def counts(session: Session) -> dict[str, int]:
    """Entries by state."""
    row = session.one(
        """
        SELECT (SELECT count(*) FROM inbox), (SELECT count(*) FROM inbox_queue WHERE step <> 'reread'),
            (SELECT count(*) FROM inbox_outcome o WHERE state = 'skipped'
                AND NOT EXISTS (SELECT FROM inbox_queue q WHERE q.inbox_id = o.inbox_id)),
            (SELECT count(*) FROM inbox_outcome o WHERE state = 'parked'
                AND NOT EXISTS (SELECT FROM inbox_queue q WHERE q.inbox_id = o.inbox_id))
        """
    )
    total, pending, skipped, parked = row or (0, 0, 0, 0)
    return {"pending": pending, "done": total - pending - skipped - parked, "skipped": skipped, "parked": parked}


def _claimed(row: tuple[Any, ...]) -> ClaimedEntry:
    inbox_id, attempts, claimed_at, connection, event_id, topic, headers, body, received_at = row
    return ClaimedEntry(
        inbox_id,
        attempts,
        InboxEntry(
            connection=connection,
            event_id=event_id,
            topic=topic,
            headers=text.or_else(headers, {}),
            body=bytes(body or b""),
            received_at=received_at,
        ),
        claimed_at,
    )
