"""accept_many: the same answer to many reviews that are alike sure, one after the other, each a transaction of its own.

What a guard holds back, and what is sure by itself and was refused all the same, is never among them: that takes eyes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from hub.application.answer_review import Reviewer
from hub.errors import NotFound, RefusedError
from hub.matching.weights import Model
from hub.store import reviews
from hub.store.database import Database, Session
from hub.store.reviews import OpenReview

AT_ONCE = 100
"""Reviews that one call answers at most: a person waits for it."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """``accepted`` are judgements that were written, ``left`` reviews that could not be answered, with the reason."""

    accepted: list[int]
    left: dict[UUID, str] = field(default_factory=dict)


def plain(session: Session, model: Model, least: float, limit: int) -> tuple[int, list[OpenReview]]:
    """How many open reviews have ``least`` bits or more and only lack certainty, and the surest of them."""
    return reviews.count_plain(session, least, model.same), reviews.surest(session, least, model.same, limit)


def accept_many(
    database: Database, reviewer: Reviewer, model: Model, least: float, by: str, reason: str = ""
) -> Accepted:
    """Accept the surest ``AT_ONCE`` of them. Whoever asks again goes on with the rest.

    An acceptance may settle another of them, or bring judgements against it: those are left, and hide no other.
    """
    with database.session() as session:
        _, found = plain(session, model, least, AT_ONCE)
    done = Accepted([])
    for review in found:
        try:
            answered = reviewer.answer(review.id, "accept", by, reason)
        except (RefusedError, NotFound) as error:
            done.left[review.id] = str(error)
        else:
            done.accepted.append(answered["judged"]["judgement"]["id"])
    return done
