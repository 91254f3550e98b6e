"""Retention: removes what is old and no longer needed, in small steps that each begin where the last one ended.

That an event came (connection and event id), what it says about whom, and what was decided stay for ever: a redelivery
after years is still one. Ages are taken by the database's own clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from hub.store.database import Session

Kind = Literal["bodies", "attempts", "outcomes", "visits"]

_LOCK = 0x48554204  # "HUB" + 4: one process at a time


@dataclass(frozen=True, slots=True)
class Step:
    """One step: how many rows it removed, and whether more are old enough."""

    removed: int
    more: bool


_NOTHING = Step(0, more=False)


def bodies(session: Session, age: timedelta, limit: int) -> Step:
    """Remove the bodies of the next entries that are older than ``age``, and what was fetched for them.

    Entries that wait or are parked keep theirs and are noted for ``revisit_bodies``.
    """
    if (upto := _begin(session, "bodies")) is None:
        return _NOTHING
    ids, more = _old(session, "SELECT id, received_at < now() - %s FROM inbox", "id", upto, age, limit)
    if not ids:
        return _NOTHING
    removed = _remove_bodies(session, ids)
    session.run(
        """
        INSERT INTO retention_held SELECT id FROM inbox WHERE id = ANY(%b) AND body IS NOT NULL
        ON CONFLICT DO NOTHING
        """,
        [ids],
    )
    _end(session, "bodies", ids[-1], removed)
    return Step(removed, more)


def revisit_bodies(session: Session, limit: int) -> Step:
    """Remove the bodies that were kept because their entries still waited, once these are done."""
    if (upto := _begin(session, "bodies")) is None:
        return _NOTHING
    ids = [
        row[0]
        for row in session.rows(
            """
            SELECT h.inbox_id FROM retention_held h
            WHERE NOT EXISTS (SELECT FROM inbox_queue q WHERE q.inbox_id = h.inbox_id)
                AND NOT EXISTS (SELECT FROM inbox_outcome o WHERE o.inbox_id = h.inbox_id AND o.state = 'parked')
            ORDER BY h.inbox_id LIMIT %s
            """,
            [limit],
        )
    ]
    removed = _remove_bodies(session, ids)
    session.run(
        """
        DELETE FROM retention_held h USING inbox i WHERE h.inbox_id = ANY(%b) AND i.id = h.inbox_id AND i.body IS NULL
        """,
        [ids],
    )
    _end(session, "bodies", upto, removed)
    return Step(removed, more=len(ids) == limit and removed > 0)


def attempts(session: Session, age: timedelta, limit: int) -> Step:
    """Remove attempts that a later one, older than ``age`` as well, stands for: the last of each row always stays."""
    if (upto := _begin(session, "attempts")) is None:
        return _NOTHING
    ids, more = _old(session, "SELECT id, at < now() - %s FROM attempt", "id", upto, age, limit)
    if not ids:
        return _NOTHING
    removed = session.run(
        """
        DELETE FROM attempt a USING (
            SELECT DISTINCT ON (destination, key) destination, key, id, version FROM attempt
            WHERE id = ANY(%b) ORDER BY destination, key, id DESC) last
        WHERE a.key = last.key AND a.destination = last.destination AND a.id < last.id AND a.version <= last.version
        """,
        [ids],
    )
    _end(session, "attempts", ids[-1], removed)
    return Step(removed, more)


def outcomes(session: Session, age: timedelta, limit: int) -> Step:
    """Remove why entries were skipped; parked ones wait for a person however long."""
    if (upto := _begin(session, "outcomes")) is None:
        return _NOTHING
    removed = session.run(
        """
        DELETE FROM inbox_outcome USING (
            SELECT inbox_id FROM inbox_outcome WHERE state = 'skipped' ORDER BY inbox_id LIMIT %s) first
        WHERE inbox_outcome.inbox_id = first.inbox_id AND at < now() - %s
        """,
        [limit, age],
    )
    _end(session, "outcomes", upto, removed)
    return Step(removed, more=removed == limit)


def visits(session: Session, age: timedelta, limit: int) -> Step:
    """Remove what nobody knows who did it: interactions that wait under the key of a record that was never made.

    They are gone through by the time of arrival, in microseconds since 1970, and one that belongs to somebody by then
    is never looked at again.
    """
    if (upto := _begin(session, "visits")) is None:
        return _NOTHING
    row = session.one(
        """
        SELECT max(received_at), (extract(epoch FROM max(received_at)) * 1000000)::bigint, count(*) FROM (
            SELECT received_at FROM fact WHERE kind = 'interaction' AND received_at < now() - %(age)s
                AND received_at > timestamptz 'epoch' + %(upto)s * interval '1 microsecond'
            ORDER BY received_at LIMIT %(limit)s) next
        """,
        {"age": age, "upto": upto, "limit": limit},
    )
    if row is None or row[0] is None:
        return _NOTHING
    last, reached, looked_at = row
    removed = session.run(
        """
        DELETE FROM fact f WHERE f.kind = 'interaction' AND f.received_at <= %(last)s
            AND f.received_at > timestamptz 'epoch' + %(upto)s * interval '1 microsecond'
            AND f.record_id IS NOT NULL AND NOT EXISTS (SELECT FROM record r WHERE r.id = f.record_id)
        """,
        {"last": last, "upto": upto},
    )
    _end(session, "visits", int(reached), removed)
    return Step(removed, more=looked_at == limit)


def sizes(session: Session) -> dict[str, Any]:
    """Bytes of the database, and of each table with its indexes and rows (estimated), the largest first."""
    tables = session.rows(
        """
        SELECT c.relname::text, greatest(c.reltuples, 0)::bigint, pg_total_relation_size(c.oid)
        FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
        ORDER BY 3 DESC, 1
        """
    )
    removed = session.rows("SELECT kind, removed FROM retention ORDER BY kind")
    return {
        "bytes": database_bytes(session),
        "tables": [{"table": name, "rows": rows, "bytes": size} for name, rows, size in tables],
        "removed": dict(removed),
    }


def database_bytes(session: Session) -> int:
    """What the database takes on disk."""
    row = session.one("SELECT pg_database_size(current_database())")
    return int(row[0]) if row else 0


def _begin(session: Session, kind: Kind) -> int | None:
    """The last id that was looked at, or None while another process is at it."""
    row = session.one("SELECT upto FROM retention WHERE kind = %s AND pg_try_advisory_xact_lock(%s)", [kind, _LOCK])
    return int(row[0]) if row else None


def _end(session: Session, kind: Kind, upto: int, removed: int) -> None:
    session.run(
        "UPDATE retention SET upto = %s, removed = removed + %s, at = now() WHERE kind = %s", [upto, removed, kind]
    )


def _old(session: Session, select: str, key: str, upto: int, age: timedelta, limit: int) -> tuple[list[int], bool]:
    """The next ids, as far as all of them are old: nothing is gone past that is still to grow old."""
    rows = session.rows(f"{select} WHERE {key} > %s ORDER BY {key} LIMIT %s", [age, upto, limit])
    young = next((at for at, (_, old) in enumerate(rows) if not old), len(rows))
    return [id_ for id_, _ in rows[:young]], young == limit


def _remove_bodies(session: Session, ids: Sequence[int]) -> int:
    """Remove those that nobody needs. Locked first and judged after, so that a replay comes wholly before or after."""
    free = [
        row[0]
        for row in session.rows(
            "SELECT id FROM inbox WHERE id = ANY(%b) AND body IS NOT NULL ORDER BY id FOR UPDATE SKIP LOCKED",
            [list(ids)],
        )
    ]
    removed = session.rows(
        """
        UPDATE inbox i SET body = NULL WHERE i.id = ANY(%b)
            AND NOT EXISTS (SELECT FROM inbox_queue q WHERE q.inbox_id = i.id)
            AND NOT EXISTS (SELECT FROM inbox_outcome o WHERE o.inbox_id = i.id AND o.state = 'parked')
        RETURNING i.id
        """,
        [free],
    )
    session.run("DELETE FROM completion WHERE inbox_id = ANY(%b)", [[row[0] for row in removed]])
    return len(removed)
