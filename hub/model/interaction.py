"""Interactions: what happened between the person and the business and is no order, case or feedback."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from hub.model.base import Frozen, FrozenTexts, Texts, UtcDatetime
from hub.model.order import ProductReference

InteractionKind = Literal[
    "email_sent",
    "email_delivered",
    "email_opened",
    "email_clicked",
    "email_bounced",
    "email_replied",
    "email_subscribed",
    "email_unsubscribed",
    "email_complained",
    "message",
    "message_status",
    "reaction",
    "comment",
    "mention",
    "lead_form",
    "loyalty",
    "store_visit",
    "call",
    "appointment",
    "page_viewed",
    "screen_viewed",
    "product_viewed",
    "product_added",
    "product_removed",
    "checkout_started",
    "searched",
    "form_submitted",
    "tracked",
    "note",
    "task",
]
"""``tracked`` is any other event of a web page or app; its name is the ``subject``.

A ``note`` and a ``task`` are what a colleague wrote about the person, in whichever system: ``details.author`` is who.
"""


class Interaction(Frozen):
    """One thing that happened, or will: an appointment that is moved or called off is told again under the same id.

    ``channel`` is where it happened (web, app, till, phone, email, messenger, instagram, whatsapp …). ``starts_at`` and
    ``ends_at`` are those of a call or an appointment; a task is due when it ``starts_at``. ``state`` is the source's
    own word (missed, booked, cancelled, open, done). ``query`` is what was searched for, ``product`` what was looked at
    or put into a cart.
    """

    external_id: str
    kind: InteractionKind
    channel: str
    direction: Literal["in", "out"] = "in"
    subject: str | None = None
    text: str | None = None
    url: str | None = None
    campaign: str | None = None
    reference: str | None = None
    query: str | None = None
    product: ProductReference | None = None
    starts_at: UtcDatetime | None = None
    ends_at: UtcDatetime | None = None
    state: str | None = None
    details: Texts = Field(default_factory=FrozenTexts)
