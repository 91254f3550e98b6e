"""Interactions: anything that happened between the person and the business which is not an order."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from hub.model.base import Frozen, FrozenTexts, Texts

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
    "note",
]


class Interaction(Frozen):
    """``channel`` is where it happened (web, till, email, messenger, instagram, whatsapp …)."""

    external_id: str
    kind: InteractionKind
    channel: str
    direction: Literal["in", "out"] = "in"
    subject: str | None = None
    text: str | None = None
    url: str | None = None
    campaign: str | None = None
    reference: str | None = None
    details: Texts = Field(default_factory=FrozenTexts)
