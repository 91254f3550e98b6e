"""Records, identifiers, and the locks that order concurrent resolves."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from hub.errors import RetryableError
from hub.mapping.record_state import State
from hub.model.identifier import CarriedStrength
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
class LinkRow:
    """A record carries an identifier; ``inbox_id`` is the event that told so first."""

    record_id: UUID
    identifier_id: UUID
    strength: CarriedStrength
    inbox_id: int


@dataclass(frozen=True, slots=True)
class IdentifierRow:
    id: UUID
    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class ProfileRow:
    """A stored profile; ``golden`` is JSON text."""

    id: UUID
    version: int
    golden: str
    created_at: datetime


def insert_identifiers(session: Session, identifiers: Collection[IdentifierRow]) -> None:
    """Make the identifiers exist."""
    ordered = sorted(identifiers, key=lambda identifier: identifier.id.int)
    if ordered:
        session.run(
            """
            INSERT INTO identifier (id, kind, value)
            SELECT * FROM unnest(%b::uuid[], %b::text[], %b::text[]) AS given (id, kind, value) ORDER BY id
            ON CONFLICT (id) DO NOTHING
            """,
            [[i.id for i in ordered], [i.kind for i in ordered], [i.value for i in ordered]],
        )


def touched(session: Session, records: Collection[UUID], facts: Collection[UUID]) -> dict[UUID, UUID]:
    """Those of these records that are stored, and the records these facts hang on, each with its profile now."""
    rows = session.rows(
        """
        SELECT id, profile_id FROM record WHERE id = ANY(%b)
        UNION
        SELECT r.id, r.profile_id FROM fact f JOIN record r ON r.id = f.record_id WHERE f.id = ANY(%b)
        """,
        [list(records), list(facts)],
    )
    return dict(rows)


def lock_profiles(session: Session, ids: Collection[UUID]) -> dict[UUID, ProfileRow]:
    """Lock profiles in one order; those retired meanwhile are not among the answer."""
    rows = session.rows(
        """
        SELECT id, version, golden, created_at FROM profile WHERE id = ANY(%b) ORDER BY id FOR NO KEY UPDATE
        """,
        [sorted(ids)],
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


def load_links(session: Session, records: Collection[UUID]) -> dict[tuple[UUID, UUID], CarriedStrength]:
    """(record, identifier) to strength, of these records."""
    rows = session.rows(
        "SELECT record_id, identifier_id, strength FROM record_identifier WHERE record_id = ANY(%b)", [list(records)]
    )
    return {(record, identifier): strength for record, identifier, strength in rows}


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


def insert_links(session: Session, links: Sequence[LinkRow]) -> None:
    """Store which record carries which identifier, and how."""
    if links:
        session.run(
            """
            INSERT INTO record_identifier (identifier_id, record_id, strength, inbox_id)
            SELECT * FROM unnest(%b::uuid[], %b::uuid[], %b::text[], %b::bigint[])
            ON CONFLICT (identifier_id, record_id) DO UPDATE SET strength = excluded.strength
            """,
            [
                [link.identifier_id for link in links],
                [link.record_id for link in links],
                [link.strength for link in links],
                [link.inbox_id for link in links],
            ],
        )


def of_profile(session: Session, profile_id: UUID) -> list[RecordRow]:
    """The records of one profile."""
    return list(load(session, [profile_id], []).values())


def evidence(session: Session, profile_id: UUID) -> list[dict[str, Any]]:
    """The identifiers of a profile's records: which record carries what, how strong, since which event."""
    rows = session.rows(
        """
        SELECT i.kind, i.value, i.shared, l.strength, r.connection, r.kind, r.external_id, l.inbox_id
        FROM record r JOIN record_identifier l ON l.record_id = r.id JOIN identifier i ON i.id = l.identifier_id
        WHERE r.profile_id = %s ORDER BY i.kind, i.value, r.connection, r.kind, r.external_id
        """,
        [profile_id],
    )
    names = ("kind", "value", "shared", "strength", "connection", "record_kind", "external_id", "event")
    return [dict(zip(names, row, strict=True)) for row in rows]


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
