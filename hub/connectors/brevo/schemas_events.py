"""Brevo's events of mails: only what is read. Transactional and marketing mails tell theirs alike.

Sources: https://developers.brevo.com/docs/transactional-webhooks and …/docs/marketing-webhooks. ``ts`` is in the
account's zone whatever its name says; ``ts_epoch`` (milliseconds) is not.
"""

from __future__ import annotations

from pydantic import Field

from hub.mapping.payload import VendorModel


class MailTold(VendorModel):
    """One event. ``ts_epoch`` is in milliseconds, ``ts_event`` and ``ts`` in seconds."""

    event: str
    email: str | None = None
    ts_epoch: int | None = None
    ts_event: int | None = None
    ts: int | None = None
    message_id: str | None = Field(None, alias="message-id")
    subject: str | None = None
    link: str | None = None
    url: str | None = Field(None, alias="URL")
    reason: str | None = None
    tag: str | None = None
    campaign: str | None = Field(None, alias="campaign name")
