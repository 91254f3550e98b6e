"""Facts: orders, their parts, carts, interactions, privacy requests. They hang on records and never move."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from hub.errors import UnreadableError
from hub.store import text
from hub.store.database import Row, Session


@dataclass(frozen=True, slots=True)
class FactRow:
    """One version of one fact.

    ``amount`` is in major units of ``currency``; ``counted`` is False for orders that are no sale (test, cancelled,
    failed). ``parent_id`` is the order a part belongs to. ``payload`` is JSON text. ``record_id`` is the customer that
    the newest version to name one named, of the times ``record_version_at`` and ``record_received_at``.
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
    record_version_at: datetime | None = None
    record_received_at: datetime | None = None

    @property
    def version(self) -> tuple[datetime, datetime, bytes]:
        """The newer version is the greater: by source time, then arrival, and never by chance."""
        return self.version_at, self.received_at, self.payload.encode()

    @property
    def naming(self) -> tuple[datetime, datetime, UUID] | None:
        """The same for the record it hangs on; None while no version named one."""
        if self.record_id is None or self.record_version_at is None or self.record_received_at is None:
            return None
        return self.record_version_at, self.record_received_at, self.record_id

    def joined(self, other: FactRow) -> FactRow:
        """The newer of two versions, hanging on the record that the newest version to name one named."""
        newer = max(self, other, key=lambda fact: fact.version)
        naming = max((fact for fact in (self, other) if fact.naming), key=lambda fact: fact.naming or (), default=None)
        if naming is None or naming is newer:
            return newer
        return replace(
            newer,
            record_id=naming.record_id,
            record_version_at=naming.record_version_at,
            record_received_at=naming.record_received_at,
        )


_COLUMNS = (
    "id, connection, kind, external_id, record_id, parent_id, happened_at, version_at, received_at, amount, currency, "
    "counted, payload, inbox_id, record_version_at, record_received_at"
)
_NEWER = """(held.version_at, held.received_at, held.payload COLLATE "C")
    < (excluded.version_at, excluded.received_at, excluded.payload COLLATE "C")"""
_NAMED_LATER = """excluded.record_id IS NOT NULL AND (held.record_id IS NULL
    OR (held.record_version_at, held.record_received_at, held.record_id)
    < (excluded.record_version_at, excluded.record_received_at, excluded.record_id))"""
_OF_VERSION = (
    "parent_id", "happened_at", "version_at", "received_at", "amount", "currency", "counted", "payload", "inbox_id",
)  # fmt: skip
_OF_RECORD = ("record_id", "record_version_at", "record_received_at")
_CHOICE = ", ".join(
    f"{column} = CASE WHEN {later} THEN excluded.{column} ELSE held.{column} END"
    for columns, later in ((_OF_VERSION, _NEWER), (_OF_RECORD, _NAMED_LATER))
    for column in columns
)


@dataclass(frozen=True, slots=True)
class StoredFact:
    """What a fact hangs on now; ``existed`` is False when this transaction was the first to store it."""

    record_id: UUID | None
    existed: bool


def upsert(session: Session, facts: Sequence[FactRow]) -> dict[UUID, StoredFact]:
    """Store the newest version of each fact (source time, then arrival); gives those that changed.

    Of several versions in ``facts`` the caller passes only the newest. A version that does not know its customer keeps
    the record another version knew, whichever of them came first.
    """
    if not facts:
        return {}
    ordered = sorted(facts, key=lambda fact: fact.id)
    columns = [[getattr(fact, name) for fact in ordered] for name in (column.strip() for column in _COLUMNS.split(","))]
    rows = session.rows(
        f"""
        INSERT INTO fact AS held ({_COLUMNS})
        SELECT * FROM unnest(%b::uuid[], %b::text[], %b::text[], %b::text[], %b::uuid[], %b::uuid[],
            %b::timestamptz[], %b::timestamptz[], %b::timestamptz[], %b::numeric[], %b::text[], %b::bool[], %b::text[],
            %b::bigint[], %b::timestamptz[], %b::timestamptz[])
        ON CONFLICT (id) DO UPDATE SET {_CHOICE}
        WHERE {_NEWER} OR ({_NAMED_LATER})
        RETURNING id, record_id, xmax <> 0
        """,
        columns,
    )
    return {fact: StoredFact(record, existed) for fact, record, existed in rows}


_SUMMARIES = """
    SELECT r.profile_id, o.currency, count(*), sum(o.amount - coalesce(parts.refunded, 0)),
        min(o.happened_at), max(o.happened_at)
    FROM {records}
    JOIN fact o ON o.record_id = r.id AND o.kind = 'order' AND o.counted
    LEFT JOIN LATERAL (
        SELECT sum(p.amount) FILTER (WHERE p.kind = 'refund' AND p.counted) AS refunded,
            bool_or(p.kind = 'deletion') AS deleted
        FROM fact p WHERE p.parent_id = o.id) parts ON true
    WHERE {whose} AND parts.deleted IS NOT TRUE
    GROUP BY r.profile_id, o.currency ORDER BY r.profile_id, o.currency
    """


def order_summaries(session: Session, profiles: Collection[UUID]) -> dict[UUID, dict[str, Any]]:
    """Per profile: count, net totals per currency, first and last time; recomputed from orders and refunds."""
    sql = _SUMMARIES.format(records="record r", whose="r.profile_id = ANY(%b)")
    return _summed(session.rows(sql, [list(profiles)]))


def supposed_summaries(session: Session, placed: Mapping[UUID, UUID]) -> dict[UUID, dict[str, Any]]:
    """The same for profiles as they would be: ``placed`` maps each of their records to its profile."""
    sql = _SUMMARIES.format(records="unnest(%b::uuid[], %b::uuid[]) AS r (id, profile_id)", whose="true")
    return _summed(session.rows(sql, [list(placed), list(placed.values())]))


def _summed(rows: Iterable[Row]) -> dict[UUID, dict[str, Any]]:
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


def records_of(session: Session, ids: Collection[UUID]) -> dict[UUID, UUID | None]:
    """The record that each of these facts hangs on; facts that are not stored are left out."""
    return dict(session.rows("SELECT id, record_id FROM fact WHERE id = ANY(%b)", [list(ids)]))


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
        try:
            item["payload"] = text.read(item["payload"], f"fact {item['id']}")
        except UnreadableError as error:
            item["payload"] = {"unreadable": str(error)}
    return items


def payloads(session: Session, ids: Collection[UUID]) -> dict[UUID, tuple[str, str]]:
    """Connection and JSON payload of facts by id."""
    rows = session.rows("SELECT id, connection, payload FROM fact WHERE id = ANY(%b)", [list(ids)])
    return {row[0]: (row[1], row[2]) for row in rows}


@dataclass(frozen=True, slots=True)
class PartRow:
    """A refund or the deletion of an order, as it was told last; ``payload`` is JSON text."""

    kind: str
    counted: bool
    payload: str


def corrections(session: Session, orders: Collection[UUID]) -> dict[UUID, list[PartRow]]:
    """What was told apart from these orders and takes from them: refunds, and deletions; by order, in order."""
    rows = session.rows(
        """
        SELECT parent_id, kind, counted, payload FROM fact
        WHERE parent_id = ANY(%b) AND parent_id IS NOT NULL AND kind IN ('refund', 'deletion')
        ORDER BY parent_id, happened_at, id
        """,
        [list(orders)],
    )
    found: dict[UUID, list[PartRow]] = {}
    for order, *part in rows:
        found.setdefault(order, []).append(PartRow(*part))
    return found


def _iso(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
