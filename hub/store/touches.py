"""What is read for attribution, forecasts and recommendations: what people did before orders, and what they bought."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from hub.store import text
from hub.store.database import Session
from hub.store.facts import PARTS


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """An order with its ``net`` amount, or an interaction with its ``payload``."""

    profile_id: UUID
    at: datetime
    net: float | None
    currency: str | None
    payload: dict[str, Any]


def histories(session: Session, since: datetime, most: int) -> Iterator[list[HistoryRow]]:
    """Interactions and orders of people with any interaction since then, one person after the other, oldest first."""
    rows = session.rows(
        f"""
        WITH seen AS (
            SELECT DISTINCT r.profile_id FROM fact f JOIN record r ON r.id = f.record_id
            WHERE f.kind = 'interaction' AND f.happened_at >= %s LIMIT %s)
        SELECT r.profile_id, o.happened_at, o.amount - parts.refunded, o.currency, NULL, o.id
        FROM seen JOIN record r ON r.profile_id = seen.profile_id
            JOIN fact o ON o.record_id = r.id AND o.kind = 'order' AND o.counted AND o.happened_at >= %s {PARTS}
        WHERE NOT parts.deleted AND NOT state.unpaid AND o.amount > parts.refunded
        UNION ALL
        SELECT r.profile_id, f.happened_at, NULL, NULL, f.payload, f.id
        FROM seen JOIN record r ON r.profile_id = seen.profile_id
            JOIN fact f ON f.record_id = r.id AND f.kind = 'interaction' AND f.happened_at >= %s
        ORDER BY 1, 2, 6
        """,
        [since, most, since, since],
    )
    held: list[HistoryRow] = []
    for profile_id, at, net, currency, payload, _ in rows:
        if held and held[0].profile_id != profile_id:
            yield held
            held = []
        told = text.or_else(payload, {}) if payload else {}
        held.append(HistoryRow(profile_id, at, None if net is None else float(net), currency, told))
    if held:
        yield held


def order_lines(session: Session, after: UUID | None, limit: int) -> list[tuple[UUID, UUID, str]]:
    """(order, profile, payload) of orders that count and did not go back in full, in the order of their ids."""
    return session.rows(
        f"""
        SELECT o.id, r.profile_id, o.payload FROM fact o JOIN record r ON r.id = o.record_id {PARTS}
        WHERE o.kind = 'order' AND o.counted AND o.id > %s AND o.amount > parts.refunded AND NOT parts.deleted
        ORDER BY o.id LIMIT %s
        """,
        [after or UUID(int=0), limit],
    )


def payloads_of(session: Session, profile_id: UUID, most: int) -> list[str]:
    """The newest orders of one person, as JSON texts; those that went back in full are not among them."""
    rows = session.rows(
        f"""
        SELECT o.payload FROM record r JOIN fact o ON o.record_id = r.id AND o.kind = 'order' AND o.counted {PARTS}
        WHERE r.profile_id = %s AND o.amount > parts.refunded AND NOT parts.deleted
        ORDER BY o.happened_at DESC LIMIT %s
        """,
        [profile_id, most],
    )
    return [row[0] for row in rows]


def payloads_of_all(session: Session, profiles: Sequence[UUID]) -> list[tuple[UUID, str]]:
    """(profile, JSON text) of the orders of these people that did not go back in full."""
    return session.rows(
        f"""
        SELECT r.profile_id, o.payload FROM record r
        CROSS JOIN LATERAL (
            SELECT f.id, f.connection, f.happened_at, f.version_at, f.amount, f.currency, f.aspect, f.payload
            FROM fact f WHERE f.record_id = r.id AND f.kind = 'order' AND f.counted OFFSET 0) o {PARTS}
        WHERE r.profile_id = ANY(%b) AND o.amount > parts.refunded AND NOT parts.deleted
        """,
        [list(profiles)],
    )


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
