"""Judgements: what people decided about who is who."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from hub.model.judgement import Judgement, Verdict
from hub.store.database import Row, Session

_COLUMNS = "j.id, j.verdict, j.one, j.other, j.by, j.reason, j.at, j.withdrawn_at, j.withdrawn_by"


def of_records(session: Session, records: Collection[UUID]) -> list[Judgement]:
    """The judgements in force that name any of these records, oldest first."""
    rows = session.rows(
        f"""
        SELECT {_COLUMNS} FROM judgement j
        WHERE j.id = ANY(ARRAY(SELECT judgement_id FROM judgement_record WHERE record_id = ANY(%b))) ORDER BY j.id
        """,
        [list(records)],
    )
    return [*map(_read, rows), *_rejected(session, records)]


def _rejected(session: Session, records: Collection[UUID]) -> list[Judgement]:
    """Reviews answered with no: as holds, so that what a person rejected is asked again and never merged unasked.

    They have no row among the judgements; their numbers are below 0 and follow from the pair.
    """
    rows = session.rows(
        """
        SELECT one, other, by, reason, at FROM dismissal WHERE one = ANY(%b)
        UNION SELECT one, other, by, reason, at FROM dismissal WHERE other = ANY(%b)
        """,
        [list(records), list(records)],
    )
    return [
        Judgement(-1 - (one.int ^ other.int), "hold", frozenset({one}), frozenset({other}), by, reason, at)
        for one, other, by, reason, at in sorted(rows)
    ]


def chained(session: Session, records: Collection[UUID]) -> list[Judgement]:
    """The judgements in force on these records, and on all that chains of ``same`` make one with them, oldest first."""
    found: dict[int, Judgement] = {}
    seen: set[UUID] = set()
    wanted = set(records)
    while wanted:
        seen |= wanted
        step = [judgement for judgement in of_records(session, wanted) if judgement.id not in found]
        found |= {judgement.id: judgement for judgement in step}
        wanted = {record for each in step if each.verdict == "same" for record in each.records} - seen
    return [found[key] for key in sorted(found)]


def insert(session: Session, judgement: Judgement) -> Judgement:
    """Store a new one; gives it with its id."""
    row = session.one(
        """
        INSERT INTO judgement (verdict, one, other, by, reason, at)
        VALUES (%s, %b::uuid[], %b::uuid[], %s, %s, %s) RETURNING id
        """,
        [
            judgement.verdict,
            sorted(judgement.one),
            sorted(judgement.other),
            judgement.by,
            judgement.reason,
            judgement.at,
        ],
    )
    assert row is not None
    session.run(
        "INSERT INTO judgement_record (record_id, judgement_id) SELECT unnest(%b::uuid[]), %s",
        [sorted(judgement.records), row[0]],
    )
    return replace(judgement, id=row[0])


def withdraw(session: Session, ids: Collection[int], by: str, now: datetime) -> list[Judgement]:
    """End those of these judgements that are in force; gives them as they are now, oldest first."""
    rows = session.rows(
        f"""
        UPDATE judgement j SET withdrawn_at = %s, withdrawn_by = %s
        WHERE j.id = ANY(%b::bigint[]) AND j.withdrawn_at IS NULL RETURNING {_COLUMNS}
        """,
        [now, by, list(ids)],
    )
    ended = sorted((_read(row) for row in rows), key=lambda judgement: judgement.id)
    records = {record for judgement in ended for record in judgement.records}
    if ended:
        session.run(
            "DELETE FROM judgement_record WHERE record_id = ANY(%b) AND judgement_id = ANY(%b::bigint[])",
            [sorted(records), [judgement.id for judgement in ended]],
        )
    return ended


def withdraw_holds(session: Session, since: datetime, by: str, now: datetime) -> list[Judgement]:
    """Withdraw the holds of the machine since then that nobody answered; gives them as they are now."""
    rows = session.rows(
        "SELECT id FROM judgement WHERE verdict = 'hold' AND at >= %s AND withdrawn_at IS NULL", [since]
    )
    return withdraw(session, [row[0] for row in rows], by, now) if rows else []


def forget_rejected(session: Session, holds: Collection[Judgement]) -> None:
    """Delete the dismissals that some of these holds stand for, because a later decision replaces them."""
    pairs = [sorted(hold.records) for hold in holds if hold.id < 0]
    if pairs:
        session.run(
            """
            DELETE FROM dismissal d USING unnest(%b::uuid[], %b::uuid[]) AS given (one, other)
            WHERE d.one = given.one AND d.other = given.other
            """,
            [[one for one, _ in pairs], [other for _, other in pairs]],
        )


def get(session: Session, judgement_id: int) -> Judgement | None:
    """One, withdrawn or not."""
    row = session.one(f"SELECT {_COLUMNS} FROM judgement j WHERE j.id = %s", [judgement_id])
    return _read(row) if row else None


def page(
    session: Session,
    *,
    limit: int,
    before: int | None = None,
    withdrawn: bool = False,
    verdict: Verdict | None = None,
    profile_id: UUID | None = None,
) -> list[Judgement]:
    """Newest first; ``withdrawn`` ones only when asked for. ``profile_id``: those that name one of its records."""
    conditions = ["true"]
    if before is not None:
        conditions.append("j.id < %(before)s")
    if not withdrawn:
        conditions.append("j.withdrawn_at IS NULL")
    if verdict is not None:
        conditions.append("j.verdict = %(verdict)s")
    if profile_id is not None:
        conditions.append(
            "(j.one || j.other) && ARRAY(SELECT id FROM record WHERE profile_id = %(profile_id)s)"
            if withdrawn
            else """
            j.id = ANY(ARRAY(SELECT n.judgement_id FROM record r JOIN judgement_record n ON n.record_id = r.id
                WHERE r.profile_id = %(profile_id)s))
            """
        )
    rows = session.rows(
        f"SELECT {_COLUMNS} FROM judgement j WHERE {' AND '.join(conditions)} ORDER BY j.id DESC LIMIT %(limit)s",
        {"before": before, "verdict": verdict, "profile_id": profile_id, "limit": limit},
    )
    return [_read(row) for row in rows]


def _read(row: Row) -> Judgement:
    id_, verdict, one, other, *rest = row
    return Judgement(id_, verdict, frozenset(one), frozenset(other), *rest)
