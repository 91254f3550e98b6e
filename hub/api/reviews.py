"""``/api/v1/reviews``: doubtful matches that wait for a person, and what they answer."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from hub.api.access import allowing
from hub.api.explanation_schemas import EvidenceLine
from hub.api.pages import Cursor, Limit, Page, Unreadable, paged, position
from hub.api.problems import ApiError, responses
from hub.api.schemas import Answer, JudgedItem, Reason
from hub.application.answer_review import Reviewer
from hub.application.in_force import InForce
from hub.application.review import Waits, shown, shown_one
from hub.errors import RefusedError
from hub.model.address import Address
from hub.model.base import UtcDatetime
from hub.model.customer import PersonName
from hub.model.money import Money
from hub.model.profile import OrderSummary, RecordReference
from hub.store import reviews
from hub.store.database import Database, Session
from hub.store.reviews import Position
from hub.store.tokens import Token

_AMOUNT = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?")
_INTEGERS = 2**31
"""PostgreSQL counts orders below this."""


class Stake(Answer):
    """What hangs on the smaller of the two profiles."""

    orders: int
    revenue: list[Money] = Field(description="Net of refunds, one per currency.")


class ReviewSide(Answer):
    """One of the two profiles."""

    id: UUID
    name: PersonName
    emails: list[str]
    phones: list[str]
    addresses: list[Address]
    birth_date: str | None
    orders: OrderSummary
    records: list[RecordReference] = Field(description="The first of them.")
    record_count: int


class ReviewItem(Answer):
    """Two profiles that may be one person."""

    id: UUID = Field(description="Of this pair of profiles; it stays while both exist.")
    weight: float | None = Field(description="Bits of the surest pair of their records; null where only a guard spoke.")
    held: str | None = Field(description="What a guard says, where one holds them apart.")
    waits: Waits = Field(description="Why nobody but a person decides.")
    stake: Stake
    profiles: list[ReviewSide] = Field(min_length=2, max_length=2)
    records: list[RecordReference] = Field(
        min_length=2, max_length=2, description="The surest pair, one record of each profile: `evidence` is about it."
    )
    pairs: int = Field(description="Pairs of records of the two that may be one person.")
    evidence: list[EvidenceLine]


class ReviewAnswer(BaseModel):
    """`accept`: one person. `reject`: not now; it comes back when the evidence has grown. `never`: two, for ever."""

    model_config = ConfigDict(extra="forbid")

    answer: Literal["accept", "reject", "never"]
    reason: Reason = ""


class AnsweredItem(Answer):
    """What an answer did."""

    id: UUID
    answer: Literal["accept", "reject", "never"]
    by: str
    reason: str
    at: UtcDatetime
    judged: JudgedItem | None = Field(description="The judgement behind `accept` and `never`, and what came of it.")


def router(database: Database, in_force: Callable[[Session], InForce], reviewer: Reviewer) -> APIRouter:
    """The routes. ``in_force`` tells the rules and weights that hold now."""
    routes = APIRouter(
        prefix="/reviews",
        tags=["reviews"],
        dependencies=[Depends(allowing(database, "viewer"))],
        responses=responses(401, 403, 422, 503),
    )
    operator = Depends(allowing(database, "operator"))

    @routes.get("")
    def listed(limit: Limit = 50, cursor: Cursor = None) -> Page[ReviewItem]:
        """Open reviews, those with the most at stake first, then the surest."""
        after = position(cursor, _position)
        with database.session() as session:
            found = reviews.page(session, after=after, limit=limit + 1)
            rows, following = paged(found, limit, _key)
            items = shown(session, rows, in_force(session).identity)
        return Page(
            items=[ReviewItem.model_validate(item) for item in items if "unreadable" not in item],
            unreadable=[Unreadable(id=one["id"], reason=one["unreadable"]) for one in items if "unreadable" in one],
            next=following,
        )

    @routes.get("/{id}", responses=responses(404))
    def show(id: UUID) -> ReviewItem:  # noqa: A002 - the name in the path
        """One open review."""
        with database.session() as session:
            try:
                item = shown_one(session, id, in_force(session).identity)
            except RefusedError as error:
                raise ApiError(404, str(error)) from None
        return ReviewItem.model_validate(item)

    @routes.post("/{id}", responses=responses(404, 409))
    def answer(id: UUID, given: ReviewAnswer, token: Token = operator) -> AnsweredItem:  # noqa: A002
        """Answer a review; 409 tells who answered before, what became of it, or which judgements stand against it."""
        name = token.name or f"token {token.id}"
        return AnsweredItem.model_validate(reviewer.answer(id, given.answer, name, given.reason))

    return routes


def _key(review: reviews.OpenReview) -> list[Any]:
    revenue, orders, weight, one, other = review.position
    return [format(revenue, "f"), orders, weight, one, other]


def _position(key: Any) -> Position:
    revenue, orders, weight, one, other = key
    if not _AMOUNT.fullmatch(revenue) or not 0 <= int(orders) < _INTEGERS:
        raise ValueError("no position of ours")
    return Decimal(revenue), int(orders), float(weight), UUID(one), UUID(other)
