"""Zendesk's events, tickets, users and comments: only what is read.

Sources: https://developer.zendesk.com/api-reference/webhooks/event-types/webhook-event-types/,
https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/, …/tickets/ticket_comments/, …/users/users/.
"""

from __future__ import annotations

from hub.mapping.payload import PlainValue, TimeText, VendorModel


class Detail(VendorModel):
    """``detail`` of an event: the object it is about."""

    id: str


class Event(VendorModel):
    """What every event webhook has; ``type`` is as ``zen:event-type:ticket.status_changed``."""

    id: str
    type: str
    detail: Detail


class Via(VendorModel):
    """How something came in."""

    channel: str | None = None


class Satisfaction(VendorModel):
    """``score`` is good or bad once it was given, else offered or unoffered."""

    score: str | None = None
    comment: str | None = None


class CustomField(VendorModel):
    """A field of the account's own, by its number."""

    id: str
    value: PlainValue = None


class Ticket(VendorModel):
    """A ticket."""

    id: str
    status: str
    created_at: TimeText
    updated_at: TimeText
    requester_id: str | None = None
    subject: str | None = None
    description: str | None = None
    priority: str | None = None
    tags: tuple[str, ...] = ()
    via: Via | None = None
    custom_fields: tuple[CustomField, ...] = ()
    satisfaction_rating: Satisfaction | None = None


class User(VendorModel):
    """A user; ``role`` is end-user, agent or admin."""

    id: str
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    role: str | None = None
    locale: str | None = None


class Attachment(VendorModel):
    """A file; only its name is read."""

    file_name: str


class Comment(VendorModel):
    """What was said; ``public`` is False for internal notes."""

    id: str
    created_at: TimeText
    public: bool = False
    author_id: str | None = None
    plain_body: str | None = None
    body: str | None = None
    attachments: tuple[Attachment, ...] = ()


class WithTicket(VendorModel):
    """A ticket with the users that were asked for beside it."""

    ticket: Ticket
    users: tuple[User, ...] = ()


class WithComments(VendorModel):
    """The comments of a ticket, and who wrote them."""

    comments: tuple[Comment, ...] = ()
    users: tuple[User, ...] = ()
