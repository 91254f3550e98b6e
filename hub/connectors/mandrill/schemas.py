"""Mandrill's events, a list of them as JSON in the form field ``mandrill_events``: only what is read.

Source: https://mandrill.zendesk.com/hc/en-us/articles/205583307-Message-Event-Webhook-Format
"""

from __future__ import annotations

from pydantic import Field

from hub.mapping.payload import VendorModel


class Form(VendorModel):
    """The body."""

    events: str = Field(alias="mandrill_events")


class Message(VendorModel):
    """The mail an event is about."""

    id: str = Field(alias="_id")
    email: str
    subject: str | None = None
    tags: tuple[str, ...] = ()
    bounce_description: str | None = None


class Event(VendorModel):
    """One event of a mail; ``ts`` is in seconds. A change of a reject list has neither ``event`` nor mail."""

    event: str | None = None
    ts: int
    msg: Message | None = None
    url: str | None = None
