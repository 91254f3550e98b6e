"""Records, and the locks that order concurrent resolves."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from hub.errors import RetryableError
from hub.mapping.record_state import State
from hub.model.profile import RecordReference
from hub.store import text
from hub.store.database import Row, Session


@dataclass(slots=True)
class RecordRow:
    """One record. ``profile_id`` is None where nobody has placed it yet; ``features`` is how it is compared."""

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


def hold_profiles_of(session: Session, records: Collection[UUID]) -> dict[UUID, ProfileRow]:
    """Lock the profiles of these records, as far as nobody else has them."""
    rows = session.rows(
        """
        SELECT id, version, golden, created_at FROM profile
        WHERE id = ANY(ARRAY(SELECT profile_id FROM record WHERE id = ANY(%b)))
        ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
        """,
        [list(records)],
    )
    return {row[0]: ProfileRow(*row) for row in rows}


def hold_homes_of(session: Session, records: Collection[UUID]) -> set[UUID]:
    """The same without reading the profiles; gives their ids."""
    rows = session.rows(
        """
        SELECT id FROM profile WHERE id = ANY(ARRAY(SELECT profile_id FROM record WHERE id = ANY(%b)))
        ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
        """,
        [list(records)],
    )
    return {row[0] for row in rows}


def hold_unplaced(session: Session, records: Collection[UUID]) -> set[UUID]:
    """Lock those of these records that nobody has placed yet, as far as nobody else has them."""
    rows = session.rows(
        """
        SELECT id, profile_id FROM record WHERE id = ANY(%b) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
        """,
        [list(records)],
    )
    # A statement of its own: whoever placed one of them in between is seen by it.
    placed = {row[0] for row in session.rows("SELECT id FROM profile WHERE id = ANY(%b)", [[home for _, home in rows]])}
    return {record for record, home in rows if home not in placed}


def hold_records(session: Session, records: Collection[UUID]) -> set[UUID]:
    """Lock these records, as far as nobody else has them."""
    rows = session.rows(
        "SELECT id FROM record WHERE id = ANY(%b) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED", [list(records)]
    )
    return {row[0] for row in rows}


def await_these(session: Session, records: Collection[UUID]) -> None:
    """Wait for whoever has the profiles of these records, or the records themselves, and lock them; in one order."""
    session.run(
        """
        SELECT FROM profile WHERE id = ANY(ARRAY(SELECT profile_id FROM record WHERE id = ANY(%b)))
        ORDER BY id FOR NO KEY UPDATE
        """,
        [list(records)],
    )
    session.run(
        """
        SELECT FROM record r WHERE id = ANY(%b) AND NOT EXISTS (SELECT FROM profile p WHERE p.id = r.profile_id)
        ORDER BY id FOR NO KEY UPDATE
        """,
        [list(records)],
    )


def lock_records(session: Session, records: Collection[UUID]) -> dict[UUID, RecordRow]:
    """Lock these records, in one order, as far as they are stored. Raises UnreadableError when one cannot be read."""
    rows = session.rows(
        """
        SELECT id, connection, kind, external_id, profile_id, state, features FROM record
        WHERE id = ANY(%b) ORDER BY id FOR NO KEY UPDATE
        """,
        [sorted(records)],
    )
    return _by_id(rows)


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
    return _by_id(rows)


def _by_id(rows: Iterable[Row]) -> dict[UUID, RecordRow]:
    return {
        record: RecordRow(
            record, connection, kind, external_id, profile_id, text.read(state, f"record {record}"), features
        )
        for record, connection, kind, external_id, profile_id, state, features in rows
    }


def homes_of(session: Session, records: Collection[UUID]) -> dict[UUID, tuple[UUID, str]]:
    """The profile of each of these records, and how it is compared, packed."""
    rows = session.rows("SELECT id, profile_id, features FROM record WHERE id = ANY(%b)", [list(records)])
    return {record: (home, features) for record, home, features in rows}


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


def update_states(session: Session, records: Sequence[RecordRow]) -> None:
    """Write back states and features of records that are locked."""
    if records:
        ids, _, _, _, _, states, features = _columns(records)
        session.run(
            """
            UPDATE record SET state = given.state, features = given.features
            FROM unnest(%b::uuid[], %b::text[], %b::text[]) AS given (id, state, features)
            WHERE record.id = given.id
            """,
            [ids, states, features],
        )


def move(session: Session, homes: Mapping[UUID, UUID]) -> None:
    """Put each of these records into its profile."""
    if homes:
        ordered = sorted(homes)
        session.run(
            """
            UPDATE record SET profile_id = given.home FROM unnest(%b::uuid[], %b::uuid[]) AS given (id, home)
            WHERE record.id = given.id
            """,
            [ordered, [homes[record] for record in ordered]],
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
