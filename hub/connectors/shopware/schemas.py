"""Shopware's entities, only the fields Hub uses, and what is asked of the Admin API for them.

Source: https://github.com/shopware/admin-api-reference (adminapi.json: Order, OrderCustomer, OrderLineItem,
OrderDelivery, OrderTransaction, OrderTransactionCaptureRefund, Customer, NewsletterRecipient), and of the request
https://developer.shopware.com/docs/guides/development/integrations-api/search-criteria.html.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pydantic import AwareDatetime, ConfigDict, Field
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
    fetched: Any = None
    gone: bool = False


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


def _with(**parts: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"associations": dict(parts)}


_PLACE = _with(country={}, countryState={})
_STATE: Mapping[str, Any] = {"stateMachineState": {}}
_PERSON = ("email", "firstName", "lastName", "title", "company", "vatIds", "customerNumber", "salutation")
_TIMES = ("createdAt", "updatedAt")
_ADDRESS = (
    *("id", "firstName", "lastName", "company", "department", "street", "additionalAddressLine1"),
    *("additionalAddressLine2", "zipcode", "city", "phoneNumber", "country", "countryState"),
)
_SHARED = {
    "country": ("iso", "name"),
    "country_state": ("name",),
    "salutation": ("salutationKey", "displayName"),
    "language": ("locale",),
    "locale": ("code",),
    "tag": ("name",),
    "calculated_price": ("unitPrice", "totalPrice", "calculatedTaxes"),
    "cart_price": ("totalPrice", "rawTotal", "calculatedTaxes"),
    "cart_tax_calculated": ("tax", "taxRate"),
}


@dataclass(frozen=True, slots=True)
class Listed:
    """How one entity is asked for. ``changes`` are the times that move when something of it does.

    An order's own ``updatedAt`` stays when its payment or delivery changes its state. ``key`` counts the rows up, where
    the entity has such a number; ``includes`` leaves out what nobody reads (a product's whole payload stays).
    """

    schema: type[Orders | Customers | Recipients]
    topic: str
    path: str
    changes: tuple[str, ...]
    associations: Mapping[str, Any]
    includes: Mapping[str, tuple[str, ...]]
    key: str | None = "autoIncrement"


LISTS: Mapping[str, Listed] = {
    "customer": Listed(
        schema=Customers,
        topic="customer.written",
        path="/api/search/customer",
        changes=(*_TIMES, "addresses.createdAt", "addresses.updatedAt"),
        associations={
            "salutation": {},
            "group": {},
            "tags": {},
            "language": _with(locale={}),
            "defaultBillingAddress": _PLACE,
            "defaultShippingAddress": _PLACE,
            "addresses": _PLACE,
        },
        includes={
            **_SHARED,
            "customer": (
                *("id", "autoIncrement", "guest", "birthday", "language", "group", "defaultBillingAddress"),
                *("defaultShippingAddress", "addresses", "affiliateCode", "campaignCode", "tags", "customFields"),
                *_PERSON,
                *_TIMES,
            ),
            "customer_address": (*_ADDRESS, *_TIMES),
            "customer_group": ("name",),
        },
    ),
    "order": Listed(
        schema=Orders,
        topic="order.written",
        path="/api/search/order",
        changes=(
            *_TIMES,
            *("transactions.createdAt", "transactions.updatedAt", "deliveries.updatedAt"),
            *("transactions.captures.refunds.createdAt", "transactions.captures.refunds.updatedAt"),
        ),
        associations={
            "currency": {},
            "tags": {},
            "salesChannel": {},
            "language": _with(locale={}),
            "orderCustomer": _with(customer={}, salutation={}),
            "billingAddress": _PLACE,
            "lineItems": {},
            "deliveries": _with(shippingMethod={}, shippingOrderAddress=_PLACE, **_STATE),
            "transactions": _with(paymentMethod={}, captures=_with(refunds=_with(**_STATE)), **_STATE),
            **_STATE,
        },
        includes={
            **_SHARED,
            "order": (
                *("id", "autoIncrement", "orderNumber", "orderDateTime", "amountTotal", "positionPrice", "price"),
                *("shippingTotal", "taxStatus", "currency", "stateMachineState", "orderCustomer", "billingAddress"),
                *("lineItems", "deliveries", "transactions", "language", "salesChannel", "customerComment", "tags"),
                *("affiliateCode", "campaignCode", "customFields"),
                *_TIMES,
            ),
            "order_customer": (*_PERSON, "customerId", "customer", "customFields"),
            "customer": ("guest",),
            "order_address": (*_ADDRESS, "vatId"),
            "order_line_item": (
                *("id", "parentId", "productId", "label", "type", "quantity", "unitPrice", "totalPrice", "price"),
                *("payload", "states", "customFields"),
                *_TIMES,
            ),
            "order_delivery": (
                *("id", "trackingCodes", "shippingCosts", "shippingMethod", "shippingOrderAddress"),
                *("stateMachineState", *_TIMES),
            ),
            "order_transaction": ("id", "amount", "paymentMethod", "stateMachineState", "captures", *_TIMES),
            "order_transaction_capture": ("refunds",),
            "order_transaction_capture_refund": ("id", "reason", "amount", "stateMachineState", *_TIMES),
            "state_machine_state": ("technicalName",),
            "currency": ("isoCode",),
            "sales_channel": ("name",),
            "shipping_method": ("name",),
            "payment_method": ("name",),
        },
    ),
    "newsletter_recipient": Listed(
        schema=Recipients,
        topic="newsletter.confirm",
        path="/api/search/newsletter-recipient",
        changes=_TIMES,
        associations={"salutation": {}, "tags": {}, "language": _with(locale={})},
        includes={
            **_SHARED,
            "newsletter_recipient": (
                *("id", "email", "firstName", "lastName", "title", "street", "zipCode", "city", "status"),
                *("confirmedAt", "language", "salutation", "tags", "customFields"),
                *_TIMES,
            ),
        },
        key=None,
    ),
}
