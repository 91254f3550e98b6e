"""Postmark's events: only what is read. The kinds name their address and time in their own ways.

Source: https://postmarkapp.com/developer/webhooks/bounce-webhook and its neighbours.
"""

from __future__ import annotations

from pydantic import Field

from hub.mapping.payload import TimeText, VendorModel


class Head(VendorModel):
    """What every event has; ``MessageID`` is absent where a person changed a suppression."""

    kind: str = Field(alias="RecordType")
    message: str | None = Field(None, alias="MessageID")


class Event(Head):
    """Any event: ``Email`` and ``BouncedAt`` of bounces and complaints, ``Recipient`` and their own times of others."""

    recipient: str | None = Field(None, alias="Recipient")
    email: str | None = Field(None, alias="Email")
    delivered_at: TimeText | None = Field(None, alias="DeliveredAt")
    received_at: TimeText | None = Field(None, alias="ReceivedAt")
    bounced_at: TimeText | None = Field(None, alias="BouncedAt")
    changed_at: TimeText | None = Field(None, alias="ChangedAt")
    type: str | None = Field(None, alias="Type")
    subject: str | None = Field(None, alias="Subject")
    tag: str | None = Field(None, alias="Tag")
    link: str | None = Field(None, alias="OriginalLink")
    suppresses: bool | None = Field(None, alias="SuppressSending")
    reason: str | None = Field(None, alias="SuppressionReason")
    origin: str | None = Field(None, alias="Origin")
    stream: str | None = Field(None, alias="MessageStream")
