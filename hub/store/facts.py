"""Facts: orders, their parts, carts, interactions, privacy requests. They hang on records and never move."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from hub.errors import UnreadableError
from hub.model.facts import FactRow
from hub.store import text
from hub.store.database import Row, Session

_TYPES = {
    "id": "uuid", "connection": "text", "kind": "text", "external_id": "text", "record_id": "uuid", "parent_id": "uuid",
    "happened_at": "timestamptz", "version_at": "timestamptz", "received_at": "timestamptz", "amount": "numeric",
    "currency": "text", "counted": "bool", "payload": "text", "inbox_id": "bigint", "record_version_at": "timestamptz",
    "record_received_at": "timestamptz", "aspect": "text", "number": "text",
}  # fmt: skip
# What an entry told before gives way to what it tells now: a later release may read it otherwise.
_READ_AGAIN = """held.inbox_id = ANY(%(read)b::bigint[])
    AND (held.payload, held.version_at, held.amount, held.currency, held.counted, held.aspect, held.parent_id,
        held.happened_at, held.inbox_id)
    IS DISTINCT FROM (excluded.payload, excluded.version_at, excluded.amount, excluded.currency, excluded.counted,
        excluded.aspect, excluded.parent_id, excluded.happened_at, excluded.inbox_id)"""
_NEWER = f"""((held.version_at, held.received_at, held.payload COLLATE "C")
    < (excluded.version_at, excluded.received_at, excluded.payload COLLATE "C") OR ({_READ_AGAIN}))"""
_NAMED_LATER = """excluded.record_id IS NOT NULL AND (held.record_id IS NULL
    OR (held.record_version_at, held.record_received_at, held.record_id)
    < (excluded.record_version_at, excluded.record_received_at, excluded.record_id)
    OR (held.inbox_id = ANY(%(read)b::bigint[])
        AND (held.record_version_at, held.record_received_at) = (held.version_at, held.received_at)
        AND (held.record_version_at, held.record_id) <> (excluded.record_version_at, excluded.record_id)))"""
_OF_VERSION = (
    "parent_id", "happened_at", "version_at", "received_at", "amount", "currency", "counted", "payload", "inbox_id",
    "aspect", "number",
)  # fmt: skip
_OF_RECORD = ("record_id", "record_version_at", "record_received_at")
_CHOICE = ", ".join(
    f"{column} = CASE WHEN {later} THEN excluded.{column} ELSE held.{column} END"
    for columns, later in ((_OF_VERSION, _NEWER), (_OF_RECORD, _NAMED_LATER))
    for column in columns
)

_UPSERT = f"""
    WITH withdrawn AS (
        DELETE FROM fact WHERE parent_id = ANY(%(parents)b::uuid[]) AND inbox_id = ANY(%(read)b::bigint[])
            AND kind IN ('refund', 'payment', 'fulfilment') AND id <> ALL(%(id)b::uuid[])
        RETURNING parent_id, inbox_id
    ), stored AS (
        INSERT INTO fact AS held ({", ".join(_TYPES)})
        SELECT * FROM unnest({", ".join(f"%({name})b::{kind}[]" for name, kind in _TYPES.items())})
        ON CONFLICT (id) DO UPDATE SET {_CHOICE}
        WHERE {_NEWER} OR ({_NAMED_LATER})
        RETURNING id, record_id, xmax <> 0 AS existed)
    SELECT id, record_id, existed, NULL::bigint FROM stored
    UNION ALL
    SELECT parent_id, NULL, true, max(inbox_id) FROM withdrawn GROUP BY parent_id
    """


@dataclass(frozen=True, slots=True)
class StoredFact:
    """What a fact hangs on now; ``existed`` is False when this transaction was the first to store it."""

    record_id: UUID | None
    existed: bool


@dataclass(frozen=True, slots=True)
class Upserted:
    """``changed`` are the facts that changed; ``withdrawn`` the facts that parts were taken from, with the entry."""

    changed: Mapping[UUID, StoredFact]
    withdrawn: Mapping[UUID, int]


def upsert(session: Session, facts: Sequence[FactRow], read: Collection[int]) -> Upserted:
    """Store the newest version of each fact (source time, then arrival); gives those that changed.

    Of several versions in ``facts`` the caller passes only the newest. A version that does not know its customer keeps
    the record another version knew, whichever of them came first. ``read`` are all entries that this batch was read
    from. What one of them told when it was read before gives way to what it tells now, and parts of the same orders
    that it tells no more are withdrawn.
    """
    if not facts:
        return Upserted({}, {})
    ordered = sorted(facts, key=lambda fact: fact.id)
    columns = {name: [getattr(fact, name) for fact in ordered] for name in _TYPES}
    parents = {fact.parent_id for fact in facts if fact.parent_id} | {fact.id for fact in facts if fact.kind == "order"}
    rows = session.rows(_UPSERT, {**columns, "read": list(read), "parents": list(parents)})
    return Upserted(
        {fact: StoredFact(record, existed) for fact, record, existed, by in rows if by is None},
        {fact: by for fact, _, _, by in rows if by is not None},
    )


# Money is only added within the order's currency: a refund in the customer's own is no number of the order's. Goods
# taken off an order and the money that goes back for them are one reduction, told twice.
#
# OFFSET 0 keeps PostgreSQL from turning a lookup by key into a scan of every fact, which it does on fresh tables.
PARTS = """CROSS JOIN LATERAL (
        SELECT coalesce(sum(own.amount) FILTER (WHERE p.kind = 'refund' AND p.aspect IS NULL), 0)
                + greatest(coalesce(sum(own.amount) FILTER (WHERE p.kind = 'refund' AND p.aspect = 'goods'), 0),
                    coalesce(sum(own.amount) FILTER (WHERE p.kind = 'refund' AND p.aspect = 'money'), 0)) AS refunded,
            coalesce(sum(own.amount) FILTER (WHERE p.kind = 'payment'), 0) AS paid,
            coalesce(bool_or(p.kind = 'deletion' AND p.version_at >= o.version_at), false) AS deleted
        FROM fact p
        CROSS JOIN LATERAL (
            SELECT CASE WHEN p.counted AND p.currency = o.currency THEN p.amount END AS amount) own
        WHERE p.parent_id = o.id OFFSET 0) parts
    CROSS JOIN LATERAL (
        SELECT o.aspect IS NOT DISTINCT FROM 'open' AND (parts.paid < o.amount OR parts.paid = 0) AS unpaid) state"""
"""Joins to an order ``o`` what its parts make of it: ``refunded``, ``paid``, ``deleted`` unless its source has told
of it since (it was taken back from the trash), and ``unpaid`` while neither the order nor the payments told apart from
it say that it was paid."""

NOT_ERASED = "NOT EXISTS (SELECT FROM profile p WHERE p.id = r.profile_id AND p.suppressed)"
"""Of a record ``r``: nothing of who asked to be erased is shown, or learnt from."""

_SUMMARIES = f"""
    SELECT r.profile_id, o.currency, state.unpaid AND o.connection <> ALL(%b::text[]) AS open, count(*),
        sum(o.amount - parts.refunded), min(o.happened_at), max(o.happened_at)
    FROM {{records}}
    CROSS JOIN LATERAL (
        SELECT f.id, f.connection, f.happened_at, f.version_at, f.amount, f.currency, f.aspect
        FROM fact f WHERE f.record_id = r.id AND f.kind = 'order' AND f.counted OFFSET 0) o
    {PARTS}
    WHERE {{whose}} AND NOT parts.deleted
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    """


def order_summaries(
    session: Session, profiles: Collection[UUID], placed: Collection[str] = ()
) -> dict[UUID, dict[str, Any]]:
    """Per profile: count, net totals per currency, first and last time; recomputed from orders, payments and refunds.

    Orders that nobody has paid stand under ``open``. ``placed`` are the connections whose orders count once placed.
    """
    sql = _SUMMARIES.format(records="record r", whose="r.profile_id = ANY(%b)")
    return _summed(session.rows(sql, [list(placed), list(profiles)]))


def supposed_summaries(
    session: Session, homes: Mapping[UUID, UUID], placed: Collection[str] = ()
) -> dict[UUID, dict[str, Any]]:
    """The same for profiles as they would be: ``homes`` maps each of their records to its profile."""
    sql = _SUMMARIES.format(records="unnest(%b::uuid[], %b::uuid[]) AS r (id, profile_id)", whose="true")
    return _summed(session.rows(sql, [list(placed), list(homes), list(homes.values())]))


def _summed(rows: Iterable[Row]) -> dict[UUID, dict[str, Any]]:
    summaries: dict[UUID, dict[str, Any]] = {}
    spans: dict[UUID, tuple[datetime, datetime]] = {}
    for profile_id, currency, is_open, count, total, first, last in rows:
        summary = summaries.setdefault(profile_id, {"count": 0, "totals": []})
        counted = summary.setdefault("open", {"count": 0, "totals": []}) if is_open else summary
        counted["count"] += count
        counted["totals"].append({"amount": format(total, "f"), "currency": currency})
        if not is_open:
            earliest, latest = spans.get(profile_id, (first, last))
            spans[profile_id] = min(earliest, first), max(latest, last)
    for profile_id, (first, last) in spans.items():
        summaries[profile_id] |= {"first_at": _iso(first), "last_at": _iso(last)}
    return summaries


def records_of(session: Session, ids: Collection[UUID]) -> dict[UUID, UUID | None]:
    """The record that each of these facts hangs on; facts that are not stored are left out."""
    return dict(session.rows("SELECT id, record_id FROM fact WHERE id = ANY(%b)", [list(ids)]))


def hanging_on(session: Session, ids: Collection[UUID]) -> dict[UUID, UUID | None]:
    """The record that each of these facts hangs on, by itself or by its order; None where there is none."""
    if not ids:
        return {}
    found: dict[UUID, UUID | None] = dict(
        session.rows(
            """
            SELECT f.id, CASE WHEN f.parent_id IS NULL THEN f.record_id ELSE o.record_id END
            FROM fact f LEFT JOIN fact o ON o.id = f.parent_id WHERE f.id = ANY(%b)
            """,
            [list(ids)],
        )
    )
    return {one: found.get(one) for one in ids}


def locked(session: Session, ids: Collection[UUID]) -> dict[UUID, UUID | None]:
    """``records_of``, and nobody else changes these facts, or hangs parts on them, before this transaction is over."""
    return dict(
        session.rows("SELECT id, record_id FROM fact WHERE id = ANY(%b) ORDER BY id FOR NO KEY UPDATE", [sorted(ids)])
    )


def read(session: Session, ids: Collection[UUID]) -> list[FactRow]:
    """These facts, as far as they are stored, in order of id."""
    rows = session.rows(f"SELECT {', '.join(_TYPES)} FROM fact WHERE id = ANY(%b) ORDER BY id", [list(ids)])
    return [FactRow(**dict(zip(_TYPES, row, strict=True))) for row in rows]


def orders_of(session: Session, records: Collection[UUID]) -> list[tuple[UUID, UUID, int]]:
    """(order, record, inbox id) of the orders that hang on these records."""
    return session.rows(
        "SELECT id, record_id, inbox_id FROM fact WHERE record_id = ANY(%b) AND kind = 'order' ORDER BY id",
        [list(records)],
    )


def existing(session: Session, ids: Collection[UUID]) -> set[UUID]:
    """Which of these facts are stored."""
    return {row[0] for row in session.rows("SELECT id FROM fact WHERE id = ANY(%b)", [list(ids)])}


def timeline(
    session: Session,
    profile_id: UUID,
    *,
    before: tuple[datetime, UUID] | None = None,
    limit: int = 50,
    kind: str | None = None,
    connection: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[dict[str, Any]]:
    """What happened with one person, newest first. ``before`` is (happened_at, id) of the last item before.

    Only of this ``kind`` and ``connection``, from ``since`` on, before ``until``, where they are given.
    """
    conditions = ["(%(at)s::timestamptz IS NULL OR (happened_at, id) < (%(at)s, %(id)s))"]
    conditions += ["kind = %(kind)s"] if kind else []
    conditions += ["connection = %(connection)s"] if connection else []
    conditions += ["happened_at >= %(since)s"] if since else []
    conditions += ["happened_at < %(until)s"] if until else []
    rows = session.rows(
        f"""
        WITH own AS (
            SELECT f.* FROM record r JOIN fact f ON f.record_id = r.id WHERE r.profile_id = %(profile)s
            UNION
            SELECT p.* FROM record r JOIN fact f ON f.record_id = r.id JOIN fact p ON p.parent_id = f.id
            WHERE r.profile_id = %(profile)s)
        SELECT id, happened_at, kind, connection, external_id, amount, currency, payload, inbox_id FROM own
        WHERE {" AND ".join(conditions)}
        ORDER BY happened_at DESC, id DESC LIMIT %(limit)s
        """,
        {
            "profile": profile_id,
            "kind": kind,
            "connection": connection,
            "since": since,
            "until": until,
            "at": before[0] if before else None,
            "id": before[1] if before else None,
            "limit": limit,
        },
    )
    names = ("id", "at", "kind", "connection", "external_id", "amount", "currency", "payload", "event")
    items = [dict(zip(names, row, strict=True)) for row in rows]
    for item in items:
        try:
            item["payload"] = text.read(item["payload"], f"fact {item['id']}")
        except UnreadableError as error:
            item["payload"] = {"unreadable": str(error)}
    return items


@dataclass(frozen=True, slots=True)
class StoredOrder:
    """The newest version of an order, as JSON, and what its parts make of it.

    ``refunded`` is in major units of the order's currency, by every refund in that currency, also those told apart
    from the order; ``paid`` is True when the order, or payments told apart from it, say so.
    """

    connection: str
    payload: str
    refunded: Decimal
    paid: bool
    deleted: bool


def stored_orders(session: Session, ids: Collection[UUID]) -> dict[UUID, StoredOrder]:
    """Orders by the id of their fact."""
    rows = session.rows(
        f"""
        SELECT o.id, o.connection, o.payload, parts.refunded, NOT state.unpaid, parts.deleted
        FROM fact o {PARTS} WHERE o.id = ANY(%b)
        """,
        [list(ids)],
    )
    return {row[0]: StoredOrder(*row[1:]) for row in rows}


def _iso(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
