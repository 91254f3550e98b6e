"""Feedback: what somebody thinks of a product, an order or the business."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal, Self

from pydantic import Field, model_validator

from hub.model.base import Frozen, FrozenTexts, Texts
from hub.model.order import ProductReference

FeedbackKind = Literal["review", "survey", "rating"]
FeedbackState = Literal["published", "pending", "rejected", "withdrawn"]


class Feedback(Frozen):
    """One review, answered survey or rating; a later telling of it replaces an earlier one.

    ``rating`` lies between ``worst`` and ``best`` (stars: 1 to 5, NPS: 0 to 10), as the source counts; ``share`` makes
    ratings of different scales comparable. ``answers`` are those of a survey, by question. ``text`` is what the person
    wrote. ``order_id`` is the external id of an order at the same connection.
    """

    external_id: str
    kind: FeedbackKind
    channel: str
    rating: Decimal | None = None
    worst: Decimal = Decimal(1)
    best: Decimal = Decimal(5)
    title: str | None = None
    text: str | None = None
    survey: str | None = None
    answers: Texts = Field(default_factory=FrozenTexts)
    product: ProductReference | None = None
    order_id: str | None = None
    state: FeedbackState | None = None
    verified: bool | None = None
    """Whether the source knows that the person bought the product."""
    url: str | None = None

    @model_validator(mode="after")
    def _on_its_scale(self) -> Self:
        if self.best <= self.worst:
            raise ValueError("the best rating is not above the worst")
        if self.rating is not None and not self.worst <= self.rating <= self.best:
            raise ValueError("a rating beyond its scale")
        return self

    @property
    def share(self) -> Decimal | None:
        """From 0 (the worst) to 1 (the best); None without a rating."""
        return None if self.rating is None else (self.rating - self.worst) / (self.best - self.worst)
