"""What people say a trait is, against what is worked out."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hub.store.database import Session


@dataclass(frozen=True, slots=True)
class OverrideRow:
    """``until`` None: for good. ``value`` is text."""

    profile_id: UUID
    trait: str
    value: str
    by: str
    at: datetime
    reason: str
    until: datetime | None


def in_force(session: Session, profiles: Collection[UUID], now: datetime) -> dict[UUID, dict[str, OverrideRow]]:
    """By profile and trait what holds now: of several of one person's records the newest."""
    # There are few of them: each is asked whose it is, and not each profile whether it has one.
    rows = session.rows(
        """
        SELECT r.profile_id, o.trait, o.value, o.by, o.at, o.reason, o.until FROM trait_override o
        CROSS JOIN LATERAL (SELECT r.profile_id FROM record r WHERE r.id = o.record_id OFFSET 0) r
        WHERE r.profile_id = ANY(%(profiles)b) AND (o.until IS NULL OR o.until > %(now)s)
        ORDER BY o.at, o.record_id
        """,
        {"profiles": list(profiles), "now": now},
    )
    found: dict[UUID, dict[str, OverrideRow]] = {}
    for row in rows:
        found.setdefault(row[0], {})[row[1]] = OverrideRow(*row)
    return found


def put(session: Session, record_id: UUID, row: OverrideRow) -> None:
    """Keep it, in place of what was said of the same trait at this record before."""
    session.run(
        """
        INSERT INTO trait_override (record_id, trait, value, by, at, reason, until) VALUES (%s, %s, %s, %s, %s, %s, %s)
        ON CONFLICT (record_id, trait) DO UPDATE SET value = excluded.value, by = excluded.by, at = excluded.at,
            reason = excluded.reason, until = excluded.until
        """,
        [record_id, row.trait, row.value, row.by, row.at, row.reason, row.until],
    )


def forget(session: Session, profiles: Collection[UUID], trait: str | None = None) -> bool:
    """Take away what was said of these people, of one trait or of all; True where there was anything."""
    rows = session.rows(
        """
        DELETE FROM trait_override o USING record r
        WHERE r.id = o.record_id AND r.profile_id = ANY(%(profiles)b)
            AND (%(trait)s::text IS NULL OR o.trait = %(trait)s)
        RETURNING 1
        """,
        {"profiles": list(profiles), "trait": trait},
    )
    return bool(rows)
