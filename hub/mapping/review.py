"""Reviews of products, and who wrote them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from hub.mapping.buyer import told_fields
from hub.mapping.customer import customer, guest_key
from hub.model.event import CustomerEvent, FeedbackEvent
from hub.model.feedback import Feedback, FeedbackState
from hub.model.identifier import RecordKey
from hub.model.order import ProductReference

_STATES: Mapping[str, FeedbackState] = {
    **dict.fromkeys(("approved", "published"), "published"),
    **dict.fromkeys(("hold", "pending"), "pending"),
    **dict.fromkeys(("spam", "disapproved", "rejected"), "rejected"),
    "trash": "withdrawn",
}
_WORST, _BEST = Decimal(1), Decimal(5)


def review_events(
    external_id: str,
    at: datetime,
    *,
    product_id: str | None,
    region: str,
    rating: Decimal | int | None = None,
    title: str | None = None,
    text: str | None = None,
    state: str | None = None,
    verified: bool | None = None,
    record: RecordKey | None = None,
    name: str | None = None,
    email: str | None = None,
) -> list[CustomerEvent | FeedbackEvent]:
    """The review, and who wrote it: the ``record``, or a guest where an address is told. ``at`` is UTC.

    ``state`` is the source's own word; a rating beyond one to five stars is none.
    """
    fields = told_fields({"full_name": name, "email": email}) if record is None else {}
    guest = None
    if fields.get("email"):
        guest = customer(guest_key(fields, region=region, fallback=external_id), fields, region=region)
    stars = Decimal(rating) if rating is not None and _WORST <= rating <= _BEST else None
    feedback = Feedback(
        external_id=external_id,
        kind="review",
        channel="web",
        rating=stars,
        title=title or None,
        text=text or None,
        product=ProductReference(external_id=product_id) if product_id else None,
        state=_STATES.get((state or "").lower()),
        verified=verified,
    )
    told = FeedbackEvent(occurred_at=at, feedback=feedback, record=guest.key if guest else record)
    return [*([CustomerEvent(occurred_at=at, customer=guest)] if guest else []), told]
