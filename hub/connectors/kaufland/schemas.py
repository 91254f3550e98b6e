"""Kaufland's orders and tickets: only what is read.

Source: https://sellerapi-playground.kaufland.com/swagger.json (v2, 2.27.0)
"""

from __future__ import annotations

from decimal import Decimal

from pydantic import Field

from hub.mapping.payload import TimeText, VendorModel
from hub.model.money import Currency


class Row(VendorModel):
    """A row of either list."""

    order: str | None = Field(None, alias="id_order")
    ticket: str | None = Field(None, alias="id_ticket")

    @property
    def id(self) -> str | None:
        """What it is fetched by."""
        return self.order or self.ticket


class Buyer(VendorModel):
    """Who bought. The address may be a relay."""

    id: str = Field(alias="id_buyer")
    email: str | None = None


class Address(VendorModel):
    """Who pays, or gets the parcel."""

    first_name: str | None = None
    last_name: str | None = None
    company: str | None = Field(None, alias="company_name")
    street: str | None = None
    house_number: str | None = None
    line2: str | None = Field(None, alias="additional_field")
    postal_code: str | None = Field(None, alias="postcode")
    city: str | None = None
    phone: str | None = None
    country: str | None = None
    region: str | None = None

    @property
    def line1(self) -> str | None:
        """Street and number."""
        return " ".join(filter(None, (self.street, self.house_number))) or None


class Product(VendorModel):
    """What was bought, in Kaufland's catalogue."""

    id: str | None = Field(None, alias="id_product")
    title: str | None = None


class Unit(VendorModel):
    """One piece of an order. Amounts are in cents; ``offer`` is the seller's own number of it."""

    id: str = Field(alias="id_order_unit")
    status: str
    price: Decimal
    shipping: Decimal = Field(Decimal(0), alias="shipping_rate")
    currency: Currency
    changed: TimeText = Field(alias="ts_updated_iso")
    offer: str | None = Field(None, alias="id_offer")
    product: Product = Product()


class Order(VendorModel):
    """An order; it tells no total."""

    id: str = Field(alias="id_order")
    created: TimeText = Field(alias="ts_created_iso")
    storefront: str | None = None
    units: tuple[Unit, ...] = Field((), alias="order_units")
    billing: Address | None = Field(None, alias="billing_address")
    shipping: Address | None = Field(None, alias="shipping_address")
    buyer: Buyer | None = None


class WithOrder(VendorModel):
    """The answer."""

    data: Order


class Author(VendorModel):
    """Who wrote: seller, buyer, system or customer_service."""

    role: str | None = None


class Message(VendorModel):
    """What was written."""

    id: str = Field(alias="id_ticket_message")
    text: str | None = None
    created: TimeText = Field(alias="ts_created_iso")
    author: Author = Author()


class Ticket(VendorModel):
    """A ticket; ``units`` are those it is about."""

    id: str = Field(alias="id_ticket")
    status: str | None = None
    reason: str | None = Field(None, alias="open_reason")
    topic: str | None = None
    created: TimeText = Field(alias="ts_created_iso")
    changed: TimeText = Field(alias="ts_updated_iso")
    buyer: Buyer | None = None
    buyer_id: str | None = Field(None, alias="id_buyer")
    units: tuple[str, ...] = Field((), alias="ids_order_units")
    messages: tuple[Message, ...] = ()


class WithTicket(VendorModel):
    """The answer."""

    data: Ticket
