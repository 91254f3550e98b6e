"""Hand-overs: who came into which state of the funnel, when and why; the row that nobody left is where they are."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from hub.store.database import Session


@dataclass(frozen=True, slots=True)
class HandOver:
    """``came_from`` is None for who came into the funnel. ``value`` is the deal's, in major units of ``currency``.

    Until ``held_until`` a person's decision holds, whatever the rules say.
    """

    id: UUID
    profile_id: UUID
    at: datetime
    came_from: str | None
    state: str
    reason: str
    owner: str | None = None
    follow_up: str | None = None
    value: Decimal | None = None
    currency: str | None = None
    due_at: datetime | None = None
    held_until: datetime | None = None
    left_at: datetime | None = None


_COLUMNS = (
    "id, profile_id, at, came_from, state, reason, owner, follow_up, value, currency, due_at, held_until, left_at"
)


def current(session: Session, profiles: Collection[UUID]) -> dict[UUID, list[tuple[HandOver, datetime | None]]]:
    """Where these are now: each profile's own row, and of whom was merged into it theirs with the time of the merge."""
    rows = session.rows(
        f"""
        SELECT own.id, own.retired_at, {", ".join(f"h.{name}" for name in _COLUMNS.split(", "))} FROM (
            SELECT id AS id, id AS key, NULL::timestamptz AS retired_at FROM unnest(%(profiles)b::uuid[]) AS given (id)
            UNION ALL
            SELECT a.profile_id, a.id, a.retired_at FROM alias a WHERE a.profile_id = ANY(%(profiles)b)) own
        JOIN hand_over h ON h.profile_id = own.key AND h.left_at IS NULL
        ORDER BY h.at, h.id
        """,
        {"profiles": list(profiles)},
    )
    found: dict[UUID, list[tuple[HandOver, datetime | None]]] = {}
    for profile_id, retired_at, *row in rows:
        found.setdefault(profile_id, []).append((HandOver(*row), retired_at))
    return found


def add(session: Session, rows: Sequence[HandOver]) -> None:
    """Store these; each profile leaves the state it was in. Profiles are locked by this transaction."""
    leave(session, {row.profile_id: row.at for row in rows})
    ordered = sorted(rows, key=lambda row: row.id)
    if ordered:
        session.run(
            f"""
            INSERT INTO hand_over ({_COLUMNS})
            SELECT *, NULL FROM unnest(%b::uuid[], %b::uuid[], %s::timestamptz[], %s::text[], %b::text[], %b::text[],
                %s::text[], %s::text[], %s::numeric[], %s::text[], %s::timestamptz[], %s::timestamptz[])
            ON CONFLICT (id) DO NOTHING
            """,
            [
                [row.id for row in ordered],
                [row.profile_id for row in ordered],
                [row.at for row in ordered],
                [row.came_from for row in ordered],
                [row.state for row in ordered],
                [row.reason for row in ordered],
                [row.owner for row in ordered],
                [row.follow_up for row in ordered],
                [row.value for row in ordered],
                [row.currency for row in ordered],
                [row.due_at for row in ordered],
                [row.held_until for row in ordered],
            ],
        )


def leave(session: Session, profiles: dict[UUID, datetime]) -> None:
    """These are in no state from then on."""
    if profiles:
        ordered = sorted(profiles)
        session.run(
            """
            UPDATE hand_over SET left_at = given.at FROM unnest(%b::uuid[], %s::timestamptz[]) AS given (id, at)
            WHERE hand_over.profile_id = given.id AND left_at IS NULL
            """,
            [ordered, [profiles[one] for one in ordered]],
        )


def assigned(session: Session) -> dict[str, int]:
    """How many people each owner has had; nobody else is told before this transaction is over."""
    session.run("SELECT pg_advisory_xact_lock(hashtext('hub.hand_over'))")
    return dict(session.rows("SELECT owner, count(*) FROM hand_over WHERE owner IS NOT NULL GROUP BY 1"))


def by_id(session: Session, ids: Collection[UUID]) -> dict[UUID, HandOver]:
    """Hand-overs by their own id."""
    rows = session.rows(f"SELECT {_COLUMNS} FROM hand_over WHERE id = ANY(%b)", [list(ids)])
    return {row[0]: HandOver(*row) for row in rows}


def of_profile(session: Session, profile_id: UUID, limit: int, before: datetime | None = None) -> list[HandOver]:
    """The newest hand-overs of a profile, and of those that were merged into it."""
    rows = session.rows(
        f"""
        SELECT {_COLUMNS} FROM hand_over
        WHERE profile_id = ANY(%(id)s::uuid || ARRAY(SELECT id FROM alias WHERE profile_id = %(id)s))
            AND (%(before)s::timestamptz IS NULL OR at <= %(before)s)
        ORDER BY at DESC, id LIMIT %(limit)s
        """,
        {"id": profile_id, "limit": limit, "before": before},
    )
    return [HandOver(*row) for row in rows]


def funnel(session: Session) -> list[tuple[str, int, float | None, int, float | None, int, int, int]]:
    """What the report shows of each state, of the profiles there are.

    (state, people now, their median days in it, people ever, median days of those who went on, how many came in
    30 days, tasks now, nurtured now).
    """
    return session.rows(
        """
        SELECT h.state, count(*) FILTER (WHERE h.left_at IS NULL AND p.id IS NOT NULL),
            percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM now() - h.at) / 86400)
                FILTER (WHERE h.left_at IS NULL AND p.id IS NOT NULL),
            count(DISTINCT h.profile_id),
            percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM h.left_at - h.at) / 86400)
                FILTER (WHERE h.left_at IS NOT NULL),
            count(*) FILTER (WHERE h.at >= now() - interval '30 days'),
            count(*) FILTER (WHERE h.left_at IS NULL AND p.id IS NOT NULL AND h.follow_up = 'task'),
            count(*) FILTER (WHERE h.left_at IS NULL AND p.id IS NOT NULL AND h.follow_up = 'nurture')
        FROM hand_over h LEFT JOIN profile p ON p.id = h.profile_id GROUP BY 1
        """
    )


def moves(session: Session, days: int) -> list[tuple[str | None, str, int]]:
    """(from, to, how often) of the hand-overs of so many days."""
    return session.rows(
        """
        SELECT came_from, state, count(*) FROM hand_over WHERE at >= now() - make_interval(days => %s)
        GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2
        """,
        [days],
    )
