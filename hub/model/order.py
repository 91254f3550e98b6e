"""Orders, their parts, and carts. Amounts are exact decimals in the order's currency."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from pydantic import Field

from hub.model.address import Address
from hub.model.base import Frozen, FrozenTexts, Texts, UtcDatetime
from hub.model.money import Currency, Money

OrderState = Literal["open", "paid", "fulfilled", "completed", "cancelled", "refunded", "failed"]
LineKind = Literal["product", "fee", "tip", "duty", "rounding", "gift_card", "adjustment"]
FulfilmentKind = Literal["shipping", "pickup", "in_store", "digital"]
RefundBasis = Literal["goods", "money"]


class ProductReference(Frozen):
    """Points at a product of the source; ``external_id`` is the source's product id."""

    external_id: str | None = None
    variant_id: str | None = None
    sku: str | None = None
    name: str | None = None


class Discount(Frozen):
    code: str | None = None
    title: str | None = None
    amount: Decimal


class Tax(Frozen):
    title: str | None = None
    rate: Decimal | None = None
    amount: Decimal


class OrderLine(Frozen):
    """``quantity`` may be fractional (weighed goods); ``total`` is after all discounts, as the source counts tax.

    ``kind`` tells goods from charges that are part of the total. ``custom`` holds what the customer chose for this
    line (engraving, size), by the source's own names.
    """

    external_id: str | None = None
    product: ProductReference
    quantity: Decimal
    unit_price: Decimal | None = None
    total: Decimal | None = None
    discounts: tuple[Discount, ...] = ()
    taxes: tuple[Tax, ...] = ()
    kind: LineKind = "product"
    custom: Texts = Field(default_factory=FrozenTexts)


class ShippingLine(Frozen):
    """``amount`` is after discounts, as the source counts tax."""

    title: str | None = None
    amount: Decimal


class Payment(Frozen):
    external_id: str
    amount: Money
    method: str | None = None
    state: str | None = None
    at: UtcDatetime | None = None


class Refund(Frozen):
    """A reduction of an order.

    ``amount`` is in the order's currency where the source tells that, else in the currency that was paid out.
    ``basis`` is set where a refund tells one side only: ``goods`` that came back or were taken off while no money
    moved, or ``money`` without goods. One reduction may be told as both, one after the other; it counts once.
    """

    external_id: str
    amount: Money
    basis: RefundBasis | None = None
    reason: str | None = None
    state: str | None = None
    at: UtcDatetime | None = None


class Fulfilment(Frozen):
    external_id: str
    kind: FulfilmentKind
    state: str | None = None
    location: str | None = None
    tracking_number: str | None = None
    at: UtcDatetime | None = None


class Order(Frozen):
    """One order of one customer at one source.

    Lines (goods, fees, tips, duties, rounding: ``OrderLine.kind``), shipping and, unless ``tax_included``, the tax make
    the ``total``; where they do not, the event's notes say by how much (``hub.mapping.order``). All amounts but those
    of payments and refunds are in ``currency``, the shop's.
    ``contact_email`` is what was typed at the checkout; it may differ from the customer's own.
    ``payment_due`` says whether nobody has paid yet, where that is not what the state says: goods sent on invoice or
    cash on delivery are ``fulfilled`` and due.
    ``test`` orders are kept and never counted. ``note`` is what the customer wrote, ``custom`` what else was told of
    the order by the source's own names (note attributes, PO number, custom fields, metadata).
    """

    external_id: str
    number: str | None = None
    state: OrderState
    placed_at: UtcDatetime
    currency: Currency
    total: Decimal
    subtotal: Decimal | None = None
    discount_total: Decimal | None = None
    tax_total: Decimal | None = None
    tax_included: bool = False
    shipping_total: Decimal | None = None
    lines: tuple[OrderLine, ...] = ()
    discounts: tuple[Discount, ...] = ()
    taxes: tuple[Tax, ...] = ()
    shipping: tuple[ShippingLine, ...] = ()
    payments: tuple[Payment, ...] = ()
    refunds: tuple[Refund, ...] = ()
    fulfilments: tuple[Fulfilment, ...] = ()
    billing_address: Address | None = None
    shipping_address: Address | None = None
    contact_email: str | None = None
    contact_phone: str | None = None
    location: str | None = None
    cancelled_at: UtcDatetime | None = None
    test: bool = False
    payment_due: bool | None = None
    note: str | None = None
    tags: tuple[str, ...] = ()
    custom: Texts = Field(default_factory=FrozenTexts)


class Cart(Frozen):
    """A cart or abandoned checkout; ``completed_at`` is set once it became an order. ``note`` as in an order."""

    external_id: str
    currency: Currency
    total: Decimal
    lines: tuple[OrderLine, ...] = ()
    recovery_url: str | None = None
    started_at: UtcDatetime
    completed_at: UtcDatetime | None = None
    note: str | None = None
    custom: Texts = Field(default_factory=FrozenTexts)
