"""SendGrid's events: only what is read. Unknown keys are the sender's own arguments.

Source: https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event
"""

from __future__ import annotations

from pydantic import Field

from hub.mapping.payload import VendorModel


class Event(VendorModel):
    """One event; ``timestamp`` is in seconds. ``type`` tells bounces from blocks."""

    event: str
    email: str
    timestamp: int
    sg_event_id: str
    sg_message_id: str | None = None
    smtp_id: str | None = Field(None, alias="smtp-id")
    type: str | None = None
    status: str | None = None
    url: str | None = None
    reason: str | None = None
    marketing_campaign_name: str | None = None
    asm_group_id: str | None = None
    sg_machine_open: bool = False
