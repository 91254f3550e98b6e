"""What Hub knows of records at systems that people edit as well: whose they are, what stood there, what was told."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from hub.model.keys import profile_id
from hub.model.profile import RecordReference
from hub.store import text
from hub.store.database import Session


@dataclass(frozen=True, slots=True)
class Known:
    """A record that Hub writes to. ``key`` is the profile it was made for, which may be retired since.

    ``mirror`` is what Hub knows to stand there since ``at``, None where that cannot be told; ``merged`` once it was
    merged away.
    """

    key: UUID
    mirror: dict[str, Any] | None
    at: datetime | None = None
    merged: bool = False


@dataclass(frozen=True, slots=True)
class Stood:
    """What a write said, and when it went out: digests by field."""

    at: datetime
    digests: dict[str, str]


def known(session: Session, destination: str, ids: Collection[str]) -> dict[str, Known]:
    """The records of people there that Hub knows by these ids."""
    rows = session.rows(
        """
        SELECT x.external_id, x.key, m.properties, m.updated_at, x.merged FROM crosswalk x
        LEFT JOIN mirror m ON m.destination = x.destination AND m.key = x.key
        WHERE x.destination = %s AND x.subject = 'profile' AND x.external_id = ANY(%b)
        """,
        [destination, list(ids)],
    )
    return {external: Known(key, _read(mirror), at, merged) for external, key, mirror, at, merged in rows}


def owned(session: Session, destination: str, owners: Collection[UUID]) -> dict[UUID, Known]:
    """The profiles among these that are written there: what they make may come back before the answer to it."""
    rows = session.rows(
        """
        SELECT o.key, m.properties, m.updated_at FROM outbox o
        LEFT JOIN mirror m ON m.destination = o.destination AND m.key = o.key
        WHERE o.destination = %s AND o.key = ANY(%b) AND o.subject = 'profile'
        """,
        [destination, list(owners)],
    )
    return {key: Known(key, _read(mirror), at) for key, mirror, at in rows}


def _read(mirror: str | None) -> dict[str, Any] | None:
    found: dict[str, Any] | None = text.or_else(mirror, None) if mirror is not None else None
    return found


# -- fingerprints -----------------------------------------------------------------------------------------------------


def keep_prints(session: Session, destination: str, prints: Sequence[tuple[UUID, Mapping[str, str]]]) -> None:
    """Note what is being written for these."""
    if prints:
        session.run(
            """
            INSERT INTO write_print (destination, key, at, digests)
            SELECT %s, key, clock_timestamp(), digests
            FROM unnest(%b::uuid[], %b::text[]) AS g (key, digests)
            """,
            [
                destination,
                [key for key, _ in prints],
                [orjson.dumps(dict(digests)).decode() for _, digests in prints],
            ],
        )


def prints(session: Session, destination: str, keys: Collection[UUID]) -> dict[UUID, list[Stood]]:
    """What was written to the records of these, as far as it is still remembered."""
    found: dict[UUID, list[Stood]] = {}
    for key, at, told in session.rows(
        "SELECT key, at, digests FROM write_print WHERE key = ANY(%b) AND destination = %s ORDER BY at",
        [list(keys), destination],
    ):
        found.setdefault(key, []).append(Stood(at, text.or_else(told, {})))
    return found


def forget_prints(session: Session, age: timedelta, limit: int) -> int:
    """Remove the oldest fingerprints beyond ``age``, ``limit`` at most; gives how many."""
    return session.run(
        """
        DELETE FROM write_print WHERE ctid = ANY(ARRAY(
            SELECT ctid FROM write_print WHERE at < now() - %s::interval ORDER BY at LIMIT %s))
        """,
        [age, limit],
    )


# -- what was told ----------------------------------------------------------------------------------------------------


def readings(session: Session, ids: Collection[int]) -> dict[int, dict[str, list[str]]]:
    """What these inbox entries were found to tell: fields by the record's id there."""
    rows = session.rows("SELECT inbox_id, told FROM reading WHERE inbox_id = ANY(%b)", [list(ids)])
    return {inbox_id: text.or_else(told, {}) for inbox_id, told in rows}


def keep_readings(session: Session, told: Mapping[int, Mapping[str, Collection[str]]]) -> None:
    """Keep what these entries told, for a replay."""
    if told:
        texts = [orjson.dumps({one: sorted(fields) for one, fields in by.items()}).decode() for by in told.values()]
        session.run(
            """
            INSERT INTO reading (inbox_id, told) SELECT * FROM unnest(%b::bigint[], %b::text[])
            ON CONFLICT (inbox_id) DO NOTHING
            """,
            [list(told), texts],
        )


def fetched_at(session: Session, ids: Collection[int]) -> dict[int, datetime]:
    """When the first body of each of these entries was fetched; entries that brought their own are left out."""
    rows = session.rows(
        "SELECT inbox_id, min(fetched_at) FROM completion WHERE inbox_id = ANY(%b) GROUP BY 1", [list(ids)]
    )
    return dict(rows)


# -- whose a record is ------------------------------------------------------------------------------------------------


def anchors(session: Session, keys: Collection[UUID]) -> dict[UUID, RecordReference]:
    """For each of these profiles, also a retired one, the record that started it, or another of its records."""
    rows = session.rows(
        """
        SELECT k.key, r.id, r.connection, r.kind, r.external_id
        FROM unnest(%b::uuid[]) AS k (key) LEFT JOIN alias a ON a.id = k.key
        CROSS JOIN LATERAL (SELECT * FROM record c WHERE c.profile_id = coalesce(a.profile_id, k.key) OFFSET 0) r
        ORDER BY r.id
        """,
        [list(keys)],
    )
    found: dict[UUID, RecordReference] = {}
    for key, record, connection, kind, external_id in rows:
        reference = RecordReference(connection=connection, kind=kind, external_id=external_id)
        if profile_id(record) == key:
            found[key] = reference
        else:
            found.setdefault(key, reference)
    return found


def adopt_mirrors(session: Session, destination: str, mirrors: Mapping[UUID, tuple[str, datetime]]) -> None:
    """Take over what was read there (JSON, and when), unless Hub wrote to the record since."""
    if mirrors:
        session.run(
            """
            INSERT INTO mirror AS held (destination, key, properties, updated_at)
            SELECT %s, key, properties, read_at
            FROM unnest(%b::uuid[], %b::text[], %b::timestamptz[]) AS g (key, properties, read_at)
            ON CONFLICT (destination, key) DO UPDATE SET properties = excluded.properties,
                updated_at = excluded.updated_at
            WHERE held.updated_at <= excluded.updated_at
            """,
            [
                destination,
                list(mirrors),
                [properties for properties, _ in mirrors.values()],
                [at for _, at in mirrors.values()],
            ],
        )


def adopt_ids(session: Session, destination: str, ids: Mapping[str, UUID]) -> list[str]:
    """Records that people made there belong to these profiles, where they have none there; gives which were taken."""
    rows = session.rows(
        """
        INSERT INTO crosswalk (destination, external_id, subject, key, created_at)
        SELECT DISTINCT ON (g.key) %(destination)s, g.external_id, 'profile', g.key, now()
        FROM unnest(%(ids)b::text[], %(keys)b::uuid[]) AS g (external_id, key)
        WHERE NOT EXISTS (
            SELECT FROM crosswalk c WHERE c.destination = %(destination)s AND c.subject = 'profile' AND NOT c.merged
                AND (c.key = g.key OR c.key IN (SELECT a.id FROM alias a WHERE a.profile_id = g.key)))
        ORDER BY g.key, g.external_id
        ON CONFLICT DO NOTHING RETURNING external_id
        """,
        {"destination": destination, "ids": list(ids), "keys": list(ids.values())},
    )
    return [row[0] for row in rows]


def merged_there(session: Session, destination: str, into: str, ids: Collection[str], key: UUID | None) -> None:
    """People merged these records into another one there; Hub goes on with that."""
    session.run(
        """
        UPDATE crosswalk SET merged = true
        WHERE destination = %s AND subject = 'profile' AND external_id = ANY(%b) AND external_id <> %s
        """,
        [destination, list(ids), into],
    )
    if key is not None:
        session.run(
            """
            INSERT INTO crosswalk (destination, external_id, subject, key, created_at)
            VALUES (%s, %s, 'profile', %s, now())
            ON CONFLICT (destination, subject, external_id) DO UPDATE SET merged = false
            """,
            [destination, into, key],
        )


def gone_there(session: Session, destination: str, ids: Collection[str], *, gone: bool) -> None:
    """Note that people deleted these records there, or that they are back."""
    session.run(
        """
        UPDATE crosswalk SET gone_at = CASE WHEN %s THEN now() END
        WHERE destination = %s AND subject = 'profile' AND external_id = ANY(%b) AND (gone_at IS NULL) = %s
        """,
        [gone, destination, list(ids), gone],
    )


def back_there(session: Session, destination: str, keys: Collection[UUID]) -> None:
    """The records that people deleted of these profiles may be made anew."""
    session.run(
        """
        UPDATE crosswalk SET gone_at = NULL, merged = true
        WHERE destination = %(destination)s AND subject = 'profile' AND gone_at IS NOT NULL AND (key = ANY(%(keys)b)
            OR key IN (SELECT a.id FROM alias a WHERE a.profile_id = ANY(%(keys)b)))
        """,
        {"destination": destination, "keys": list(keys)},
    )


def current(session: Session, keys: Collection[UUID]) -> dict[UUID, tuple[UUID, int]]:
    """What each of these profile ids leads to now: a profile, and its version."""
    rows = session.rows(
        """
        SELECT k.key, p.id, p.version FROM unnest(%b::uuid[]) AS k (key) LEFT JOIN alias a ON a.id = k.key
        CROSS JOIN LATERAL (SELECT id, version FROM profile q WHERE q.id = coalesce(a.profile_id, k.key) OFFSET 0) p
        """,
        [list(keys)],
    )
    return {key: (profile, version) for key, profile, version in rows}
