"""Blocking keys, matches and crowds: what identity stores between batches."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from hub.mapping.record_state import State
from hub.store import text
from hub.store.database import Session

Pair = tuple[UUID, UUID]
"""Two record ids, the smaller first."""


class CrowdRow(NamedTuple):
    """An identifier value (hashed key) that more than one person uses. ``carriers``: records seen under it."""

    key: int
    kind: str
    value: str
    people: int
    carriers: int
    shared: bool


class Bucket(NamedTuple):
    """The records under a key. When there are more than were asked for, ``number`` is one more and ``records`` is None.

    ``crowd`` is set when the key is an identifier that more than one person uses.
    """

    key: int
    number: int
    records: list[UUID] | None
    crowd: CrowdRow | None


def carriers(session: Session, most: Mapping[int, int], *, least: int = 1) -> list[Bucket]:
    """The records under each key, unless there are more than ``most[key]``.

    Keys with fewer records than ``least`` are left out, unless they are an identifier that more than one person uses.
    """
    rows = session.rows(
        """
        SELECT given.key, found.number, CASE WHEN found.number <= given.most THEN found.records END,
            c.kind, c.value, c.people, c.carriers, c.shared
        FROM unnest(%b::bigint[], %b::int[]) AS given (key, most)
        CROSS JOIN LATERAL (
            SELECT count(*) AS number, array_agg(record_id) AS records
            FROM (SELECT record_id FROM record_key WHERE key = given.key LIMIT given.most + 1) AS these) found
        LEFT JOIN crowd c ON c.key = given.key
        WHERE found.number >= %s OR (found.number > 0 AND c.key IS NOT NULL)
        """,
        [list(most), list(most.values()), least],
    )
    return [
        Bucket(key, number, records, None if crowd[0] is None else CrowdRow(key, *crowd))
        for key, number, records, *crowd in rows
    ]


def first_under(session: Session, most: Mapping[int, int]) -> list[tuple[int, UUID]]:
    """(key, record) of the first records under these keys, in order of id, ``most[key]`` of each."""
    return session.rows(
        """
        SELECT given.key, found.record_id
        FROM unnest(%b::bigint[], %b::int[]) AS given (key, most)
        CROSS JOIN LATERAL (
            SELECT record_id FROM record_key WHERE key = given.key ORDER BY record_id LIMIT given.most) found
        ORDER BY given.key, found.record_id
        """,
        [list(most), list(most.values())],
    )


def neighbours(session: Session, asked: Sequence[tuple[int, UUID, int]]) -> list[list[UUID]]:
    """For each (key, record, width) up to ``width`` records under the key before that record and after it, by id.

    The record itself is among them where it stands under the key.
    """
    if not asked:
        return []
    rows = session.rows(
        """
        SELECT found.records
        FROM unnest(%b::bigint[], %b::uuid[], %b::int[]) WITH ORDINALITY AS given (key, record, width, place)
        CROSS JOIN LATERAL (
            SELECT coalesce(array_agg(record_id), '{}') AS records
            FROM (
                (SELECT record_id FROM record_key WHERE key = given.key AND record_id < given.record
                    ORDER BY record_id DESC LIMIT given.width)
                UNION ALL
                (SELECT record_id FROM record_key WHERE key = given.key AND record_id >= given.record
                    ORDER BY record_id LIMIT given.width + 1)) AS these) found
        ORDER BY given.place
        """,
        list(map(list, zip(*asked, strict=True))),
    )
    return [row[0] for row in rows]


def all_under(session: Session, keys: Collection[int]) -> set[UUID]:
    """Every record under these keys."""
    return {row[0] for row in session.rows("SELECT record_id FROM record_key WHERE key = ANY(%b)", [list(keys)])}


def states(session: Session, records: Collection[UUID]) -> dict[UUID, State]:
    """The states of these records."""
    rows = session.rows("SELECT id, state FROM record WHERE id = ANY(%b)", [list(records)])
    return {record: text.read(state, f"record {record}") for record, state in rows}


def features(session: Session, records: Collection[UUID]) -> dict[UUID, str]:
    """How these records were compared last, packed."""
    return dict(session.rows("SELECT id, features FROM record WHERE id = ANY(%b)", [list(records)]))


def add_keys(session: Session, keys: Collection[tuple[int, UUID]], *, new: bool) -> None:
    """Put records under keys. ``new``: none of these rows exists yet, so that no conflict has to be looked for."""
    if keys:
        session.run(
            f"""
            INSERT INTO record_key (key, record_id) SELECT * FROM unnest(%b::bigint[], %b::uuid[])
            {"" if new else "ON CONFLICT DO NOTHING"}
            """,
            [[key for key, _ in keys], [record for _, record in keys]],
        )


def remove_keys(session: Session, keys: Collection[tuple[int, UUID]]) -> None:
    """Take records out from under keys."""
    if keys:
        session.run(
            """
            DELETE FROM record_key USING unnest(%b::bigint[], %b::uuid[]) AS given (key, record_id)
            WHERE record_key.key = given.key AND record_key.record_id = given.record_id
            """,
            [[key for key, _ in keys], [record for _, record in keys]],
        )


def crowds(session: Session, keys: Collection[int]) -> dict[int, CrowdRow]:
    """How many people use each of these identifiers. Those that one person uses are left out."""
    if not keys:
        return {}
    rows = session.rows(
        "SELECT key, kind, value, people, carriers, shared FROM crowd WHERE key = ANY(%b)", [list(keys)]
    )
    return {row[0]: CrowdRow(*row) for row in rows}


def put_crowds(session: Session, rows: Collection[CrowdRow], now: datetime) -> None:
    """Store how many people use each of these identifiers. Rows of identifiers that one person uses are deleted."""
    gone = [row.key for row in rows if row.people < 2 and not row.shared]
    if gone:
        session.run("DELETE FROM crowd WHERE key = ANY(%b)", [gone])
    kept = [row for row in rows if row.people > 1 or row.shared]
    if kept:
        session.run(
            """
            INSERT INTO crowd (key, kind, value, people, carriers, shared, at)
            SELECT *, %s FROM unnest(%b::bigint[], %b::text[], %b::text[], %b::int[], %b::int[], %b::boolean[])
            ON CONFLICT (key) DO UPDATE SET people = excluded.people, carriers = excluded.carriers,
                shared = excluded.shared,
                at = CASE WHEN crowd.shared = excluded.shared THEN crowd.at ELSE excluded.at END
            """,
            [now, *map(list, zip(*kept, strict=True))],
        )


def matches_of(session: Session, records: Collection[UUID]) -> dict[Pair, float]:
    """Every stored match that one of these records has part in, with its weight."""
    wanted = list(records)
    rows = session.rows(
        """
        SELECT one, other, weight FROM match WHERE one = ANY(%b)
        UNION ALL SELECT one, other, weight FROM match WHERE other = ANY(%b)
        """,
        [wanted, wanted],
    )
    return {(one, other): weight for one, other, weight in rows}


def put_matches(session: Session, matches: Mapping[Pair, float]) -> None:
    """Store matches, or their new weights."""
    if matches:
        session.run(
            """
            INSERT INTO match (one, other, weight) SELECT * FROM unnest(%b::uuid[], %b::uuid[], %b::float8[])
            ON CONFLICT (one, other) DO UPDATE SET weight = excluded.weight
            """,
            [[one for one, _ in matches], [other for _, other in matches], list(matches.values())],
        )


def drop_matches(session: Session, pairs: Iterable[Pair]) -> None:
    """Forget matches."""
    gone = list(pairs)
    if gone:
        session.run(
            """
            DELETE FROM match USING unnest(%b::uuid[], %b::uuid[]) AS given (one, other)
            WHERE match.one = given.one AND match.other = given.other
            """,
            [[one for one, _ in gone], [other for _, other in gone]],
        )


def ask_about(session: Session, asked: Mapping[Pair, bool]) -> None:
    """Store whether a person is asked about these matches, where that changed."""
    if asked:
        session.run(
            """
            UPDATE match SET asked = told.asked = 1
            FROM unnest(%b::uuid[], %b::uuid[], %b::int[]) AS told (one, other, asked)
            WHERE match.one = told.one AND match.other = told.other AND match.asked <> (told.asked = 1)
            """,
            [[one for one, _ in asked], [other for _, other in asked], list(map(int, asked.values()))],
        )


def fellows(session: Session, records: Collection[UUID], most: int) -> list[tuple[UUID, UUID, list[UUID]]]:
    """(record, its profile, the first ``most`` records of that profile by id) of these records."""
    if not records:
        return []
    return session.rows(
        """
        SELECT r.id, r.profile_id, found.records FROM record r
        CROSS JOIN LATERAL (
            SELECT array_agg(id ORDER BY id) AS records
            FROM (SELECT id FROM record WHERE profile_id = r.profile_id ORDER BY id LIMIT %s) AS these) found
        WHERE r.id = ANY(%b)
        """,
        [most, list(records)],
    )
