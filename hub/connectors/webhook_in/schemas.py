"""What a connection's ``read:`` may say: which canonical field is read from where. docs/webhook-in.md is its page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from hub.model.case import CaseKind, CaseState
from hub.model.consent import ConsentChannel, ConsentState
from hub.model.customer import ContactKind
from hub.model.event import ContactList
from hub.model.feedback import FeedbackKind, FeedbackState
from hub.model.interaction import InteractionKind
from hub.model.order import FulfilmentKind, LineKind, OrderState
from hub.model.product import ProductState
from hub.sdk.incoming.fields import (
    Amount,
    Condition,
    CurrencyCode,
    Labels,
    Number,
    Own,
    Part,
    Place,
    Text,
    Texts,
    Time,
    Truth,
    Word,
)


def _several(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else [value]


class ConsentMap(Part):
    """``state`` gives true, false or a word of ``states``; ``at`` is the time of the person's act.

    ``explicit``: the event tells of that act itself. Without ``evidence`` the event is the evidence.
    """

    channel: ConsentChannel
    purpose: str = "marketing"
    state: Word
    states: Mapping[str, ConsentState] = Field(default_factory=dict)
    when: Condition = None
    at: Time = None
    evidence: Text = None
    explicit: bool = False


class AccountMap(Part):
    network: str
    id: Text
    handle: Text = None


class CustomerMap(Part):
    """Without ``id`` a person is known by e-mail, else phone, and name."""

    id: Text = None
    record: Literal["customer", "contact", "lead", "guest", "member"] = "customer"
    first_name: Text = None
    middle_name: Text = None
    last_name: Text = None
    full_name: Text = None
    email: Texts = None
    phone: Texts = None
    birth_date: Text = None
    street: Text = None
    house_number: Text = None
    line2: Text = None
    postal_code: Text = None
    city: Text = None
    region: Text = None
    country: Text = None
    company: Text = None
    language: Text = None
    national_id: Text = None
    handle: Text = None
    loyalty_id: Texts = None
    contact_kind: Text = None
    kind: ContactKind | None = None
    addresses: tuple[Place, ...] = ()
    accounts: tuple[AccountMap, ...] = ()
    consents: tuple[ConsentMap, ...] = ()
    tags: Labels = None
    custom: Own = None
    at: Time = None
    whole: tuple[ContactList, ...] = ()


class ProductPointer(Part):
    product_id: Text = None
    variant_id: Text = None
    sku: Text = None
    name: Text = None


class DiscountMap(Part):
    items: Condition = None
    code: Text = None
    title: Text = None
    amount: Amount


class TaxMap(Part):
    items: Condition = None
    title: Text = None
    rate: Number = None
    amount: Amount


class LineMap(ProductPointer):
    items: Condition = None
    when: Condition = None
    id: Text = None
    quantity: Number = None
    unit_price: Amount = None
    total: Amount = None
    discounts: Annotated[tuple[DiscountMap, ...], BeforeValidator(_several)] = ()
    taxes: Annotated[tuple[TaxMap, ...], BeforeValidator(_several)] = ()
    kind: LineKind = "product"
    custom: Own = None


class ShippingMap(Part):
    items: Condition = None
    title: Text = None
    amount: Amount


class MoneyMap(Part):
    """What refunds and payments have in common."""

    items: Condition = None
    when: Condition = None
    id: Text
    amount: Amount
    currency: CurrencyCode = None
    state: Text = None
    at: Time = None
    order_id: Text = None
    """Of an order told apart; not within an order."""


class RefundMap(MoneyMap):
    reason: Text = None
    basis: Literal["goods", "money"] | None = None


class PaymentMap(MoneyMap):
    method: Text = None


class FulfilmentMap(Part):
    items: Condition = None
    when: Condition = None
    id: Text
    kind: FulfilmentKind = "shipping"
    state: Text = None
    location: Text = None
    tracking_number: Text = None
    at: Time = None


class OrderMap(Part):
    """``states`` are the source's own words for a state; ``minor_units`` where it counts in cents."""

    id: Text
    state: Word
    states: Mapping[str, OrderState] = Field(default_factory=dict)
    currency: CurrencyCode
    total: Amount
    placed_at: Time
    minor_units: bool = False
    number: Text = None
    subtotal: Amount = None
    discount_total: Amount = None
    tax_total: Amount = None
    tax_included: Truth = None
    shipping_total: Amount = None
    lines: Annotated[tuple[LineMap, ...], BeforeValidator(_several)] = ()
    discounts: Annotated[tuple[DiscountMap, ...], BeforeValidator(_several)] = ()
    taxes: Annotated[tuple[TaxMap, ...], BeforeValidator(_several)] = ()
    shipping: Annotated[tuple[ShippingMap, ...], BeforeValidator(_several)] = ()
    payments: Annotated[tuple[PaymentMap, ...], BeforeValidator(_several)] = ()
    refunds: Annotated[tuple[RefundMap, ...], BeforeValidator(_several)] = ()
    fulfilments: Annotated[tuple[FulfilmentMap, ...], BeforeValidator(_several)] = ()
    billing_address: Place | None = None
    shipping_address: Place | None = None
    email: Text = None
    phone: Text = None
    location: Text = None
    cancelled_at: Time = None
    test: Truth = None
    payment_due: Truth = None
    note: Text = None
    tags: Labels = None
    custom: Own = None


class InteractionMap(Part):
    id: Text = None
    kind: InteractionKind
    channel: str = "web"
    direction: Literal["in", "out"] = "in"
    subject: Text = None
    text: Text = None
    url: Text = None
    campaign: Text = None
    reference: Text = None
    query: Text = None
    product: ProductPointer | None = None
    starts_at: Time = None
    ends_at: Time = None
    state: Text = None
    details: Own = None


class ReturnedMap(ProductPointer):
    items: Condition = None
    quantity: Number = None
    reason: Text = None


class CaseMap(Part):
    id: Text
    kind: CaseKind
    state: Word
    states: Mapping[str, CaseState] = Field(default_factory=dict)
    opened_at: Time = None
    closed_at: Time = None
    number: Text = None
    channel: Text = None
    subject: Text = None
    text: Text = None
    reason: Text = None
    priority: Text = None
    order_id: Text = None
    amount: Amount = None
    currency: CurrencyCode = None
    minor_units: bool = False
    lines: Annotated[tuple[ReturnedMap, ...], BeforeValidator(_several)] = ()
    tags: Labels = None
    custom: Own = None


class FeedbackMap(Part):
    id: Text
    kind: FeedbackKind
    channel: str = "web"
    rating: Number = None
    worst: Number = None
    best: Number = None
    title: Text = None
    text: Text = None
    survey: Text = None
    answers: Own = None
    product: ProductPointer | None = None
    order_id: Text = None
    state: Word = None
    states: Mapping[str, FeedbackState] = Field(default_factory=dict)
    verified: Truth = None
    url: Text = None


class VariantMap(Part):
    items: Condition = None
    id: Text
    sku: Text = None
    name: Text = None
    barcode: Text = None
    price: Amount = None


class ProductMap(Part):
    id: Text
    sku: Text = None
    name: Text = None
    brand: Text = None
    categories: Labels = None
    price: Amount = None
    currency: CurrencyCode = None
    minor_units: bool = False
    url: Text = None
    image_url: Text = None
    state: Word = None
    states: Mapping[str, ProductState] = Field(default_factory=dict)
    variants: Annotated[tuple[VariantMap, ...], BeforeValidator(_several)] = ()
    tags: Labels = None
    custom: Own = None


class DeletionMap(Part):
    """The record or order that the source has no more; nothing is erased."""

    id: Text
    kind: Literal["record", "order"] = "record"
    record: Literal["customer", "contact", "lead", "guest", "member"] = "customer"


class Rule(Part):
    """What becomes of the events that it fits. Every rule that fits an event is followed.

    ``topics`` are names, or beginnings of names with ``*``; ``of`` reads what ``complete`` fetched under that name.
    """

    topics: Annotated[tuple[str, ...], BeforeValidator(_several)] = ()
    when: Condition = None
    of: str | None = None
    at: Time = None
    customer: CustomerMap | None = None
    order: OrderMap | None = None
    refund: RefundMap | None = None
    payment: PaymentMap | None = None
    interaction: InteractionMap | None = None
    case: CaseMap | None = None
    feedback: FeedbackMap | None = None
    product: ProductMap | None = None
    deletion: DeletionMap | None = None

    @model_validator(mode="after")
    def _tells_something(self) -> Rule:
        kinds = ("customer", "order", "refund", "payment", "interaction", "case", "feedback", "product", "deletion")
        if all(getattr(self, kind) is None for kind in kinds):
            raise ValueError(f"reads nothing; it needs one or more of {', '.join(kinds)}")
        if self.interaction and self.customer is None:
            raise ValueError("interaction needs customer beside it: whose it is")
        for part in (self.refund, self.payment):
            if part is not None and part.order_id is None:
                raise ValueError("a refund or payment apart from its order needs order_id")
        return self

    def fits(self, topic: str) -> bool:
        """Whether it reads events of this topic."""
        return not self.topics or any(
            topic == one or (one.endswith("*") and topic.startswith(one[:-1])) for one in self.topics
        )
