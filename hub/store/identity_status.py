"""Where identity stands: what waits, which identifiers are quarantined, and which profiles are larger than allowed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from hub.store import judgements, marks, profiles, records, reviews, versions
from hub.store.database import Session


@dataclass(frozen=True, slots=True)
class Quarantined:
    """An identifier that proves nothing, because so many share it.

    ``carriers`` are the records that have it, ``profiles`` the people these are now.
    """

    kind: str
    value: str
    carriers: int
    profiles: int
    since: datetime

    @property
    def text(self) -> str:
        """What the quarantine does, in words."""
        if self.profiles < 2:
            return "joins nobody else; all who have it are one profile by other evidence"
        return f"would join {self.profiles} profiles into one if it were trusted"


@dataclass(frozen=True, slots=True)
class Large:
    """A profile above a limit of the rules; ``revenue`` is the largest total of one currency, in major units."""

    profile: UUID
    records: int
    orders: int
    revenue: Decimal


def counts(session: Session) -> Mapping[str, int]:
    """How many there are of everything."""
    placing, _, set_aside = marks.counts(session)
    return {
        "records": records.count(session),
        "profiles": profiles.count(session),
        "waiting": versions.waiting(session),
        "placing": placing,
        "set_aside": set_aside,
        "open_reviews": reviews.count(session),
    }


def quarantined_count(session: Session) -> int:
    """How many identifiers prove nothing because too many share them."""
    row = session.one("SELECT count(*) FROM crowd WHERE shared")
    return int(row[0]) if row else 0


def quarantined(session: Session, limit: int, kinds: Sequence[str] = ()) -> list[Quarantined]:
    """Those of the first of these kinds first, and of one kind those with the most records."""
    rows = session.rows(
        """
        SELECT c.kind, c.value, n.carriers, n.profiles, c.at
        FROM crowd c CROSS JOIN LATERAL (
            SELECT count(*) AS carriers, count(DISTINCT r.profile_id) AS profiles
            FROM record_key k JOIN record r ON r.id = k.record_id WHERE k.key = c.key) n
        WHERE c.shared ORDER BY array_position(%b::text[], c.kind), n.carriers DESC, c.kind, c.value LIMIT %s
        """,
        [list(kinds), limit],
    )
    return [Quarantined(*row) for row in rows]


def large(session: Session, most_records: int, most_orders: int, most_revenue: Decimal) -> list[Large]:
    """The profiles above any of these limits, the largest first."""
    # Orders and revenue stand beside the golden profile, counted as the limits count them.
    rows = session.rows(
        """
        SELECT p.id, n.records, p.order_count, p.revenue
        FROM (SELECT profile_id AS id, count(*) AS records FROM record GROUP BY profile_id) n JOIN profile p USING (id)
        WHERE n.records > %s OR p.order_count > %s OR p.revenue > %s
        ORDER BY n.records DESC, p.order_count DESC, p.revenue DESC, p.id
        """,
        [most_records, most_orders, most_revenue],
    )
    return [Large(*row) for row in rows]


def holds(session: Session, limit: int) -> list[dict[str, Any]]:
    """Merges that wait for a person, the newest first: why, since when, and which profiles they would join."""
    found = judgements.page(session, limit=limit, verdict="hold")
    places = records.profiles_of(session, {record for each in found for record in each.records})
    return [
        {
            "id": each.id,
            "reason": each.reason,
            "at": each.at,
            "profiles": sorted({places[record] for record in each.records if record in places}),
        }
        for each in found
    ]


def holds_count(session: Session) -> int:
    """How many merges wait for a person because of the limits."""
    row = session.one("SELECT count(*) FROM judgement WHERE verdict = 'hold' AND withdrawn_at IS NULL")
    return int(row[0]) if row else 0


def decided_by_hand(session: Session) -> tuple[int, int]:
    """How often people joined profiles, and took one apart, without being asked; decisions in force only."""
    row = session.one(
        """
        SELECT count(*) FILTER (WHERE verdict = 'same'), count(*) FILTER (WHERE verdict = 'different')
        FROM judgement j
        WHERE withdrawn_at IS NULL AND verdict <> 'hold'
            AND NOT EXISTS (SELECT FROM answer WHERE judgement_id = j.id)
        """
    )
    return (int(row[0]), int(row[1])) if row else (0, 0)
