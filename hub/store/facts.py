"""Facts: orders, their parts, carts, interactions, privacy requests. They hang on records and never move."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson

from hub.store.database import Session


@dataclass(frozen=True, slots=True)
class FactRow:
    """One version of one fact.

    ``amount`` is in major units of ``currency``; ``counted`` is False for orders that are no sale (test, cancelled,
    failed). ``parent_id`` is the order a part belongs to. ``payload`` is JSON text.
    """

    id: UUID
    connection: str
    kind: str
    external_id: str
    record_id: UUID | None
    parent_id: UUID | None
    happened_at: datetime
    version_at: datetime
    received_at: datetime
    amount: Decimal | None
    currency: str | None
    counted: bool
    payload: str
    inbox_id: int


_COLUMNS = (
    "id, connection, kind, external_id, record_id, parent_id, happened_at, version_at, received_at, amount, currency, "
    "counted, payload, inbox_id"
)


def upsert(session: Session, facts: Sequence[FactRow]) -> set[UUID]:
    """Store the newest version of each fact (source time, then arrival); gives the ids that changed.

    Of several versions in ``facts`` the caller passes only the newest. A part that does not know its customer keeps the
    record an earlier version knew.
    """
    if not facts:
        return set()
    ordered = sorted(facts, key=lambda fact: fact.id)
    columns = [[getattr(fact, name) for fact in ordered] for name in (column.strip() for column in _COLUMNS.split(","))]
    rows = session.rows(
        f"""
        INSERT INTO fact AS held ({_COLUMNS})
        SELECT * FROM unnest(%b::uuid[], %b::text[], %b::text[], %b::text[], %b::uuid[], %b::uuid[],
            %b::timestamptz[], %b::timestamptz[], %b::timestamptz[], %b::numeric[], %b::text[], %b::bool[], %b::text[],
            %b::bigint[])
        ON CONFLICT (id) DO UPDATE SET record_id = coalesce(excluded.record_id, held.record_id),
            parent_id = excluded.parent_id, happened_at = excluded.happened_at, version_at = excluded.version_at,
            received_at = excluded.received_at, amount = excluded.amount, currency = excluded.currency,
            counted = excluded.counted, payload = excluded.payload, inbox_id = excluded.inbox_id
        WHERE (held.version_at, held.received_at, held.payload)
            < (excluded.version_at, excluded.received_at, excluded.payload)
        RETURNING id
        """,
        columns,
    )
    return {row[0] for row in rows}


def order_summaries(session: Session, profiles: Collection[UUID]) -> dict[UUID, dict[str, Any]]:
    """Per profile: count, net totals per currency, first and last time; recomputed from orders and refunds."""
    rows = session.rows(
        """
        SELECT r.profile_id, o.currency, count(*), sum(o.amount - coalesce(parts.refunded, 0)),
            min(o.happened_at), max(o.happened_at)
        FROM record r
        JOIN fact o ON o.record_id = r.id AND o.kind = 'order' AND o.counted
        LEFT JOIN LATERAL (
            SELECT sum(p.amount) FILTER (WHERE p.kind = 'refund' AND p.counted) AS refunded,
                bool_or(p.kind = 'deletion') AS deleted
            FROM fact p WHERE p.parent_id = o.id) parts ON true
        WHERE r.profile_id = ANY(%b) AND parts.deleted IS NOT TRUE
        GROUP BY r.profile_id, o.currency ORDER BY r.profile_id, o.currency
        """,
        [list(profiles)],
    )
    summaries: dict[UUID, dict[str, Any]] = {}
    for profile_id, currency, count, total, first, last in rows:
        summary = summaries.setdefault(
            profile_id, {"count": 0, "totals": [], "first_at": _iso(first), "last_at": _iso(last)}
        )
        summary["count"] += count
        summary["totals"].append({"amount": format(total, "f"), "currency": currency})
        summary["first_at"] = min(summary["first_at"], _iso(first))
        summary["last_at"] = max(summary["last_at"], _iso(last))
    return summaries


def existing(session: Session, ids: Collection[UUID]) -> set[UUID]:
    """Which of these facts are stored."""
    return {row[0] for row in session.rows("SELECT id FROM fact WHERE id = ANY(%b)", [list(ids)])}


def timeline(
    session: Session, profile_id: UUID, *, before: tuple[datetime, UUID] | None = None, limit: int = 50
) -> list[dict[str, Any]]:
    """What happened with one person, newest first. ``before`` is (happened_at, id) of the last item before."""
    rows = session.rows(
        """
        WITH own AS (
            SELECT f.* FROM record r JOIN fact f ON f.record_id = r.id WHERE r.profile_id = %(profile)s
            UNION
            SELECT p.* FROM record r JOIN fact f ON f.record_id = r.id JOIN fact p ON p.parent_id = f.id
            WHERE r.profile_id = %(profile)s)
        SELECT id, happened_at, kind, connection, external_id, amount, currency, payload, inbox_id FROM own
        WHERE %(at)s::timestamptz IS NULL OR (happened_at, id) < (%(at)s, %(id)s)
        ORDER BY happened_at DESC, id DESC LIMIT %(limit)s
        """,
        {
            "profile": profile_id,
            "at": before[0] if before else None,
            "id": before[1] if before else None,
            "limit": limit,
        },
    )
    names = ("id", "at", "kind", "connection", "external_id", "amount", "currency", "payload", "event")
    items = [dict(zip(names, row, strict=True)) for row in rows]
    for item in items:
        item["payload"] = orjson.loads(item["payload"])
    return items


def payloads(session: Session, ids: Collection[UUID]) -> dict[UUID, tuple[str, str]]:
    """Connection and JSON payload of facts by id."""
    rows = session.rows("SELECT id, connection, payload FROM fact WHERE id = ANY(%b)", [list(ids)])
    return {row[0]: (row[1], row[2]) for row in rows}


def _iso(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
