"""What Hub reads of Clover's objects; cards and employees are left alone.

Source: https://docs.clover.com/dev/reference (orders, customers, payments, items). Amounts are in the smallest unit of
the order's currency, times in milliseconds since 1970. A list within an object is an object with ``elements``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic, TypeVar

from pydantic import ConfigDict
from pydantic.alias_generators import to_camel

from hub.mapping.payload import PlainValue, VendorModel
from hub.model.money import Currency

Element = TypeVar("Element")


class Schema(VendorModel):
    """Clover's names are in camel case."""

    model_config = ConfigDict(alias_generator=to_camel)


class Elements(Schema, Generic[Element]):
    elements: tuple[Element, ...] = ()


class Update(Schema):
    """``objectId`` is a letter for the kind, a colon and the id."""

    object_id: str
    type: str
    ts: int


class Updates(Schema):
    merchants: Mapping[str, Any]


class Reference(Schema):
    id: str


class Labelled(Schema):
    label: str | None = None


class Modification(Schema):
    name: str | None = None
    amount: int = 0


class Discount(Schema):
    """``amount`` is negative; without it a ``percentage`` of what it is on."""

    name: str | None = None
    amount: int | None = None
    percentage: float | None = None


class LineItem(Schema):
    """One piece, unless it is sold by weight or length: then ``unitQty`` is thousandths of a unit."""

    id: str
    name: str | None = None
    item: Reference | None = None
    item_code: str | None = None
    price: int = 0
    unit_qty: int | None = None
    unit_name: str | None = None
    note: str | None = None
    refunded: bool = False
    exchanged: bool = False
    modifications: Elements[Modification] = Elements()
    discounts: Elements[Discount] = Elements()


class ServiceCharge(Schema):
    name: str | None = None
    amount: int | None = None


class Payment(Schema):
    """``amount`` is without the tip."""

    id: str
    amount: int
    tip_amount: int = 0
    tax_amount: int = 0
    result: str | None = None
    created_time: int | None = None
    tender: Labelled = Labelled()
    service_charge: ServiceCharge = ServiceCharge()


class Refund(Schema):
    id: str
    amount: int
    created_time: int | None = None
    reason: str | None = None
    voided: bool = False


class Order(Schema):
    """Fetched in two calls: of goods and customers, and of money."""

    id: str
    currency: Currency
    total: int
    created_time: int
    modified_time: int | None = None
    payment_state: str | None = None
    state: str | None = None
    is_vat: bool = False
    test_mode: bool = False
    title: str | None = None
    note: str | None = None
    external_reference_id: str | None = None
    order_type: Labelled = Labelled()
    service_charge: ServiceCharge = ServiceCharge()
    customers: Elements[Reference] = Elements()
    line_items: Elements[LineItem] = Elements()
    discounts: Elements[Discount] = Elements()
    payments: Elements[Payment] = Elements()
    refunds: Elements[Refund] = Elements()


class PaymentPointer(Schema):
    order: Reference


class EmailAddress(Schema):
    email_address: str


class PhoneNumber(Schema):
    phone_number: str


class Address(Schema):
    address1: str | None = None
    address2: str | None = None
    address3: str | None = None
    city: str | None = None
    state: str | None = None
    zip: str | None = None
    country: str | None = None


class Metadata(Schema):
    business_name: str | None = None
    note: str | None = None
    dob_year: PlainValue = None
    dob_month: PlainValue = None
    dob_day: PlainValue = None


class Customer(Schema):
    id: str
    first_name: str | None = None
    last_name: str | None = None
    marketing_allowed: bool = False
    email_addresses: Elements[EmailAddress] = Elements()
    phone_numbers: Elements[PhoneNumber] = Elements()
    addresses: Elements[Address] = Elements()
    metadata: Metadata = Metadata()


class Category(Schema):
    name: str


class Item(Schema):
    """Its price is of the merchant's currency, which it does not tell."""

    id: str
    name: str | None = None
    sku: str | None = None
    code: str | None = None
    hidden: bool = False
    modified_time: int | None = None
    categories: Elements[Category] = Elements()
