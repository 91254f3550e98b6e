"""What a trial of other rules reads: all records in one snapshot. Nothing is written."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import NamedTuple
from uuid import UUID

from hub.mapping.record_state import State
from hub.model.judgement import Judgement
from hub.store import judgements, text
from hub.store.database import Row, Session
from hub.store.matches import CrowdRow
from hub.store.records import ProfileRow, RecordRow

PAGE = 1_000
"""Rows fetched at a time."""


def begin(session: Session) -> None:
    """Let the transaction see one moment, however long it takes, and write nothing. The first thing in it."""
    session.run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    # It works on what it read for minutes, and it reads whole tables.
    session.run("SET LOCAL idle_in_transaction_session_timeout = 0")
    session.run("SET LOCAL statement_timeout = 0")
    for way in ("seqscan", "hashjoin", "mergejoin"):
        session.run(f"SET LOCAL enable_{way} = on")


def count(session: Session) -> int:
    """How many records there are."""
    row = session.one("SELECT count(*) FROM record")
    return int(row[0]) if row else 0


def everybody(session: Session) -> Iterator[tuple[UUID, State]]:
    """Every record's state, by id."""
    for record, state in _streamed(session, "everybody", "SELECT id, state FROM record ORDER BY id"):
        yield record, text.read(state, f"record {record}")


def groups(session: Session) -> list[list[int]]:
    """The records of each profile that has several, each by its place among all ids, from 0."""
    rows = session.rows(
        """
        SELECT array_agg(place ORDER BY place)
        FROM (SELECT profile_id, (row_number() OVER (ORDER BY id) - 1)::int AS place FROM record) placed
        GROUP BY profile_id HAVING count(*) > 1
        """
    )
    return [row[0] for row in rows]


class Whose(NamedTuple):
    """A profile and all its records."""

    profile: ProfileRow
    rows: list[RecordRow]


def profiles(session: Session) -> Iterator[Whose]:
    """Every profile with its records."""
    sql = """
        SELECT p.id, p.version, p.golden, p.created_at, r.id, r.connection, r.kind, r.external_id, r.state
        FROM profile p JOIN record r ON r.profile_id = p.id ORDER BY p.id, r.id
        """
    held: Whose | None = None
    for profile, version, golden, created, record, connection, kind, external, state in _streamed(session, "all", sql):
        if held is None or held.profile.id != profile:
            if held is not None:
                yield held
            held = Whose(ProfileRow(profile, version, golden, created), [])
        held.rows.append(RecordRow(record, connection, kind, external, profile, text.read(state, f"record {record}")))
    if held is not None:
        yield held


def known(session: Session, ids: Collection[UUID]) -> dict[UUID, ProfileRow]:
    """These profiles, read without a lock."""
    rows = session.rows("SELECT id, version, golden, created_at FROM profile WHERE id = ANY(%b)", [list(ids)])
    return {row[0]: ProfileRow(*row) for row in rows}


def judged(session: Session) -> list[Judgement]:
    """Every judgement in force, oldest first, and every review that was answered with no."""
    rows = session.rows(
        "SELECT record_id FROM judgement_record UNION SELECT one FROM dismissal UNION SELECT other FROM dismissal"
    )
    return judgements.of_records(session, [row[0] for row in rows])


def shared(session: Session) -> list[CrowdRow]:
    """The identifiers that too many people share now to prove anything."""
    rows = session.rows("SELECT key, kind, value, people, carriers, shared FROM crowd WHERE shared")
    return [CrowdRow(*row) for row in rows]


def _streamed(session: Session, name: str, sql: str) -> Iterator[Row]:
    with session.connection.cursor(name=f"hub_{name}") as cursor:
        cursor.itersize = PAGE
        cursor.execute(sql.encode())
        yield from cursor
