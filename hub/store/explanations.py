"""What only an explanation reads: the events behind values, the orders behind totals, the pairs behind a profile."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from hub.model.profile import RecordReference
from hub.store import text
from hub.store.database import Session
from hub.store.facts import PARTS


@dataclass(frozen=True, slots=True)
class ToldEvent:
    """A stored event without its body; ``erased`` is True once the body is gone."""

    id: int
    connection: str
    topic: str
    event_id: str
    received_at: datetime
    headers: dict[str, str]
    erased: bool


@dataclass(frozen=True, slots=True)
class CountedOrder:
    """An order of a profile. ``amount`` and ``refunded`` are in major units of ``currency``.

    ``counted`` is False when it is no sale (a test, cancelled, failed), ``deleted`` True when the source deleted it,
    ``unpaid`` while nobody has paid it. ``otherwise`` is what was refunded in other currencies and is subtracted
    nowhere. ``refunds`` are the inbox ids of the events that told of its refunds.
    """

    connection: str
    external_id: str
    record: RecordReference
    at: datetime
    amount: Decimal
    currency: str
    refunded: Decimal
    counted: bool
    deleted: bool
    event: int
    refunds: list[int]
    unpaid: bool
    otherwise: list[str]


class Pair(NamedTuple):
    """Two records that are, or might be, one person; weight in bits."""

    one: UUID
    other: UUID
    weight: float


def events(session: Session, ids: Collection[int]) -> dict[int, ToldEvent]:
    """These events by inbox id."""
    rows = session.rows(
        """
        SELECT id, connection, topic, event_id, received_at, headers, body IS NULL FROM inbox
        WHERE id = ANY(%b::bigint[]) ORDER BY id
        """,
        [sorted(set(ids))],
    )
    return {
        inbox_id: ToldEvent(inbox_id, connection, topic, event_id, at, text.or_else(headers or "{}", {}), erased)
        for inbox_id, connection, topic, event_id, at, headers, erased in rows
    }


def orders(session: Session, profile_id: UUID, limit: int) -> list[CountedOrder]:
    """The profile's orders, also those that do not count, newest first."""
    rows = session.rows(
        f"""
        SELECT o.connection, o.external_id, r.connection, r.kind, r.external_id, o.happened_at, o.amount, o.currency,
            parts.refunded, o.counted, parts.deleted, o.inbox_id,
            ARRAY(SELECT p.inbox_id FROM fact p WHERE p.parent_id = o.id AND p.kind = 'refund' AND p.counted
                AND p.currency = o.currency ORDER BY p.inbox_id), state.unpaid,
            ARRAY(SELECT p.amount || ' ' || p.currency FROM fact p WHERE p.parent_id = o.id AND p.kind = 'refund'
                AND p.counted AND p.currency <> o.currency ORDER BY p.inbox_id)
        FROM record r
        JOIN fact o ON o.record_id = r.id AND o.kind = 'order'
        {PARTS}
        WHERE r.profile_id = %s ORDER BY o.happened_at DESC, o.id LIMIT %s
        """,
        [profile_id, limit],
    )
    return [
        CountedOrder(connection, external_id, RecordReference(connection=of, kind=kind, external_id=customer), *rest)
        for connection, external_id, of, kind, customer, *rest in rows
    ]


def mirrors(session: Session, profile_id: UUID) -> dict[str, tuple[dict[str, Any], datetime]]:
    """What Hub last wrote of a profile, and when, by destination."""
    rows = session.rows("SELECT destination, properties, updated_at FROM mirror WHERE key = %s", [profile_id])
    return {destination: (text.or_else(properties, {}), at) for destination, properties, at in rows}


def surest_pairs(session: Session, records: Collection[UUID], limit: int) -> list[Pair]:
    """The surest stored matches among these records."""
    ids = list(records)
    rows = session.rows(
        """
        SELECT one, other, weight FROM match WHERE one = ANY(%b) AND other = ANY(%b)
        ORDER BY weight DESC, one, other LIMIT %s
        """,
        [ids, ids, limit],
    )
    return [Pair(*row) for row in rows]


def outside_pairs(session: Session, records: Collection[UUID], limit: int) -> list[Pair]:
    """The surest stored matches of these records with others; ``one`` is always of these."""
    ids = list(records)
    rows = session.rows(
        """
        SELECT one, other, weight FROM match WHERE one = ANY(%(ids)b) AND other <> ALL(%(ids)b)
        UNION ALL
        SELECT other, one, weight FROM match WHERE other = ANY(%(ids)b) AND one <> ALL(%(ids)b)
        ORDER BY weight DESC, one, other LIMIT %(limit)s
        """,
        {"ids": ids, "limit": limit},
    )
    return [Pair(*row) for row in rows]


def dismissals(session: Session, records: Collection[UUID]) -> set[frozenset[UUID]]:
    """The pairs with one of these records to which a reviewer answered no for now."""
    ids = list(records)
    rows = session.rows("SELECT one, other FROM dismissal WHERE one = ANY(%b) OR other = ANY(%b)", [ids, ids])
    return {frozenset(pair) for pair in rows}


def unasked(session: Session, records: Collection[UUID]) -> set[frozenset[UUID]]:
    """The matches of these records about which nobody is asked, for all that is known of both profiles."""
    ids = list(records)
    rows = session.rows(
        """
        SELECT one, other FROM match WHERE one = ANY(%b) AND NOT asked
        UNION ALL SELECT one, other FROM match WHERE other = ANY(%b) AND NOT asked
        """,
        [ids, ids],
    )
    return {frozenset(pair) for pair in rows}


def attempts(session: Session, key: UUID, limit: int = 20) -> list[dict[str, Any]]:
    """The last attempts for a profile or order, newest first, with the events behind each."""
    rows = session.rows(
        """
        SELECT destination, version, at, outcome, reason, events, confirmed FROM attempt
        WHERE key = %s ORDER BY id DESC LIMIT %s
        """,
        [key, limit],
    )
    names = ("destination", "version", "at", "outcome", "reason", "events", "confirmed")
    return [dict(zip(names, row, strict=True)) for row in rows]
