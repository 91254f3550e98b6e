"""Medusa's payloads, only the fields Hub uses.

Source: https://docs.medusajs.com/api/admin (AdminOrder, AdminCustomer, AdminPayment). Amounts are numbers in major
units: https://docs.medusajs.com/resources/commerce-modules/pricing/concepts.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator

from hub.mapping.payload import PlainValue, VendorModel
from hub.model.money import Currency

Upper = Annotated[Currency, BeforeValidator(lambda value: value.upper() if isinstance(value, str) else value)]
"""Currencies are told in small letters."""


class Told(VendorModel):
    """What is in an event: ``order_id`` where ``id`` would not say of what."""

    id: str | None = None
    order_id: str | None = None


class Event(VendorModel):
    """What the subscriber in the shop posts: Medusa's event with an id and the time of it."""

    id: str
    name: str
    data: Told
    at: datetime


class Address(VendorModel):
    first_name: str | None = None
    last_name: str | None = None
    company: str | None = None
    address_1: str | None = None
    address_2: str | None = None
    city: str | None = None
    province: str | None = None
    postal_code: str | None = None
    country_code: str | None = None
    phone: str | None = None
    is_default_billing: bool | None = None


class Customer(VendorModel):
    """``has_account`` is false of a guest: Medusa makes one for every e-mail that is typed at a checkout."""

    id: str
    email: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    company_name: str | None = None
    phone: str | None = None
    has_account: bool = False
    created_at: datetime | None = None
    updated_at: datetime | None = None
    addresses: tuple[Address, ...] = ()
    metadata: dict[str, PlainValue] | None = None

    @property
    def address(self) -> Address | None:
        """The one for bills, else the first."""
        first = self.addresses[0] if self.addresses else None
        return next((one for one in self.addresses if one.is_default_billing), first)


class TaxLine(VendorModel):
    code: str | None = None
    description: str | None = None
    rate: Decimal | None = None
    total: Decimal | None = None


class Adjustment(VendorModel):
    code: str | None = None
    amount: Decimal | None = None


class Item(VendorModel):
    """``total`` is with tax and after discounts, of what did not come back: ``return_*_total`` is what did."""

    id: str
    title: str | None = None
    product_id: str | None = None
    product_title: str | None = None
    variant_id: str | None = None
    variant_title: str | None = None
    variant_sku: str | None = None
    is_giftcard: bool = False
    quantity: Decimal
    unit_price: Decimal | None = None
    total: Decimal | None = None
    return_received_total: Decimal = Decimal(0)
    return_dismissed_total: Decimal = Decimal(0)
    tax_lines: tuple[TaxLine, ...] = ()
    adjustments: tuple[Adjustment, ...] = ()

    @property
    def came_back(self) -> Decimal:
        """The worth of what came back, fit to be sold again or not."""
        return self.return_received_total + self.return_dismissed_total


class ShippingMethod(VendorModel):
    name: str | None = None
    total: Decimal | None = None


class Movement(VendorModel):
    """A capture or a refund of a payment."""

    id: str
    amount: Decimal
    note: str | None = None
    created_at: datetime


class Payment(VendorModel):
    id: str
    provider_id: str | None = None
    canceled_at: datetime | None = None
    captures: tuple[Movement, ...] = ()
    refunds: tuple[Movement, ...] = ()


class PaymentCollection(VendorModel):
    payments: tuple[Payment, ...] = ()


class Label(VendorModel):
    tracking_number: str | None = None


class Fulfilment(VendorModel):
    id: str
    requires_shipping: bool | None = None
    shipped_at: datetime | None = None
    delivered_at: datetime | None = None
    canceled_at: datetime | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    labels: tuple[Label, ...] = ()


class Order(VendorModel):
    """``total`` is what the order is worth now: credit (``credit_line_total``) and what came back are off it."""

    id: str
    display_id: str | None = None
    status: str | None = None
    payment_status: str | None = None
    fulfillment_status: str | None = None
    is_draft_order: bool = False
    email: str | None = None
    currency_code: Upper
    total: Decimal
    tax_total: Decimal | None = None
    discount_total: Decimal | None = None
    shipping_total: Decimal | None = None
    credit_line_total: Decimal = Decimal(0)
    created_at: datetime
    updated_at: datetime
    canceled_at: datetime | None = None
    customer_id: str | None = None
    customer: Customer | None = None
    billing_address: Address | None = None
    shipping_address: Address | None = None
    items: tuple[Item, ...] = ()
    shipping_methods: tuple[ShippingMethod, ...] = ()
    payment_collections: tuple[PaymentCollection, ...] = ()
    fulfillments: tuple[Fulfilment, ...] = ()
    metadata: dict[str, PlainValue] | None = None

    @property
    def payments(self) -> tuple[Payment, ...]:
        """Of all collections."""
        return tuple(payment for each in self.payment_collections for payment in each.payments)


class Named(VendorModel):
    """A category, called ``name``, or a tag or type, called ``value``."""

    name: str | None = None
    value: str | None = None


class Price(VendorModel):
    amount: Decimal
    currency_code: Currency


class Variant(VendorModel):
    id: str
    title: str | None = None
    sku: str | None = None
    barcode: str | None = None
    ean: str | None = None
    upc: str | None = None
    prices: tuple[Price, ...] = ()


class Product(VendorModel):
    """AdminProduct of https://docs.medusajs.com/api/admin."""

    id: str
    title: str
    status: str | None = None
    thumbnail: str | None = None
    categories: tuple[Named, ...] = ()
    tags: tuple[Named, ...] = ()
    variants: tuple[Variant, ...] = ()
    created_at: datetime | None = None
    updated_at: datetime | None = None


class Answer(VendorModel):
    """One object of the API."""

    order: Order | None = None
    customer: Customer | None = None
    product: Product | None = None


class OrderOfPayment(VendorModel):
    id: str


class CollectionOfPayment(VendorModel):
    order: OrderOfPayment | None = None


class PaidFor(VendorModel):
    payment_collection: CollectionOfPayment | None = None


class PaymentAnswer(VendorModel):
    payment: PaidFor
