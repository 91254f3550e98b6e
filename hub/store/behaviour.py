"""What people did besides ordering: read from the facts, and the fold of it as it is stored."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from hub.store import text
from hub.store.database import Session
from hub.store.facts import PARTS

ACTS = ("interaction", "cart", "case", "feedback")
"""Kinds of facts that are acts of a person by themselves."""

_MOST = 500
"""Facts of one record that are read, the newest: a fold looks at no more of a person."""

# A refund is an order's part and has its record only by it; so has a fulfilment. Orders nobody paid are no orders yet.
_ACTS = f"""
    WITH active AS (
        SELECT r.id, r.profile_id FROM record r WHERE r.profile_id = ANY(
            SELECT own.profile_id FROM record own
            WHERE own.profile_id = ANY(%(profiles)b) AND EXISTS (
                SELECT FROM fact f
                WHERE f.record_id = own.id AND f.kind IN ('interaction', 'cart', 'case', 'feedback') OFFSET 0))),
    ordered AS (
        SELECT a.profile_id, o.id, o.happened_at, o.connection,
            state.unpaid AND o.connection <> ALL(%(placed)b::text[]) AS open
        FROM active a
        CROSS JOIN LATERAL (
            SELECT f.id, f.connection, f.happened_at, f.version_at, f.amount, f.currency, f.aspect
            FROM fact f WHERE f.record_id = a.id AND f.kind = 'order' AND f.counted
            ORDER BY f.happened_at DESC, f.id LIMIT {_MOST} OFFSET 0) o
        {PARTS}
        WHERE NOT parts.deleted AND o.amount >= 0)
    SELECT a.profile_id, f.kind, f.happened_at, f.connection, f.payload FROM active a
    CROSS JOIN LATERAL (
        SELECT f.kind, f.happened_at, f.connection, f.payload FROM fact f
        WHERE f.record_id = a.id AND f.kind IN ('interaction', 'cart', 'case', 'feedback')
        ORDER BY f.happened_at DESC, f.id LIMIT {_MOST} OFFSET 0) f
    UNION ALL
    SELECT o.profile_id, CASE WHEN o.open THEN 'open_order' ELSE 'order' END, o.happened_at, o.connection, '{{}}'
    FROM ordered o
    UNION ALL
    SELECT o.profile_id, p.kind, p.happened_at, p.connection, p.payload FROM ordered o
    CROSS JOIN LATERAL (
        SELECT p.kind, p.happened_at, p.connection, p.payload FROM fact p
        WHERE p.parent_id = o.id AND p.kind IN ('fulfilment', 'refund') AND p.counted OFFSET 0) p
    ORDER BY 1
    """


@dataclass(frozen=True, slots=True)
class DoneRow:
    """Something a person did: ``payload`` is decoded, and None where it cannot be read."""

    kind: str
    at: datetime
    connection: str
    payload: Any


def done(session: Session, profiles: Collection[UUID], placed: Collection[str]) -> dict[UUID, list[DoneRow]]:
    """What these people did, orders with it; who did nothing but order is left out. ``placed`` as in ``facts``."""
    found: dict[UUID, list[DoneRow]] = {}
    given = {"profiles": list(profiles), "placed": list(placed)}
    for profile_id, kind, at, connection, payload in session.rows(_ACTS, given) if profiles else ():
        found.setdefault(profile_id, []).append(DoneRow(kind, at, connection, text.or_else(payload, None)))
    return found


def concerned(session: Session, profiles: Collection[UUID], fresh: Collection[UUID]) -> set[UUID]:
    """Which of these profiles have acts: by the fold that is stored, or by what waited for their ``fresh`` records."""
    rows = session.rows(
        """
        SELECT profile_id FROM behaviour WHERE profile_id = ANY(%(profiles)b)
        UNION ALL
        SELECT r.profile_id FROM record r WHERE r.id = ANY(%(fresh)b) AND EXISTS (
            SELECT FROM fact f WHERE f.record_id = r.id AND f.kind = ANY(%(acts)s) OFFSET 0)
        """,
        {"profiles": list(profiles), "fresh": list(fresh), "acts": list(ACTS)},
    )
    return {profile for (profile,) in rows}


@dataclass(frozen=True, slots=True)
class BehaviourRow:
    """As ``hub.insight.behaviour.Behaviour`` has it, times in seconds since 1970."""

    funnel: tuple[float | None, ...]
    ladder: tuple[float | None, ...]
    carted: float | None
    left: float | None
    total: float | None
    currency: str | None
    journeys: tuple[str, ...]


def write(session: Session, profiles: Collection[UUID], rows: Mapping[UUID, BehaviourRow]) -> None:
    """Store what these profiles are now; who has no row here has none there."""
    if gone := [one for one in profiles if one not in rows]:
        session.run("DELETE FROM behaviour WHERE profile_id = ANY(%b)", [gone])
    if not rows:
        return
    ordered = sorted(rows)
    session.run(
        """
        INSERT INTO behaviour AS held
            (profile_id, funnel, ladder, carted_at, left_at, left_total, left_currency, journeys)
        SELECT profile_id, funnel::float8[], ladder::float8[], carted_at, left_at, left_total, left_currency,
            string_to_array(journeys, E'\\n')
        FROM unnest(%b::uuid[], %b::text[], %b::text[], %s::timestamptz[], %s::timestamptz[], %s::float8[],
            %s::text[], %b::text[])
            AS given (profile_id, funnel, ladder, carted_at, left_at, left_total, left_currency, journeys)
        ON CONFLICT (profile_id) DO UPDATE SET funnel = excluded.funnel, ladder = excluded.ladder,
            carted_at = excluded.carted_at, left_at = excluded.left_at, left_total = excluded.left_total,
            left_currency = excluded.left_currency, journeys = excluded.journeys
        WHERE (held.funnel, held.ladder, held.carted_at, held.left_at, held.left_total, held.left_currency,
            held.journeys) IS DISTINCT FROM (excluded.funnel, excluded.ladder, excluded.carted_at, excluded.left_at,
            excluded.left_total, excluded.left_currency, excluded.journeys)
        """,
        [
            ordered,
            [_array(rows[one].funnel) for one in ordered],
            [_array(rows[one].ladder) for one in ordered],
            [_moment(rows[one].carted) for one in ordered],
            [_moment(rows[one].left) for one in ordered],
            [rows[one].total for one in ordered],
            [rows[one].currency for one in ordered],
            ["\n".join(rows[one].journeys) for one in ordered],
        ],
    )


def _array(values: Iterable[float | None]) -> str:
    return f"{{{','.join('NULL' if value is None else repr(value) for value in values)}}}"


def _moment(at: float | None) -> datetime | None:
    return None if at is None else datetime.fromtimestamp(at, UTC)


def forget(session: Session, profiles: Collection[UUID]) -> None:
    """Take away what was worked out of profiles that are retired or erased."""
    session.run("DELETE FROM behaviour WHERE profile_id = ANY(%b)", [list(profiles)])


# -- for reports -------------------------------------------------------------------------------------------------------


def firsts(session: Session, most: int) -> list[tuple[list[float | None], list[float | None]]]:
    """Funnel and ladder of people, ``most`` of them."""
    return session.rows("SELECT funnel, ladder FROM behaviour LIMIT %s", [most])


def only_ordered(session: Session, loyal: int) -> list[tuple[int, int | None, int]]:
    """Of people of whom nothing but orders is known: (first order day, the ``loyal``-th one, number of people)."""
    return session.rows(
        """
        SELECT s.days[1], s.days[%s], count(*) FROM customer_stat s
        WHERE NOT EXISTS (SELECT FROM behaviour b WHERE b.profile_id = s.profile_id) GROUP BY 1, 2
        """,
        [loyal],
    )


@dataclass(frozen=True, slots=True)
class CartRow:
    """Of somebody who put something into a cart: when last, and when it was left with what, where it was."""

    carted_at: datetime
    left_at: datetime | None
    total: float | None
    currency: str | None


def carts(session: Session, since: datetime) -> list[CartRow]:
    """Of everybody who put something into a cart since then."""
    rows = session.rows(
        "SELECT carted_at, left_at, left_total, left_currency FROM behaviour WHERE carted_at >= %s", [since]
    )
    return [CartRow(*row) for row in rows]


def journeys(session: Session, limit: int) -> list[tuple[str, int, int]]:
    """The most frequent ones: (journey, people, orders)."""
    return session.rows(
        """
        SELECT journey, count(DISTINCT profile_id), count(*) FROM behaviour, unnest(journeys) AS journey
        WHERE journey <> '' GROUP BY 1 ORDER BY 2 DESC, 3 DESC, 1 LIMIT %s
        """,
        [limit],
    )
