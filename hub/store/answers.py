"""What people answered to reviews: who, when, and how far they are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hub.store.database import Session
from hub.store.reviews import Answer


@dataclass(frozen=True, slots=True)
class Given:
    """One answer. ``withdrawn``: the judgement it led to has ended. ``profile`` is where its first record is now."""

    id: int
    review: UUID
    answer: Answer
    weight: float | None
    by: str
    reason: str
    at: datetime
    judgement: int | None
    withdrawn: bool
    profile: UUID | None


def recent(session: Session, limit: int) -> list[Given]:
    """The newest first."""
    rows = session.rows(
        """
        SELECT a.id, a.review, a.answer, a.weight, a.by, a.reason, a.at, a.judgement_id, j.withdrawn_at IS NOT NULL,
            r.profile_id
        FROM (SELECT * FROM answer ORDER BY id DESC LIMIT %s) a
        LEFT JOIN judgement j ON j.id = a.judgement_id LEFT JOIN record r ON r.id = a.one ORDER BY a.id DESC
        """,
        [limit],
    )
    return [Given(*row) for row in rows]


def since(session: Session, at: datetime, by: str) -> tuple[int, int]:
    """How many answers were given since then: by this person, and in all."""
    row = session.one("SELECT count(*) FILTER (WHERE by = %s), count(*) FROM answer WHERE at >= %s", [by, at])
    return (int(row[0]), int(row[1])) if row else (0, 0)


def forget_rejection(session: Session, review: UUID, one: UUID, other: UUID) -> bool:
    """Take the last answer to a review back, where it was a rejection: it is asked again, and nothing learns from it.

    ``one`` and ``other`` are the review's profiles.
    """
    ended = session.run(
        """
        DELETE FROM answer WHERE answer = 'reject'
            AND id = (SELECT id FROM answer WHERE review = %s ORDER BY id DESC LIMIT 1)
        """,
        [review],
    )
    if ended:
        session.run(
            """
            DELETE FROM dismissal d USING record x, record y
            WHERE x.id = d.one AND y.id = d.other AND (x.profile_id, y.profile_id) IN ((%(a)s, %(b)s), (%(b)s, %(a)s))
                AND (d.one = ANY(ARRAY(SELECT id FROM record WHERE profile_id = %(a)s))
                    OR d.other = ANY(ARRAY(SELECT id FROM record WHERE profile_id = %(a)s)))
            """,
            {"a": one, "b": other},
        )
    return bool(ended)
