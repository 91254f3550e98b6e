"""The golden profile: one person, as Hub knows them, in the shape ``GET /api/v1/profiles/{id}`` gives."""

from __future__ import annotations

from datetime import date
from typing import Literal
from uuid import UUID

from pydantic import Field

from hub.model.address import Address
from hub.model.base import Frozen, FrozenTexts, Texts, UtcDatetime
from hub.model.consent import ConsentChannel, ConsentState
from hub.model.customer import ChannelAccount, ContactKind, PersonName
from hub.model.money import Money
from hub.model.traits import Traits


class ConsentSummary(Frozen):
    """The consent that holds for one purpose and channel after all records were heard (law L7)."""

    purpose: str
    channel: ConsentChannel
    state: ConsentState
    at: UtcDatetime | None = None
    evidence: str | None = None


class OpenOrders(Frozen):
    """Orders that were placed and that nobody has paid yet; they are in no other number of the summary."""

    count: int = 0
    totals: tuple[Money, ...] = ()


class OrderSummary(Frozen):
    """Recomputed from the orders, never added up. Totals are net of refunds, one per currency.

    An order counts once it is paid, or placed where its connection says ``revenue: placed``.
    """

    count: int = 0
    totals: tuple[Money, ...] = ()
    first_at: UtcDatetime | None = None
    last_at: UtcDatetime | None = None
    open: OpenOrders = OpenOrders()


class RecordReference(Frozen):
    connection: str
    kind: str
    external_id: str


DestinationState = Literal["in_sync", "pending", "retrying", "rejected", "dead", "suppressed", "not_routed"]


class DestinationReference(Frozen):
    """How a profile stands there; ``refused`` are values it is there without, as ``email: INVALID_EMAIL``."""

    connection: str
    external_id: str | None
    state: DestinationState
    at: UtcDatetime | None = None
    refused: tuple[str, ...] = ()


class Profile(Frozen):
    """One golden profile. Lists are ordered, the value to use first.

    ``contact_kinds`` is what the person is to the business by what sources say: somebody may be a customer of the shop
    and a supplier in the CRM. ``custom`` holds what sources tell of the person beyond these fields, by their own names,
    the newest of each name. ``traits`` is what Hub works out of all this (``hub.model.traits``).
    ``suppressed`` is True once the person asked to be erased: nothing but the suppression may be sent anywhere.
    """

    id: UUID
    aliases: tuple[UUID, ...] = ()
    created_at: UtcDatetime
    updated_at: UtcDatetime
    name: PersonName = PersonName()
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    addresses: tuple[Address, ...] = ()
    birth_date: date | None = None
    language: str | None = None
    company: str | None = None
    loyalty_ids: tuple[str, ...] = ()
    accounts: tuple[ChannelAccount, ...] = ()
    tags: tuple[str, ...] = ()
    contact_kinds: tuple[ContactKind, ...] = ()
    custom: Texts = Field(default_factory=FrozenTexts)
    consents: tuple[ConsentSummary, ...] = ()
    orders: OrderSummary = OrderSummary()
    records: tuple[RecordReference, ...] = ()
    destinations: tuple[DestinationReference, ...] = ()
    traits: Traits = Traits()
    suppressed: bool = False
