"""What somebody said on a network: who they are there, and what they said. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from hub.mapping.buyer import told_fields
from hub.mapping.customer import CustomerField, customer
from hub.mapping.plain_text import short
from hub.model.customer import ChannelAccount
from hub.model.event import CanonicalEvent, CustomerEvent, InteractionEvent
from hub.model.identifier import RecordKey
from hub.model.interaction import Interaction


@dataclass(frozen=True, slots=True)
class Author:
    """An account on a network. ``fields`` are canonical fields of a customer, as the network tells them.

    ``id`` is what does not change. A network that tells none but the public name has ``id`` None: then the record is of
    that name, and the name proves nothing.
    """

    network: str
    id: str | None
    handle: str | None = None
    fields: Mapping[CustomerField, str | None] | None = None

    @property
    def key(self) -> RecordKey:
        """The record of this account."""
        name = self.id or f"@{(self.handle or '').lower()}"
        return RecordKey(kind="person", external_id=f"{self.network}:{name}")


@dataclass(frozen=True, slots=True)
class Said:
    """Something that was said. ``kind`` is an interaction's; ``reference`` names what it answers or stands under."""

    external_id: str
    at: datetime
    kind: str
    text: str | None = None
    url: str | None = None
    reference: str | None = None
    title: str | None = None
    direction: str = "in"
    campaign: str | None = None
    details: Mapping[str, str] | None = None


def said_events(author: Author, said: Said, *, region: str) -> list[CanonicalEvent]:
    """The person, and what they said."""
    fields = told_fields(author.fields or {})
    if author.id is None and author.handle:
        fields = {**fields, "handle": (author.handle,)}
    account = ChannelAccount(network=author.network, account_id=author.id or "", handle=author.handle)
    who = customer(author.key, fields, region=region, accounts=(account,) if author.id else ())
    told = Interaction.model_validate(
        {
            "external_id": said.external_id,
            "kind": said.kind,
            "channel": author.network,
            "direction": said.direction,
            "subject": short(said.title),
            "text": short(said.text),
            "url": said.url,
            "campaign": said.campaign,
            "reference": said.reference,
            "details": {name: text for name, text in (said.details or {}).items() if text},
        }
    )
    return [
        CustomerEvent(occurred_at=said.at, customer=who),
        InteractionEvent(occurred_at=said.at, interaction=told, record=author.key),
    ]
