"""What is read for attribution, forecasts and recommendations: what people did before orders, and what they bought."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from hub.store import text
from hub.store.database import Session
from hub.store.facts import NOT_ERASED, PARTS


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """An order with its ``net`` amount (0: all went back) and its ``gross`` one, or an interaction.

    ``payload`` is of either.
    """

    profile_id: UUID
    at: datetime
    net: float | None
    currency: str | None
    payload: dict[str, Any]
    gross: float | None = None


def histories(session: Session, since: datetime, most: int) -> Iterator[list[HistoryRow]]:
    """What people did since then, of whom anything but orders is known, one person after the other, oldest first.

    An order that says by which campaign it came is known of, too. Nothing of who was erased, and nothing of the future.
    """
    rows = session.rows(
        f"""
        WITH seen AS (
            SELECT DISTINCT r.profile_id FROM fact f JOIN record r ON r.id = f.record_id
            WHERE f.happened_at >= %s AND (f.kind = 'interaction' OR (f.kind = 'order'
                AND f.payload ~ '"(utm_(source|medium|campaign)|click_id|affiliateCode|campaignCode)"'))
                AND {NOT_ERASED} LIMIT %s)
        SELECT r.profile_id, o.happened_at, greatest(o.amount - parts.refunded, 0), o.amount, o.currency,
            o.payload, o.id
        FROM seen JOIN record r ON r.profile_id = seen.profile_id
            JOIN fact o ON o.record_id = r.id AND o.kind = 'order' AND o.counted AND o.happened_at >= %s {PARTS}
        WHERE NOT parts.deleted AND NOT state.unpaid AND o.amount > 0 AND o.happened_at <= now()
        UNION ALL
        SELECT r.profile_id, f.happened_at, NULL, NULL, NULL, f.payload, f.id
        FROM seen JOIN record r ON r.profile_id = seen.profile_id
            JOIN fact f ON f.record_id = r.id AND f.kind = 'interaction'
                AND f.happened_at >= %s AND f.happened_at <= now()
        ORDER BY 1, 2, 7
        """,
        [since, most, since, since],
    )
    held: list[HistoryRow] = []
    for profile_id, at, net, gross, currency, payload, _ in rows:
        if held and held[0].profile_id != profile_id:
            yield held
            held = []
        told = text.or_else(payload, {}) if payload else {}
        amounts = [None if each is None else float(each) for each in (net, gross)]
        held.append(HistoryRow(profile_id, at, amounts[0], currency, told, amounts[1]))
    if held:
        yield held


@dataclass(frozen=True, slots=True)
class LinesRow:
    """An order with what was in it. ``amount`` is in major units of ``currency``."""

    order: UUID
    profile_id: UUID
    connection: str
    at: datetime
    currency: str | None
    payload: str


def order_lines(session: Session, after: UUID | None, limit: int) -> list[LinesRow]:
    """Orders that count and did not go back in full, in the order of their ids; none of erased people or the future."""
    rows = session.rows(
        f"""
        SELECT o.id, r.profile_id, o.connection, o.happened_at, o.currency, o.payload
        FROM fact o JOIN record r ON r.id = o.record_id {PARTS}
        WHERE o.kind = 'order' AND o.counted AND o.id > %s AND o.amount > parts.refunded AND NOT parts.deleted
            AND o.happened_at <= now() AND {NOT_ERASED}
        ORDER BY o.id LIMIT %s
        """,
        [after or UUID(int=0), limit],
    )
    return [LinesRow(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class BoughtRow:
    """An order, a return (``case``) or a cart of somebody, as JSON; ``back``: the order went back in full."""

    profile_id: UUID
    kind: str
    at: datetime
    back: bool
    payload: str


def bought(session: Session, profiles: Sequence[UUID], most: int) -> list[BoughtRow]:
    """The newest orders, cases and carts of these people, ``most`` of a record; deleted orders are not among them."""
    rows = session.rows(
        f"""
        SELECT r.profile_id, o.kind, o.happened_at,
            o.kind = 'order' AND (o.amount < 0 OR (parts.refunded > 0 AND o.amount <= parts.refunded)), o.payload
        FROM record r
        CROSS JOIN LATERAL (
            SELECT f.id, f.connection, f.happened_at, f.version_at, f.amount, f.currency, f.aspect, f.payload, f.kind
            FROM fact f WHERE f.record_id = r.id AND ((f.kind = 'order' AND f.counted) OR f.kind IN ('case', 'cart'))
            ORDER BY f.happened_at DESC, f.id LIMIT %s) o {PARTS}
        WHERE r.profile_id = ANY(%b) AND NOT parts.deleted ORDER BY r.profile_id, o.happened_at, o.id
        """,
        [most, list(profiles)],
    )
    return [BoughtRow(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class ProductRow:
    """What is known of an item by its orders, and by the catalogue.

    ``price`` is what one cost on the mean, in major units of ``currency``. ``gap_days`` is the median of days until it
    is bought again, 0 where too few do.
    """

    item: str
    category: str | None
    price: float | None
    currency: str | None
    gap_days: float
    again: int
    bought: int


@dataclass(frozen=True, slots=True)
class StepRow:
    """Of ``owners`` of ``item``, ``moved`` bought ``other`` later: of the same category, and dearer."""

    item: str
    place: int
    other: str
    moved: int
    owners: int


def replace_products(session: Session, products: Sequence[ProductRow], steps: Sequence[StepRow]) -> None:
    """Store what is known of items and of what people buy after them; what was stored before is gone."""
    session.run("DELETE FROM product_habit")
    session.run("DELETE FROM product_step")
    for start in range(0, len(products), 10_000):
        part = products[start : start + 10_000]
        columns = [[getattr(row, name) for row in part] for name in ProductRow.__slots__]
        session.run(
            "INSERT INTO product_habit (item, category, price, currency, gap_days, again, bought) SELECT * FROM "
            "unnest(%b::text[], %b::text[], %b::float8[], %b::text[], %b::float8[], %b::int[], %b::int[])",
            columns,
        )
    for start in range(0, len(steps), 10_000):
        here = steps[start : start + 10_000]
        session.run(
            "INSERT INTO product_step (item, place, other, moved, owners) SELECT * FROM "
            "unnest(%b::text[], %b::smallint[], %b::text[], %b::int[], %b::int[])",
            [[getattr(row, name) for row in here] for name in StepRow.__slots__],
        )


_HABIT = "SELECT item, category, price, currency, gap_days, again, bought FROM product_habit"
_STEP = "SELECT item, place, other, moved, owners FROM product_step"


def habits(session: Session, items: Sequence[str] | None = None) -> list[ProductRow]:
    """What is known of these items, or of all."""
    where = " WHERE item = ANY(%b)" if items is not None else " ORDER BY item"
    return [ProductRow(*row) for row in session.rows(_HABIT + where, [] if items is None else [list(items)])]


def steps(session: Session, items: Sequence[str] | None = None) -> list[StepRow]:
    """What owners of these items, or of any, buy next and dearer, the likeliest first."""
    where = "" if items is None else " WHERE item = ANY(%b)"
    rows = session.rows(f"{_STEP}{where} ORDER BY item, place", [] if items is None else [list(items)])
    return [StepRow(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class PairRow:
    """Of ``bought`` customers of ``item``, ``both`` bought ``other`` too."""

    item: str
    place: int
    other: str
    score: float
    both: int
    bought: int


def replace_pairs(session: Session, rows: Sequence[PairRow]) -> None:
    """Store what is bought by the same people; what was stored before is gone."""
    session.run("DELETE FROM product_pair")
    for start in range(0, len(rows), 10_000):
        part = rows[start : start + 10_000]
        session.run(
            """
            INSERT INTO product_pair (item, place, other, score, both_bought, bought)
            SELECT * FROM unnest(%b::text[], %b::smallint[], %b::text[], %b::float8[], %b::int[], %b::int[])
            """,
            [
                [row.item for row in part],
                [row.place for row in part],
                [row.other for row in part],
                [row.score for row in part],
                [row.both for row in part],
                [row.bought for row in part],
            ],
        )


def every_pair(session: Session) -> list[PairRow]:
    """All of them, by item."""
    rows = session.rows("SELECT item, place, other, score, both_bought, bought FROM product_pair ORDER BY 1, 2")
    return [PairRow(*row) for row in rows]


def pairs_of(session: Session, items: Sequence[str]) -> list[PairRow]:
    """What customers of these items bought too; of the item "" what is bought most."""
    rows = session.rows(
        "SELECT item, place, other, score, both_bought, bought FROM product_pair WHERE item = ANY(%b) ORDER BY 1, 2",
        [list(items)],
    )
    return [PairRow(*row) for row in rows]
