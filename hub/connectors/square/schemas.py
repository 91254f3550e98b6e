"""What Hub reads of Square's objects; everything else in them is ignored.

Source: Square's OpenAPI description (github.com/square/connect-api-specification, schemas Customer, Order, Payment,
PaymentRefund, LoyaltyAccount and the ``*Event`` schemas) and https://developer.squareup.com/reference/square.
Amounts are integers in the currency's smallest unit; times are RFC 3339 text. A value that is null or "" is absent.
"""

from __future__ import annotations

from typing import Optional, TypeVar

from pydantic import Field

from hub.mapping.payload import TimeText, VendorModel
from hub.model.money import Currency

T = TypeVar("T")


class Schema(VendorModel):
    pass


Found = TypeVar("Found", bound=Schema)
Maybe = Optional[T]  # noqa: UP045 - an alias with a parameter
Many = tuple[T, ...]
Metadata = dict[str, str]
"""Names and values that an application of the seller's attached: every name in it is one."""


class Money(Schema):
    amount: int
    currency: Currency


class Address(Schema):
    address_line_1: str | None = None
    address_line_2: str | None = None
    locality: str | None = None
    administrative_district_level_1: str | None = None
    postal_code: str | None = None
    country: str | None = None
    first_name: str | None = None
    last_name: str | None = None


class Preferences(Schema):
    email_unsubscribed: Maybe[bool] = None


class Customer(Schema):
    id: str
    created_at: TimeText | None = None
    updated_at: TimeText | None = None
    given_name: str | None = None
    family_name: str | None = None
    company_name: str | None = None
    nickname: str | None = None
    email_address: str | None = None
    phone_number: str | None = None
    note: str | None = None
    reference_id: str | None = None
    birthday: str | None = None
    address: Maybe[Address] = None
    preferences: Maybe[Preferences] = None


class Merge(Schema):
    from_customer_ids: Many[str] = ()
    to_customer_id: str


class EventContext(Schema):
    merge: Maybe[Merge] = None


class AppliedTax(Schema):
    tax_uid: str | None = None
    applied_money: Maybe[Money] = None


class AppliedDiscount(Schema):
    discount_uid: str | None = None
    applied_money: Maybe[Money] = None


class OrderTax(Schema):
    uid: str | None = None
    name: str | None = None
    percentage: str | None = None
    applied_money: Maybe[Money] = None


class OrderDiscount(Schema):
    uid: str | None = None
    name: str | None = None
    applied_money: Maybe[Money] = None


class ServiceCharge(Schema):
    uid: str | None = None
    name: str | None = None
    total_money: Maybe[Money] = None
    applied_money: Maybe[Money] = None


class RoundingAdjustment(Schema):
    """Cash rounding; in the order's total and in no line item."""

    uid: str | None = None
    name: str | None = None
    amount_money: Maybe[Money] = None


class Modifier(Schema):
    """What was chosen for a line (oat milk); its price is in the line's total."""

    name: str | None = None
    quantity: str | None = None


class LineItem(Schema):
    uid: str | None = None
    name: str | None = None
    note: str | None = None
    item_type: str | None = None
    modifiers: Many[Modifier] = ()
    metadata: Metadata = Field(default_factory=dict)
    variation_name: str | None = None
    quantity: str
    catalog_object_id: str | None = None
    base_price_money: Maybe[Money] = None
    total_money: Maybe[Money] = None
    applied_taxes: Many[AppliedTax] = ()
    applied_discounts: Many[AppliedDiscount] = ()


class Recipient(Schema):
    customer_id: str | None = None
    display_name: str | None = None
    email_address: str | None = None
    phone_number: str | None = None
    address: Maybe[Address] = None


class CurbsideDetails(Schema):
    """Where and how the buyer waits: the colour of the car."""

    curbside_details: str | None = None


class FulfilmentDetails(Schema):
    """Pickup, shipment or delivery details: they differ in the name of the time at which they were done."""

    recipient: Maybe[Recipient] = None
    tracking_number: str | None = None
    note: str | None = None
    shipping_note: str | None = None
    dropoff_notes: str | None = None
    curbside_pickup_details: Maybe[CurbsideDetails] = None
    picked_up_at: TimeText | None = None
    shipped_at: TimeText | None = None
    delivered_at: TimeText | None = None


class OrderFulfilment(Schema):
    uid: str | None = None
    type: str | None = None
    state: str | None = None
    pickup_details: Maybe[FulfilmentDetails] = None
    shipment_details: Maybe[FulfilmentDetails] = None
    delivery_details: Maybe[FulfilmentDetails] = None


class Tender(Schema):
    id: str
    payment_id: str | None = None
    created_at: TimeText | None = None
    amount_money: Maybe[Money] = None
    customer_id: str | None = None
    type: str | None = None


class ReturnLine(Schema):
    total_money: Maybe[Money] = None


class ReturnTip(Schema):
    applied_money: Maybe[Money] = None


class OrderReturn(Schema):
    """In an exchange it stands beside line items, and the total may be without it."""

    source_order_id: str | None = None
    return_line_items: Many[ReturnLine] = ()
    return_service_charges: Many[ReturnLine] = ()
    return_tips: Many[ReturnTip] = ()
    rounding_adjustment: Maybe[RoundingAdjustment] = None


class Order(Schema):
    id: str
    location_id: str | None = None
    reference_id: str | None = None
    customer_id: str | None = None
    state: str | None = None
    version: Maybe[int] = None
    created_at: TimeText
    updated_at: TimeText | None = None
    closed_at: TimeText | None = None
    total_money: Money
    total_tax_money: Maybe[Money] = None
    total_discount_money: Maybe[Money] = None
    total_tip_money: Maybe[Money] = None
    net_amount_due_money: Maybe[Money] = None
    rounding_adjustment: Maybe[RoundingAdjustment] = None
    ticket_name: str | None = None
    metadata: Metadata = Field(default_factory=dict)
    line_items: Many[LineItem] = ()
    taxes: Many[OrderTax] = ()
    discounts: Many[OrderDiscount] = ()
    service_charges: Many[ServiceCharge] = ()
    fulfillments: Many[OrderFulfilment] = ()
    tenders: Many[Tender] = ()
    returns: Many[OrderReturn] = ()


class Payment(Schema):
    id: str
    created_at: TimeText
    updated_at: TimeText | None = None
    total_money: Money
    status: str | None = None
    source_type: str | None = None
    order_id: str | None = None
    customer_id: str | None = None
    buyer_email_address: str | None = None
    billing_address: Maybe[Address] = None
    shipping_address: Maybe[Address] = None


class Refund(Schema):
    id: str
    created_at: TimeText
    updated_at: TimeText | None = None
    amount_money: Money
    status: str | None = None
    order_id: str | None = None
    payment_id: str | None = None
    reason: str | None = None


class LoyaltyMapping(Schema):
    phone_number: str | None = None


class LoyaltyAccount(Schema):
    id: str
    customer_id: str | None = None
    balance: Maybe[int] = None
    lifetime_points: Maybe[int] = None
    created_at: TimeText | None = None
    updated_at: TimeText | None = None
    mapping: Maybe[LoyaltyMapping] = None


class OrderPointer(Schema):
    """All that an ``order.*`` webhook tells of its order beside state and version."""

    order_id: str


class EventObject(Schema):
    """One of these is there, by topic; ``order`` only in Hub's own backfill items."""

    customer: Maybe[Customer] = None
    event_context: Maybe[EventContext] = None
    order_created: Maybe[OrderPointer] = None
    order_updated: Maybe[OrderPointer] = None
    order: Maybe[Order] = None
    payment: Maybe[Payment] = None
    refund: Maybe[Refund] = None
    loyalty_account: Maybe[LoyaltyAccount] = None


class EventData(Schema):
    object: EventObject


class EventHead(Schema):
    event_id: str
    type: str


class Event(EventHead):
    created_at: TimeText
    data: EventData


class OrderAnswer(Schema):
    order: Order


class CustomerAnswer(Schema):
    customer: Customer


class PaymentAnswer(Schema):
    payment: Payment
