"""Who bought at a marketplace, by those whom an order names. Pure.

A marketplace shows relays instead of its buyers' addresses: another one for each seller or order, good for a while,
and nobody's. A parcel may go to somebody else. Where there is no account, the buyer is whom a phone or an own address
names, else this order's own record of a name and a home: two orders are then joined by what both tell, and never by
the marketplace.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from hub.mapping.address import postal_address
from hub.mapping.buyer import buyer_key, completed, same_person, told_fields
from hub.mapping.contact import usable_email, usable_phone
from hub.mapping.customer import CustomerField, CustomerFields, customer, region_of
from hub.mapping.email import email
from hub.mapping.order import unexplained
from hub.model.address import Address
from hub.model.customer import ChannelAccount
from hub.model.event import CustomerEvent, Note, OrderEvent
from hub.model.identifier import RecordKey
from hub.model.order import Order


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody whom an order names: who is registered, gets the invoice, or gets the parcel.

    ``stranger``: nothing of it is the buyer's, as with a pickup point or whom a present goes to.
    """

    fields: CustomerFields
    address: Address | None = None
    stranger: bool = False


class Place(Protocol):
    """A vendor's address, whose fields its schema calls so."""

    @property
    def line1(self) -> str | None: ...
    @property
    def line2(self) -> str | None: ...
    @property
    def postal_code(self) -> str | None: ...
    @property
    def city(self) -> str | None: ...
    @property
    def region(self) -> str | None: ...
    @property
    def country(self) -> str | None: ...


def home(place: Place) -> Address | None:
    """The address; None where neither street, city nor postal code are told."""
    return postal_address(
        line1=place.line1,
        line2=place.line2,
        postal_code=place.postal_code,
        city=place.city,
        region=place.region,
        country_name=place.country,
    )


def party(
    values: Mapping[CustomerField, str | None], address: Address | None = None, *, relays: str | None = None
) -> Party:
    """Whom a part of an order names. An e-mail is left out where its domain begins with ``relays``."""
    told = told_fields(values)
    relayed = relays is not None and any(is_relay(text, relays) for text in told.get("email", ()))
    return Party({name: texts for name, texts in told.items() if not (relayed and name == "email")}, address)


def is_relay(address: str | None, relays: str) -> bool:
    """Whether an address leads through the marketplace: its domain begins with ``relays``."""
    point = email(address)
    return point is not None and point.value.rpartition("@")[2].startswith(relays)


def told_of(parties: Sequence[Party | None]) -> tuple[CustomerFields, list[Address]]:
    """What the parties tell of the first of them who is somebody, and which of the addresses are theirs."""
    fields: CustomerFields = {}
    there = [one for one in parties if one is not None and not one.stranger]
    for one in there:
        fields = completed(fields, one.fields)
    return fields, [one.address for one in there if one.address and same_person(fields, one.fields)]


def sold(
    order: Order, parties: Sequence[Party | None], account: ChannelAccount | None, *, changed: datetime, region: str
) -> list[CustomerEvent | OrderEvent | Note]:
    """The buyer, what the order's parts lack of its total, and the order with how its buyer is reached.

    The parcel goes to the last of the ``parties``. ``changed`` is when the order was changed last (UTC).
    """
    fields, addresses = told_of(parties)
    to, key = parties[-1] if parties else None, _key(fields, addresses, account, order=order.external_id, region=region)
    whole = order.model_copy(
        update={
            "contact_email": usable_email(next(iter(fields.get("email", ())), None)),
            "contact_phone": usable_phone(fields.get("phone", ()), region_of(fields, (), region)),
            "shipping_address": to.address if to else None,
        }
    )
    who = (
        [customer(key, fields, region=region, addresses=addresses, accounts=[account] if account else [])]
        if key
        else []
    )
    return [
        *(CustomerEvent(occurred_at=order.placed_at, customer=one) for one in who),
        *unexplained(whole),
        OrderEvent(occurred_at=changed, order=whole, record=key),
    ]


def _key(
    fields: CustomerFields, addresses: Sequence[Address], account: ChannelAccount | None, *, order: str, region: str
) -> RecordKey | None:
    """The account's record, else a guest's; None where neither contact nor name and home are told."""
    own = RecordKey(kind="buyer", external_id=account.account_id) if account else None
    key = buyer_key(own, fields, region=region, fallback=order)
    named = fields.get("full_name") or fields.get("last_name")
    if key is None and named and any(one.line1 for one in addresses):
        return RecordKey(kind="guest", external_id=order)
    return key
