"""Records, and the locks that order concurrent resolves."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from hub.errors import RetryableError
from hub.mapping.record_state import State
from hub.model.profile import RecordReference
from hub.store import text
from hub.store.database import Session


@dataclass(slots=True)
class RecordRow:
    """One record. ``profile_id`` is None until identity has placed a new one; ``features`` is how it is compared."""

    id: UUID
    connection: str
    kind: str
    external_id: str
    profile_id: UUID | None
    state: State
    features: str = ""


@dataclass(frozen=True, slots=True)
class ProfileRow:
    """A stored profile; ``golden`` is JSON text."""

    id: UUID
    version: int
    golden: str
    created_at: datetime


def lock_profiles(session: Session, ids: Collection[UUID]) -> dict[UUID, ProfileRow]:
    """Lock profiles in one order; profiles that were retired meanwhile are left out."""
    rows = session.rows(
        "SELECT id, version, golden, created_at FROM profile WHERE id = ANY(%b) ORDER BY id FOR NO KEY UPDATE",
        [sorted(ids)],
    )
    return {row[0]: ProfileRow(*row) for row in rows}


def lock_for_traits(session: Session, ids: Collection[UUID]) -> dict[UUID, bool]:
    """Lock profiles in one order, as ``lock_profiles``; gives those that are not retired, and whether they ordered.

    Golden values stay in the database: a run that looks at everybody would read all of it for nothing.
    """
    rows = session.rows(
        """SELECT id, strpos(golden, '"orders":{') > 0 FROM profile WHERE id = ANY(%b) ORDER BY id FOR NO KEY UPDATE""",
        [sorted(ids)],
    )
    return dict(rows)


def golden_of(session: Session, ids: Collection[UUID]) -> dict[UUID, str]:
    """The golden values of these profiles, as JSON texts."""
    return dict(session.rows("SELECT id, golden FROM profile WHERE id = ANY(%b)", [list(ids)]))


def lock_profiles_of(session: Session, records: Collection[UUID], facts: Collection[UUID]) -> dict[UUID, ProfileRow]:
    """Lock, in one order, the profiles of these records and of the records that these facts hang on."""
    rows = session.rows(
        """
        SELECT id, version, golden, created_at FROM profile
        WHERE id = ANY(ARRAY(
            SELECT profile_id FROM record WHERE id = ANY(%b)
            UNION
            SELECT r.profile_id FROM fact f JOIN record r ON r.id = f.record_id WHERE f.id = ANY(%b)))
        ORDER BY id FOR NO KEY UPDATE
        """,
        [list(records), list(facts)],
    )
    return {row[0]: ProfileRow(*row) for row in rows}


def load(session: Session, profiles: Collection[UUID], records: Collection[UUID]) -> dict[UUID, RecordRow]:
    """All records of these profiles, and these records, by id. Raises UnreadableError when one cannot be read."""
    rows = session.rows(
        """
        SELECT id, connection, kind, external_id, profile_id, state, features FROM record WHERE profile_id = ANY(%b)
        UNION
        SELECT id, connection, kind, external_id, profile_id, state, features FROM record WHERE id = ANY(%b)
        """,
        [list(profiles), list(records)],
    )
    return {
        record: RecordRow(
            record, connection, kind, external_id, profile_id, text.read(state, f"record {record}"), features
        )
        for record, connection, kind, external_id, profile_id, state, features in rows
    }


def insert_records(session: Session, records: Sequence[RecordRow], now: datetime) -> None:
    """Store new records. Raises RetryableError when another transaction stored one of them first."""
    if not records:
        return
    ordered = sorted(records, key=lambda record: record.id.int)
    stored = session.run(
        """
        INSERT INTO record (id, connection, kind, external_id, profile_id, state, features, first_seen)
        SELECT *, %s FROM unnest(%b::uuid[], %b::text[], %b::text[], %b::text[], %b::uuid[], %b::text[], %b::text[])
        ON CONFLICT (id) DO NOTHING
        """,
        [now, *_columns(ordered)],
    )
    if stored != len(ordered):
        raise RetryableError("another worker stored one of these records first")


def update_records(session: Session, records: Sequence[RecordRow]) -> None:
    """Write back states and profile ids of records that were loaded under their profile's lock."""
    if records:
        ids, _, _, _, profiles, states, features = _columns(records)
        session.run(
            """
            UPDATE record SET profile_id = given.profile_id, state = given.state, features = given.features
            FROM unnest(%b::uuid[], %b::uuid[], %b::text[], %b::text[]) AS given (id, profile_id, state, features)
            WHERE record.id = given.id
            """,
            [ids, profiles, states, features],
        )


def of_profile(session: Session, profile_id: UUID) -> list[RecordRow]:
    """The records of one profile."""
    return list(load(session, [profile_id], []).values())


def page_of_profile(
    session: Session, profile_id: UUID, *, after: UUID | None = None, limit: int
) -> list[tuple[UUID, RecordReference]]:
    """(id, what it is called) of a profile's records, in the order of their ids, from the one ``after`` this on."""
    rows = session.rows(
        """
        SELECT id, connection, kind, external_id FROM record
        WHERE profile_id = %(profile)s AND (%(after)s::uuid IS NULL OR id > %(after)s) ORDER BY id LIMIT %(limit)s
        """,
        {"profile": profile_id, "after": after, "limit": limit},
    )
    return [(row[0], RecordReference(connection=row[1], kind=row[2], external_id=row[3])) for row in rows]


def under(session: Session, keys: Collection[int], most: int) -> list[RecordRow]:
    """The records under these blocking keys, in order of id, ``most`` at most. Those that cannot be read are none."""
    rows = session.rows(
        """
        SELECT id, connection, kind, external_id, profile_id, state, features FROM record
        WHERE id IN (SELECT record_id FROM record_key WHERE key = ANY(%b)) ORDER BY id LIMIT %s
        """,
        [list(keys), most],
    )
    found = (
        RecordRow(record, connection, kind, external_id, profile_id, text.or_else(state, {}), features)
        for record, connection, kind, external_id, profile_id, state, features in rows
    )
    return [row for row in found if row.state]


def stored(session: Session, records: Collection[UUID]) -> set[UUID]:
    """Those of these records that are stored."""
    return {row[0] for row in session.rows("SELECT id FROM record WHERE id = ANY(%b)", [list(records)])}


def names(session: Session, records: Collection[UUID]) -> dict[UUID, RecordReference]:
    """What these records are called at their sources; those that are not stored are left out."""
    rows = session.rows("SELECT id, connection, kind, external_id FROM record WHERE id = ANY(%b)", [list(set(records))])
    return {row[0]: RecordReference(connection=row[1], kind=row[2], external_id=row[3]) for row in rows}


def profiles_of(session: Session, records: Collection[UUID]) -> dict[UUID, UUID]:
    """The profile of each of these records, as far as they are stored."""
    return dict(session.rows("SELECT id, profile_id FROM record WHERE id = ANY(%b)", [list(set(records))]))


def count(session: Session) -> int:
    """How many records there are."""
    row = session.one("SELECT count(*) FROM record")
    return int(row[0]) if row else 0


def _columns(records: Iterable[RecordRow]) -> list[list[Any]]:
    rows = (
        (r.id, r.connection, r.kind, r.external_id, r.profile_id, orjson.dumps(r.state).decode(), r.features)
        for r in records
    )
    return [list(column) for column in zip(*rows, strict=True)]
