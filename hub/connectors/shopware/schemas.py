"""Shopware's entities, only the fields Hub uses.

Source: https://github.com/shopware/admin-api-reference (adminapi.json: Order, OrderCustomer, OrderLineItem,
OrderDelivery, OrderTransaction, OrderTransactionCaptureRefund, Customer, NewsletterRecipient).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from pydantic import AwareDatetime, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from hub.mapping.payload import PlainValue, VendorModel
from hub.model.money import Currency


class Entity(VendorModel):
    model_config = ConfigDict(alias_generator=to_camel)


class Source(Entity):
    event_id: str


class Pointer(Entity):
    """An entity that an event names. ``versionId`` tells drafts of an order from the order (since 6.5.7)."""

    id: str = Field(alias="primaryKey")
    version_id: str | None = None


class Named(Entity):
    id: str


class Pointers(Entity):
    event: str
    payload: tuple[Pointer, ...]


class Subjects(Entity):
    order: Named | None = None
    newsletter_recipient: Named | None = None


class Subject(Entity):
    event: str
    payload: Subjects


class Event(Entity):
    event: str


class Head(Entity):
    """What every webhook has."""

    data: Event
    source: Source


class Written(Entity):
    """``*.written`` and ``*.deleted``: ids alone."""

    data: Pointers


class Told(Entity):
    """Every other event brings an entity, of which the associations that come with it are nobody's promise."""

    data: Subject


class Beside(Entity):
    """What Hub's own lists put beside an event: the answer, or that there is none."""

    timestamp: PlainValue = None
    fetched: Annotated[Any, BeforeValidator(lambda told: told or (told if told == {} else None))] = None
    gone: bool = False
    currency: Currency | None = None


class Dated(Entity):
    created_at: AwareDatetime | None = None
    updated_at: AwareDatetime | None = None


class Country(Entity):
    iso: str | None = None
    name: str | None = None


class Label(Entity):
    name: str | None = None


class State(Entity):
    technical_name: str | None = None


class Salutation(Entity):
    salutation_key: str | None = None
    display_name: str | None = None


class Locale(Entity):
    code: str | None = None


class Language(Entity):
    locale: Locale | None = None


class Address(Dated):
    first_name: str | None = None
    last_name: str | None = None
    company: str | None = None
    department: str | None = None
    street: str | None = None
    additional_address_line1: str | None = None
    additional_address_line2: str | None = None
    zipcode: str | None = None
    city: str | None = None
    phone: str | None = Field(None, alias="phoneNumber")
    vat_id: str | None = None
    land: Country | None = Field(None, alias="country")
    state: Label | None = Field(None, alias="countryState")

    @property
    def country_code(self) -> str | None:
        return (self.land.iso or self.land.name) if self.land else None


class Person(Dated):
    email: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    title: str | None = None
    company: str | None = None
    vat_ids: tuple[str, ...] = ()
    customer_number: str | None = None
    salutation: Salutation | None = None
    custom_fields: dict[str, PlainValue] = Field(default_factory=dict)


class Customer(Person):
    id: str
    guest: bool = False
    birthday: str | None = None
    language: Language | None = None
    group: Label | None = None
    default_billing_address: Address | None = None
    default_shipping_address: Address | None = None
    addresses: tuple[Address, ...] = ()
    affiliate_code: str | None = None
    campaign_code: str | None = None
    tags: tuple[Label, ...] = ()
    created_at: AwareDatetime


class Account(Entity):
    guest: bool = False


class OrderCustomer(Person):
    customer_id: str | None = None
    customer: Account | None = None


class CalculatedTax(Entity):
    tax: Decimal
    tax_rate: Decimal | None = None


class Price(Entity):
    unit_price: Decimal | None = None
    total_price: Decimal
    calculated_taxes: tuple[CalculatedTax, ...] = ()


class CartPrice(Entity):
    """``rawTotal`` is what ``totalPrice`` was before it was rounded to the shop's interval (5 Rappen)."""

    total_price: Decimal | None = None
    raw_total: Decimal | None = None
    calculated_taxes: tuple[CalculatedTax, ...] = ()


class Option(Entity):
    group: str | None = None
    option: PlainValue = None


class LinePayload(Entity):
    product_number: str | None = None
    code: str | None = None
    options: tuple[Option, ...] = ()


class LineItem(Dated):
    id: str | None = None
    parent_id: str | None = None
    product_id: str | None = None
    label: str | None = None
    type: str | None = None
    quantity: Decimal
    unit_price: Decimal | None = None
    total_price: Decimal | None = None
    price: Price | None = None
    payload: LinePayload = LinePayload()
    states: tuple[str, ...] = ()
    custom_fields: dict[str, PlainValue] = Field(default_factory=dict)


class Delivery(Dated):
    id: str
    tracking_codes: tuple[str, ...] = ()
    shipping_costs: Price | None = None
    shipping_method: Label | None = None
    shipping_order_address: Address | None = None
    state: State = Field(State(), alias="stateMachineState")


class CaptureRefund(Dated):
    id: str
    reason: str | None = None
    amount: Price
    state: State = Field(State(), alias="stateMachineState")


class Capture(Entity):
    refunds: tuple[CaptureRefund, ...] = ()


class Transaction(Dated):
    id: str
    amount: Price
    payment_method: Label | None = None
    state: State = Field(State(), alias="stateMachineState")
    captures: tuple[Capture, ...] = ()


class Coin(Entity):
    iso_code: Currency


class Order(Dated):
    id: str
    order_number: str | None = None
    order_date_time: AwareDatetime
    amount_total: Decimal
    position_price: Decimal | None = None
    shipping_total: Decimal | None = None
    tax_status: str | None = None
    price: CartPrice = CartPrice()
    currency: Coin
    state: State = Field(State(), alias="stateMachineState")
    order_customer: OrderCustomer | None = None
    billing_address: Address | None = None
    line_items: tuple[LineItem, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    transactions: tuple[Transaction, ...] = ()
    language: Language | None = None
    sales_channel: Label | None = None
    customer_comment: str | None = None
    affiliate_code: str | None = None
    campaign_code: str | None = None
    tags: tuple[Label, ...] = ()
    custom_fields: dict[str, PlainValue] = Field(default_factory=dict)


class Recipient(Dated):
    id: str
    email: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    title: str | None = None
    street: str | None = None
    zip_code: str | None = None
    city: str | None = None
    status: str | None = None
    confirmed_at: AwareDatetime | None = None
    language: Language | None = None
    salutation: Salutation | None = None
    tags: tuple[Label, ...] = ()
    custom_fields: dict[str, PlainValue] = Field(default_factory=dict)
    created_at: AwareDatetime


class Orders(Entity):
    data: tuple[Order, ...]


class Customers(Entity):
    data: tuple[Customer, ...]


class Recipients(Entity):
    data: tuple[Recipient, ...]
