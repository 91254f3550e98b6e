"""Freshdesk's tickets, conversations and ratings, and the call of a rule: only what is read.

Source: https://developers.freshdesk.com/api/#tickets, …#conversations, …#satisfaction-ratings.
"""

from __future__ import annotations

from pydantic import Field

from hub.mapping.payload import PlainValue, TimeText, VendorModel


class Simple(VendorModel):
    """What a rule sends with simple content."""

    ticket_id: str


class Call(VendorModel):
    """The call of a rule with simple content; ``type`` and ``id`` stand in items of the history."""

    freshdesk_webhook: Simple
    type: str | None = None
    id: str | None = None


class Requester(VendorModel):
    """Who asked (``include=requester``)."""

    id: str
    name: str | None = None
    email: str | None = None
    mobile: str | None = None
    phone: str | None = None


class Stats(VendorModel):
    """``include=stats``."""

    resolved_at: TimeText | None = None
    closed_at: TimeText | None = None


class Ticket(VendorModel):
    """A ticket; status, priority and source are numbers."""

    id: str
    status: int
    created_at: TimeText
    updated_at: TimeText
    requester_id: str | None = None
    requester: Requester | None = None
    stats: Stats | None = None
    subject: str | None = None
    description_text: str | None = None
    priority: int | None = None
    source: int | None = None
    tags: tuple[str, ...] = ()
    custom_fields: dict[str, PlainValue] = Field(default_factory=dict)
    spam: bool = False
    deleted: bool = False


class Listed(VendorModel):
    """An item of the history."""

    ticket: Ticket


class Attachment(VendorModel):
    """A file; only its name is read."""

    name: str


class Conversation(VendorModel):
    """Something that was said: ``incoming`` from the customer's side, ``private`` for a note."""

    id: str
    created_at: TimeText
    incoming: bool = False
    private: bool = False
    user_id: str | None = None
    from_email: str | None = None
    body_text: str | None = None
    attachments: tuple[Attachment, ...] = ()


class Conversations(VendorModel):
    """The list, as Hub wraps it."""

    items: tuple[Conversation, ...] = ()


class Answers(VendorModel):
    """The answer to the survey's first question: 103 (extremely happy) to 100 (neutral), -101 to -103 (unhappy)."""

    default_question: int | None = None


class Rating(VendorModel):
    """One answered survey."""

    id: str
    created_at: TimeText
    ratings: Answers = Answers()
    feedback: str | None = None


class Ratings(VendorModel):
    """The list, as Hub wraps it."""

    items: tuple[Rating, ...] = ()
