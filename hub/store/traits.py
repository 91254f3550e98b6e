"""Traits as they are told, and when time alone changes them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson

from hub.store import text
from hub.store.database import Session
from hub.store.profiles import told_traits


@dataclass(frozen=True, slots=True)
class TraitRow:
    """``told`` are values by the names of ``hub.model.traits.Traits``; ``due_at`` is None where nothing will change."""

    told: Mapping[str, Any]
    model_id: int
    as_of: datetime
    due_at: datetime | None


def of_profiles(session: Session, profiles: Collection[UUID]) -> dict[UUID, TraitRow]:
    """What is stored of these profiles; a row that cannot be read is as none."""
    rows = session.rows(
        "SELECT profile_id, told, model_id, as_of, due_at FROM trait WHERE profile_id = ANY(%b)", [list(profiles)]
    )
    read = ((row[0], text.or_else(row[1], None), *row[2:]) for row in rows)
    return {one: TraitRow(told, *rest) for one, told, *rest in read if isinstance(told, dict)}


def write(session: Session, rows: Mapping[UUID, TraitRow]) -> None:
    """Store these; their profiles are locked by this transaction."""
    if not rows:
        return
    ordered = sorted(rows)
    session.run(
        """
        INSERT INTO trait (profile_id, told, stage, segments, model_id, as_of, due_at)
        SELECT profile_id, told, stage, segments::text[], model_id, as_of, due_at
        FROM unnest(%b::uuid[], %b::text[], %b::text[], %b::text[], %b::bigint[], %b::timestamptz[],
            %s::timestamptz[]) AS given (profile_id, told, stage, segments, model_id, as_of, due_at)
        ON CONFLICT (profile_id) DO UPDATE SET told = excluded.told, stage = excluded.stage,
            segments = excluded.segments, model_id = excluded.model_id, as_of = excluded.as_of,
            due_at = excluded.due_at
        """,
        [
            ordered,
            [orjson.dumps(rows[one].told).decode() for one in ordered],
            [rows[one].told.get("stage", "") for one in ordered],
            [_names(rows[one].told.get("segments", ())) for one in ordered],
            [rows[one].model_id for one in ordered],
            [rows[one].as_of for one in ordered],
            [rows[one].due_at for one in ordered],
        ],
    )


def _names(segments: Sequence[str]) -> str:
    """As an array; names of segments are words of letters, digits, ``-`` and ``_``."""
    return f"{{{','.join(segments)}}}"


def with_golden(session: Session, ids: Collection[UUID]) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Golden values and traits of these profiles, by id; those that cannot be read are left out."""
    rows = session.rows(
        "SELECT p.golden, t.told FROM profile p LEFT JOIN trait t ON t.profile_id = p.id WHERE p.id = ANY(%b) "
        "ORDER BY p.id",
        [list(ids)],
    )
    read = ((text.or_else(golden, None), text.or_else(traits or "{}", {})) for golden, traits in rows)
    return [(golden, dict(told_traits(golden, traits or None))) for golden, traits in read if isinstance(golden, dict)]


def due(session: Session, limit: int) -> list[UUID]:
    """Profiles of whom time has changed something by now, the longest due first."""
    rows = session.rows("SELECT profile_id FROM trait WHERE due_at <= now() ORDER BY due_at LIMIT %s", [limit])
    return [row[0] for row in rows]


def touch(session: Session, profiles: Collection[UUID], now: datetime) -> None:
    """Give these profiles a new version, though no golden value changed: receivers know a message by it."""
    if profiles:
        session.run(
            "UPDATE profile SET version = version + 1, updated_at = %s WHERE id = ANY(%b)", [now, list(profiles)]
        )


# -- counts ------------------------------------------------------------------------------------------------------------


def by_stage(session: Session) -> dict[str, int]:
    """How many profiles are in each stage."""
    return dict(session.rows("SELECT stage, count(*) FROM trait GROUP BY stage"))


def by_trait(session: Session, name: str) -> dict[str, int]:
    """How many profiles have each value of a trait that is one word."""
    pattern = f'"{name}":"([a-z_]*)"'
    rows = session.rows(
        "SELECT substring(told FROM %s), count(*) FROM trait WHERE told ~ %s GROUP BY 1", [pattern, pattern]
    )
    return dict(rows)


def segment_sizes(session: Session) -> dict[str, int]:
    """How many profiles are in each segment that has any."""
    return dict(session.rows("SELECT unnest(segments), count(*) FROM trait WHERE segments <> '{}' GROUP BY 1"))


def overlaps(session: Session, segment: str) -> dict[str, int]:
    """How many of a segment are in each other one, too."""
    return dict(
        session.rows(
            "SELECT other, count(*) FROM trait, unnest(segments) AS other "
            "WHERE segments <> '{}' AND segments @> ARRAY[%s] AND other <> %s GROUP BY 1 ORDER BY 2 DESC, 1",
            [segment, segment],
        )
    )


def members(session: Session, segment: str, after: UUID | None, limit: int) -> list[UUID]:
    """Profiles of a segment by id."""
    rows = session.rows(
        "SELECT profile_id FROM trait WHERE segments <> '{}' AND segments @> ARRAY[%s] AND profile_id > %s "
        "ORDER BY profile_id LIMIT %s",
        [segment, after or UUID(int=0), limit],
    )
    return [row[0] for row in rows]


def of_stage(session: Session, stage: str, limit: int, offset: int = 0) -> list[UUID]:
    """Profiles in a stage, those first of whom most is expected in a year; then by id."""
    rows = session.rows(
        """
        SELECT profile_id FROM trait WHERE stage = %s
        ORDER BY substring(told from '"value_next_year":"?([0-9.]+)')::numeric DESC NULLS LAST, profile_id
        LIMIT %s OFFSET %s
        """,
        [stage, limit, offset],
    )
    return [row[0] for row in rows]


def note_sizes(session: Session, day: date, sizes: Mapping[str, int]) -> None:
    """Store how large segments are on a day."""
    if sizes:
        session.run(
            """
            INSERT INTO segment_size (segment, day, size)
            SELECT segment, %s, size FROM unnest(%b::text[], %b::bigint[]) AS given (segment, size)
            ON CONFLICT (segment, day) DO UPDATE SET size = excluded.size
            """,
            [day, list(sizes), list(sizes.values())],
        )


def size_history(session: Session, segment: str, limit: int) -> list[tuple[date, int]]:
    """The newest known sizes of a segment, newest first."""
    return [
        (row[0], row[1])
        for row in session.rows(
            "SELECT day, size FROM segment_size WHERE segment = %s ORDER BY day DESC LIMIT %s", [segment, limit]
        )
    ]
