"""review: what a person answers to a doubtful match, and its effect, in one transaction.

Two who answer at once are served one after the other: the second is told what the first decided.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from hub.application.judge import Decision, Judge, different, held_records, same
from hub.application.review import opened
from hub.errors import NotFound
from hub.model.judgement import Judged
from hub.store import answers, identity_locks, reviews
from hub.store.database import Session
from hub.store.reviews import Answer, Answered, OpenReview, Pair

MOST_DISMISSED = 1_000
"""Pairs that a rejection is noted for, the surest first: those decide whether the review comes back."""


class Reviewer(Judge):
    """Takes answers to reviews. Each call is one transaction; nothing is changed when it raises."""

    def answer(self, review: UUID, answer: Answer, by: str, reason: str = "") -> dict[str, Any]:
        """Carry an answer out, and tell what it did.

        ``accept``: both profiles are one person. ``never``: they are two, for ever. ``reject``: not now; the review
        comes back when its evidence has grown. Raises NotFound for an id of nothing, and RefusedError when the review
        is open no more, or when judgements stand against the answer: both with what is so.
        """
        if answer == "reject":
            return _document(self._reject(review, by, reason), None)
        noted: list[Answered] = []

        def decide(session: Session, now: datetime) -> Decision:
            open_review = opened(session, review)
            pair = _pairs(session, open_review)[0]
            judged = same if answer == "accept" else different
            held = held_records(session, open_review.one, open_review.other)
            sides = (held[open_review.one], held[open_review.other])
            decision = judged(session, *sides, by=by, reason=reason, now=now)
            noted[:] = [Answered(review, answer, pair, by, reason, now, decision.judgement.id)]
            reviews.note(session, noted[0])
            return decision

        judged = self._transaction(decide, by)
        return _document(noted[0], judged)

    def take_back(self, review: UUID, by: str) -> Judged | None:
        """Take the last answer to a review back: its judgement ends, or it is asked again. None after a rejection.

        Raises NotFound where nobody answered, RefusedError when the answer was taken back already.
        """
        with self._processing.database.session() as session:
            identity_locks.people(session)
            answered = reviews.last_answer(session, review)
            sides = reviews.profiles_of(session, review)
            if answered is None or sides is None:
                raise NotFound(f"nobody answered review {review}")
            if answered.judgement_id is None:
                answers.forget_rejection(session, review, *sides)
                return None
        return self.withdraw(answered.judgement_id, by)

    def _reject(self, review: UUID, by: str, reason: str) -> Answered:
        with self._processing.database.session() as session:
            identity_locks.people(session)
            now = session.now()
            pairs = _pairs(session, opened(session, review))
            reviews.dismiss(session, pairs[:MOST_DISMISSED], by, reason, now)
            answered = Answered(review, "reject", pairs[0], by, reason, now)
            reviews.note(session, answered)
            return answered


def _pairs(session: Session, review: OpenReview) -> list[Pair]:
    return reviews.pairs(session, [review])[review.id]


def _document(answered: Answered, judged: Judged | None) -> dict[str, Any]:
    return {
        "id": answered.review,
        "answer": answered.answer,
        "by": answered.by,
        "reason": answered.reason,
        "at": answered.at,
        "judged": judged.document() if judged else None,
    }
