"""What HubSpot sends of contacts: webhook events, and contacts as they are fetched.

A webhook's body is a list of up to 100 events; ``eventId`` is not promised to be unique, and their order is not kept
(developers.hubspot.com/docs-beta/webhooks, "Webhook payloads"). A merge names the contact that is kept, the merged ones
and the id of the result (developers.hubspot.com/changelog/new-subscription-types-for-webhooks).
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field, RootModel

from hub.mapping.payload import VendorModel

CONTACT_TYPE = "0-1"
"""Of generic subscriptions (``object.creation``), the type of a contact."""


class Event(VendorModel):
    """One event. ``occurred_at`` is in milliseconds since 1970; ``source_id`` names the user or app that did it."""

    kind: str = Field(alias="subscriptionType")
    object_id: str | None = Field(None, alias="objectId")
    object_type: str | None = Field(None, alias="objectTypeId")
    occurred_at: str = Field(alias="occurredAt")
    name: str | None = Field(None, alias="propertyName")
    value: str | None = Field(None, alias="propertyValue")
    primary: str | None = Field(None, alias="primaryObjectId")
    merged: tuple[str, ...] = Field((), alias="mergedObjectIds")
    result: str | None = Field(None, alias="newObjectId")
    source_id: str | None = Field(None, alias="sourceId")

    @property
    def action(self) -> str:
        """What happened to a contact; "" for what is about something else."""
        of, _, action = self.kind.partition(".")
        return action if of == "contact" or (of == "object" and self.object_type == CONTACT_TYPE) else ""


class Events(RootModel[tuple[Event, ...]]):
    """A delivery."""


class Contact(VendorModel):
    """A contact as batch read and search give it; what is empty is null."""

    id: str
    properties: Mapping[str, str | None] = Field(default_factory=dict)
    updated_at: str = Field(alias="updatedAt")


class Contacts(VendorModel):
    """The answer of a batch read; what is deleted is missing, and what was merged is there under its new id."""

    results: tuple[Contact, ...] = ()
