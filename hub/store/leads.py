"""What leads did: reads what happened to people who may buy, and marks who has to be told anew."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from hub.store import text
from hub.store.database import Session

LONGEST = 500
"""Newest things of one record that are looked at."""


@dataclass(frozen=True, slots=True)
class HappenedRow:
    """An interaction, a cart, or an order that counts; ``payload`` is empty but for interactions."""

    profile_id: UUID
    at: datetime
    kind: str
    payload: dict[str, Any]


def sample(session: Session, most: int) -> list[UUID]:
    """Profiles, all or ``most`` of them: always the same ones, and no kind of them (as ``customer_stats.sample``)."""
    rows = session.rows(
        "SELECT id FROM profile WHERE NOT suppressed ORDER BY hashtextextended(id::text, 0) LIMIT %s", [most]
    )
    return [row[0] for row in rows]


def happened(session: Session, profiles: Collection[UUID]) -> Iterator[HappenedRow]:
    """What these people did, in no order. An order counts once it is paid, in part at least."""
    rows = session.rows(
        """
        SELECT r.profile_id, f.happened_at, f.kind, f.payload FROM record r
        CROSS JOIN LATERAL (
            SELECT f.happened_at, f.kind, CASE WHEN f.kind = 'interaction' THEN f.payload END AS payload
            FROM fact f WHERE f.record_id = r.id AND f.kind IN ('interaction', 'cart', 'order')
                AND (f.kind <> 'order' OR (f.counted AND f.amount >= 0 AND (f.aspect IS DISTINCT FROM 'open'
                    OR EXISTS (SELECT FROM fact p WHERE p.parent_id = f.id AND p.kind = 'payment' AND p.counted))))
            ORDER BY f.happened_at DESC, f.id LIMIT %s) f
        WHERE r.profile_id = ANY(%b)
        """,
        [LONGEST, list(profiles)],
    )
    for profile_id, at, kind, payload in rows:
        told = text.or_else(payload, {}) if payload else {}
        yield HappenedRow(profile_id, at, kind, told if isinstance(told, dict) else {})


def mark(session: Session, profiles: Sequence[UUID], now: datetime) -> None:
    """Have these told anew at once, where they have bought nothing; profiles are locked by this transaction."""
    session.run(
        """
        INSERT INTO trait AS held (profile_id, told, stage, segments, model_id, as_of, due_at)
        SELECT p.id, '{"stage":"potential"}', 'potential', '{}', 0, %s, %s FROM profile p
        WHERE p.id = ANY(%b) AND p.order_count = 0 AND NOT p.suppressed ORDER BY p.id
        ON CONFLICT (profile_id) DO UPDATE SET due_at = excluded.due_at
        WHERE held.stage = 'potential' AND (held.due_at IS NULL OR held.due_at > excluded.due_at)
        """,
        [now, now, sorted(profiles)],
    )
