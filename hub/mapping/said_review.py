"""Reviews of the business itself, who wrote them, and what it replied. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from hub.mapping.buyer import told_fields
from hub.mapping.customer import CustomerField, customer
from hub.mapping.plain_text import short
from hub.model.customer import ChannelAccount
from hub.model.event import CanonicalEvent, CustomerEvent, FeedbackEvent, InteractionEvent
from hub.model.feedback import Feedback
from hub.model.identifier import RecordKey
from hub.model.interaction import Interaction

_WORST, _BEST = Decimal(1), Decimal(5)


@dataclass(frozen=True, slots=True)
class Replied:
    """What the business replied. ``at`` is UTC."""

    text: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class ReviewOfUs:
    """A review. ``record`` is who wrote it, None for nobody who can be named; ``fields`` are a customer's.

    A rating beyond one to five stars is none. ``at`` is UTC.
    """

    external_id: str
    at: datetime
    channel: str
    record: RecordKey | None
    fields: Mapping[CustomerField, str | None] = field(default_factory=dict)
    accounts: tuple[ChannelAccount, ...] = ()
    rating: Decimal | None = None
    title: str | None = None
    text: str | None = None
    verified: bool | None = None
    url: str | None = None
    answers: Mapping[str, str] = field(default_factory=dict)
    reply: Replied | None = None


def review_of_us_events(told: ReviewOfUs, *, region: str) -> Iterator[CanonicalEvent]:
    """The person, the review, and the reply, which stands with the person."""
    key = told.record
    if key is not None:
        who = customer(key, told_fields(told.fields), region=region, accounts=told.accounts)
        yield CustomerEvent(occurred_at=told.at, customer=who)
    stars = told.rating
    feedback = Feedback(
        external_id=told.external_id,
        kind="review",
        channel=told.channel,
        rating=stars if stars is not None and _WORST <= stars <= _BEST else None,
        title=(told.title or "").strip() or None,
        text=short(told.text),
        verified=told.verified,
        url=told.url,
        answers=dict(told.answers),
    )
    yield FeedbackEvent(occurred_at=told.at, feedback=feedback, record=key)
    if told.reply and key:
        said = Interaction(
            external_id=f"{told.external_id}:reply",
            kind="comment",
            channel=told.channel,
            direction="out",
            text=short(told.reply.text),
            reference=told.external_id,
        )
        yield InteractionEvent(occurred_at=told.reply.at, interaction=said, record=key)
