"""Klaviyo's events: only what is read.

Sources: Klaviyo's own OpenAPI description (get_events), developers.klaviyo.com/en/docs/working_with_system_webhooks
(the delivery, topics), help.klaviyo.com/hc/en-us/articles/360036974872 (what each metric means).
"""

from __future__ import annotations

from pydantic import Field

from hub.mapping.payload import TimeText, VendorModel


class Properties(VendorModel):
    """What a mail's events say of it; names as Klaviyo has them."""

    subject: str | None = Field(None, alias="Subject")
    campaign: str | None = Field(None, alias="Campaign Name")
    url: str | None = Field(None, alias="URL")
    message: str | None = Field(None, alias="$message")
    bounce_type: str | None = Field(None, alias="Bounce Type")
    value: float | None = Field(None, alias="$value")


class EventAttributes(VendorModel):
    """``datetime`` is ISO 8601, ``timestamp`` in seconds since 1970."""

    datetime: TimeText | None = None
    timestamp: int | None = None
    event_properties: Properties | None = None


class Reference(VendorModel):
    id: str


class Related(VendorModel):
    data: Reference | None = None


class Relationships(VendorModel):
    profile: Related | None = None
    metric: Related | None = None


class Event(VendorModel):
    """An event; ``metric_name`` and ``email`` are what a list's answer includes beside it, added by Hub."""

    id: str
    attributes: EventAttributes | None = None
    relationships: Relationships | None = None
    metric_name: str | None = None
    email: str | None = None

    @property
    def profile(self) -> str | None:
        """The id of the profile."""
        told = self.relationships.profile if self.relationships else None
        return told.data.id if told and told.data else None


class Payload(VendorModel):
    data: Event


class Told(VendorModel):
    """One event of a delivery; ``topic`` is ``event:`` and the integration and name of its metric."""

    external_id: str | None = None
    topic: str
    payload: Payload


class Delivery(VendorModel):
    """A webhook request: up to 1,000 events."""

    data: tuple[Told, ...] = ()
