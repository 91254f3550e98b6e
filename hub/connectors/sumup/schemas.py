"""What Hub reads of SumUp's objects; card data and the merchant's own address are left alone.

Source: SumUp's OpenAPI description (github.com/sumup/sumup-py, openapi.json: Checkout, TransactionFull,
Customer, ReaderCheckoutStatusChange). Amounts are decimals in major units and hold tax and tip.
"""

from __future__ import annotations

from decimal import Decimal

from hub.mapping.payload import TimeText, VendorModel
from hub.model.money import Currency


class Pointer(VendorModel):
    """What a reader's event or ``checkout.status.updated`` is about; ``transaction_id`` may be null."""

    checkout_id: str | None = None
    client_transaction_id: str | None = None
    transaction_id: str | None = None


class Notification(VendorModel):
    """``id`` is that of the event, and in CHECKOUT_STATUS_CHANGED that of the checkout."""

    event_type: str
    id: str
    payload: Pointer = Pointer()


class Attempt(VendorModel):
    id: str
    status: str | None = None
    timestamp: TimeText | None = None


class Checkout(VendorModel):
    id: str
    checkout_reference: str | None = None
    description: str | None = None
    status: str | None = None
    customer_id: str | None = None
    transaction_id: str | None = None
    transactions: tuple[Attempt, ...] = ()


class Product(VendorModel):
    """``price`` is of one and without tax."""

    name: str | None = None
    quantity: Decimal = Decimal(1)
    price: Decimal | None = None
    price_with_vat: Decimal | None = None
    vat_rate: Decimal | None = None
    vat_amount: Decimal | None = None
    total_price: Decimal | None = None
    total_with_vat: Decimal | None = None


class VatRate(VendorModel):
    rate: Decimal | None = None
    vat: Decimal


class Event(VendorModel):
    """The same event stands in ``transaction_events`` (as ``event_type``) and in ``events`` (as ``type``)."""

    id: str
    event_type: str | None = None
    type: str | None = None
    status: str | None = None
    amount: Decimal
    timestamp: TimeText | None = None

    @property
    def kind(self) -> str:
        return self.event_type or self.type or ""


class Transaction(VendorModel):
    id: str
    transaction_code: str | None = None
    amount: Decimal
    currency: Currency
    timestamp: TimeText
    status: str | None = None
    payment_type: str | None = None
    entry_mode: str | None = None
    vat_amount: Decimal | None = None
    tip_amount: Decimal | None = None
    product_summary: str | None = None
    foreign_transaction_id: str | None = None
    products: tuple[Product, ...] = ()
    vat_rates: tuple[VatRate, ...] = ()
    events: tuple[Event, ...] = ()
    transaction_events: tuple[Event, ...] = ()


class Address(VendorModel):
    line_1: str | None = None
    line_2: str | None = None
    postal_code: str | None = None
    city: str | None = None
    state: str | None = None
    country: str | None = None


class PersonalDetails(VendorModel):
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    phone: str | None = None
    birth_date: str | None = None
    tax_id: str | None = None
    address: Address = Address()


class Customer(VendorModel):
    customer_id: str
    personal_details: PersonalDetails = PersonalDetails()
