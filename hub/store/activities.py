"""Facts as entries in people's histories, and the outbox rows of them that still wait."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from hub.store.database import Session


@dataclass(frozen=True, slots=True)
class StoredActivity:
    """A fact as an entry in somebody's history; ``order_number`` is of the order that a refund belongs to.

    ``amount`` is in major units of ``currency``.
    """

    connection: str
    kind: str
    external_id: str
    happened_at: datetime
    amount: Decimal | None
    currency: str | None
    payload: str
    order_number: str | None


def stored_activities(session: Session, ids: Collection[UUID]) -> dict[UUID, StoredActivity]:
    """Facts by their id."""
    rows = session.rows(
        """
        SELECT f.id, f.connection, f.kind, f.external_id, f.happened_at, f.amount, f.currency, f.payload, o.number
        FROM fact f LEFT JOIN fact o ON o.id = f.parent_id WHERE f.id = ANY(%b)
        """,
        [list(ids)],
    )
    return {row[0]: StoredActivity(*row[1:]) for row in rows}


def told_by(session: Session, records: Collection[UUID], since: datetime) -> list[tuple[UUID, UUID]]:
    """(fact, record) of what happened with these records' people since then, refunds of their orders among it."""
    return session.rows(
        """
        WITH own AS (SELECT id, record_id, happened_at FROM fact WHERE record_id = ANY(%(records)b))
        SELECT id, record_id FROM own WHERE happened_at >= %(since)s
        UNION
        SELECT p.id, own.record_id FROM own JOIN fact p ON p.parent_id = own.id WHERE p.happened_at >= %(since)s
        """,
        {"records": list(records), "since": since},
    )


def move(session: Session, keys: Sequence[UUID], profiles: Sequence[UUID]) -> None:
    """These rows are of other profiles from now on, where they still wait; ``profiles`` by place in ``keys``."""
    session.run(
        """
        WITH chosen AS (
            SELECT o.destination, o.key, given.profile_id
            FROM unnest(%b::uuid[], %b::uuid[]) AS given (key, profile_id) JOIN outbox o ON o.key = given.key
            WHERE o.state IN ('pending', 'retrying') AND o.profile_id <> given.profile_id
            ORDER BY o.destination, o.key FOR UPDATE OF o)
        UPDATE outbox SET profile_id = chosen.profile_id FROM chosen
        WHERE outbox.destination = chosen.destination AND outbox.key = chosen.key
        """,
        [list(keys), list(profiles)],
    )
