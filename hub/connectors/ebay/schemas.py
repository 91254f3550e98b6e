"""eBay's orders: only what is read.

Source: https://developer.ebay.com/api-docs/master/sell/fulfillment/openapi/3/sell_fulfillment_v1_oas3.json (v1.20)
"""

from __future__ import annotations

from decimal import Decimal

from pydantic import Field

from hub.mapping.payload import TimeText, VendorModel
from hub.model.money import Currency


class Amount(VendorModel):
    """Money in major units."""

    value: Decimal
    currency: Currency


class Address(VendorModel):
    """A postal address."""

    line1: str | None = Field(None, alias="addressLine1")
    line2: str | None = Field(None, alias="addressLine2")
    city: str | None = None
    region: str | None = Field(None, alias="stateOrProvince")
    postal_code: str | None = Field(None, alias="postalCode")
    country: str | None = Field(None, alias="countryCode")


class Phone(VendorModel):
    """A number."""

    number: str | None = Field(None, alias="phoneNumber")


class Contact(VendorModel):
    """Whom something goes to, or who is registered."""

    name: str | None = Field(None, alias="fullName")
    company: str | None = Field(None, alias="companyName")
    address: Address | None = Field(None, alias="contactAddress")
    phone: Phone | None = Field(None, alias="primaryPhone")
    email: str | None = None


class Buyer(VendorModel):
    """Who bought; ``username`` is theirs, or what eBay shows instead of it."""

    username: str | None = None
    registered: Contact | None = Field(None, alias="buyerRegistrationAddress")


class Step(VendorModel):
    """How it is shipped."""

    to: Contact | None = Field(None, alias="shipTo")
    service: str | None = Field(None, alias="shippingServiceCode")


class Instruction(VendorModel):
    """How a package is to reach the buyer."""

    kind: str | None = Field(None, alias="fulfillmentInstructionsType")
    step: Step | None = Field(None, alias="shippingStep")


class Line(VendorModel):
    """What was bought; ``cost`` is for the whole quantity, ``discounted`` after promotions."""

    id: str = Field(alias="lineItemId")
    item: str | None = Field(None, alias="legacyItemId")
    variation: str | None = Field(None, alias="legacyVariationId")
    sku: str | None = None
    title: str | None = None
    quantity: Decimal = Decimal(1)
    cost: Amount | None = Field(None, alias="lineItemCost")
    discounted: Amount | None = Field(None, alias="discountedLineItemCost")


class Pricing(VendorModel):
    """The sums of the order; discounts are negative."""

    total: Amount
    subtotal: Amount | None = Field(None, alias="priceSubtotal")
    discount: Amount | None = Field(None, alias="priceDiscount")
    delivery: Amount | None = Field(None, alias="deliveryCost")
    delivery_discount: Amount | None = Field(None, alias="deliveryDiscount")
    tax: Amount | None = None
    fee: Amount | None = None
    adjustment: Amount | None = None


class Paid(VendorModel):
    """A payment."""

    id: str | None = Field(None, alias="paymentReferenceId")
    amount: Amount | None = None
    method: str | None = Field(None, alias="paymentMethod")
    status: str | None = Field(None, alias="paymentStatus")
    date: TimeText | None = Field(None, alias="paymentDate")


class Refunded(VendorModel):
    """A refund of the order."""

    id: str | None = Field(None, alias="refundId")
    reference: str | None = Field(None, alias="refundReferenceId")
    amount: Amount | None = None
    status: str | None = Field(None, alias="refundStatus")
    date: TimeText | None = Field(None, alias="refundDate")


class Payments(VendorModel):
    """Payments and refunds."""

    payments: tuple[Paid, ...] = ()
    refunds: tuple[Refunded, ...] = ()


class Cancel(VendorModel):
    """``state`` is NONE_REQUESTED, IN_PROGRESS or CANCELED."""

    state: str | None = Field(None, alias="cancelState")
    date: TimeText | None = Field(None, alias="cancelledDate")


class Order(VendorModel):
    """An order."""

    id: str = Field(alias="orderId")
    created: TimeText = Field(alias="creationDate")
    changed: TimeText = Field(alias="lastModifiedDate")
    pricing: Pricing = Field(alias="pricingSummary")
    payment_status: str | None = Field(None, alias="orderPaymentStatus")
    fulfilment_status: str | None = Field(None, alias="orderFulfillmentStatus")
    cancel: Cancel | None = Field(None, alias="cancelStatus")
    number: str | None = Field(None, alias="salesRecordReference")
    buyer: Buyer | None = None
    note: str | None = Field(None, alias="buyerCheckoutNotes")
    instructions: tuple[Instruction, ...] = Field((), alias="fulfillmentStartInstructions")
    lines: tuple[Line, ...] = Field((), alias="lineItems")
    paid: Payments = Field(Payments(), alias="paymentSummary")
