"""Shop events to orders, refunds and carts, for shops whose orders nothing else tells (``orders: true``).

Source: https://www.twilio.com/docs/segment/connections/spec/ecommerce/v2: ``revenue`` is without shipping and tax,
``total`` is all that is paid.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal

from hub.connectors.web.manifest import WebSettings
from hub.connectors.web.schemas import Item, Message, Sale
from hub.mapping.customer import CustomerFields, customer, guest_key
from hub.mapping.money import maybe_amount
from hub.mapping.order import charge, missing, with_charges
from hub.mapping.payload import Reading
from hub.model.event import CanonicalEvent, CartEvent, CustomerEvent, Note, OrderEvent, OrderPartEvent
from hub.model.identifier import RecordKey
from hub.model.money import CURRENCIES, Money
from hub.model.order import (
    Cart,
    Discount,
    Order,
    OrderLine,
    OrderState,
    ProductReference,
    Refund,
    ShippingLine,
)

_STATES: dict[str, OrderState] = {"order completed": "paid", "order updated": "paid", "order cancelled": "cancelled"}
ORDER_EVENTS = frozenset({*_STATES, "order refunded", "checkout started"})
_LATER = frozenset({"invoice", "prepayment", "bank_transfer", "cash_on_delivery", "cod"})
"""Ways to pay after the order (``payment_method``); the specification has no payment beside the order."""

_NOTHING, _ONE = Decimal(0), Decimal(1)


def events_of_order(
    name: str,
    message: Message,
    message_id: str,
    at: datetime,
    place: str,
    reading: Reading,
    user: RecordKey | None,
    settings: WebSettings,
) -> Iterator[CanonicalEvent]:
    """Nothing where it cannot be one: without its id, currency or amount, which a note says."""
    sale = reading.tree(Sale, message.properties, place)
    currency = (sale.currency or "").upper()
    number = sale.order_id if name != "checkout started" else sale.cart_id or sale.checkout_id or sale.order_id
    if not number or currency not in CURRENCIES:
        reading.notes.append(Note(path=f"{place}.{'order_id' if not number else 'currency'}", reason="no such order"))
        return
    lines = tuple(_lines(sale, place, reading))
    total = _total(sale, lines, place)
    if total is None:
        reading.notes.append(Note(path=f"{place}.total", reason="no amount, so this is no order"))
        return
    if name == "order refunded":
        part = Refund(external_id=message_id, amount=Money(amount=abs(total), currency=currency), at=at)
        yield OrderPartEvent(occurred_at=at, order_id=number, part=part)
        return
    if name == "checkout started":
        cart = Cart(external_id=number, currency=currency, total=total, lines=lines, started_at=at)
        yield CartEvent(occurred_at=at, cart=cart, record=user)
        return
    record, buyer = user, {"email": (sale.email,)} if sale.email else {}
    if record is None and buyer:
        fields: CustomerFields = {"email": (sale.email or "",)}
        record = guest_key(fields, region=settings.default_region, fallback="")
        record = record if record.external_id else None
        if record:
            yield CustomerEvent(occurred_at=at, customer=customer(record, fields, region=settings.default_region))
    yield OrderEvent(occurred_at=at, order=_order(name, number, currency, sale, lines, total, at, place), record=record)
    if cart_id := sale.cart_id or sale.checkout_id:
        cart = Cart(external_id=cart_id, currency=currency, total=total, lines=lines, started_at=at, completed_at=at)
        yield CartEvent(occurred_at=at, cart=cart, record=record)


def _order(
    name: str,
    number: str,
    currency: str,
    sale: Sale,
    lines: Sequence[OrderLine],
    total: Decimal,
    at: datetime,
    place: str,
) -> Order:
    discount, shipping = _told(sale, "discount", place), _told(sale, "shipping", place)
    order = Order(
        external_id=number,
        number=number,
        state="open" if _STATES[name] == "paid" and _is_due(sale) else _STATES[name],
        placed_at=at,
        currency=currency,
        total=total,
        subtotal=_told(sale, "subtotal", place),
        discount_total=abs(discount) if discount is not None else None,
        tax_total=_told(sale, "tax", place),
        shipping_total=shipping,
        lines=tuple(lines),
        discounts=(Discount(code=sale.coupon, amount=abs(discount or _NOTHING)),) if discount or sale.coupon else (),
        shipping=(ShippingLine(amount=shipping),) if shipping else (),
        contact_email=sale.email,
    )
    # Nobody says whether prices are with tax, and with the discount: what makes the total is.
    rebate = charge("Discount", -abs(discount) if discount else None, "adjustment")
    for taxed in (order, order.model_copy(update={"tax_included": True})):
        for whole in (taxed, with_charges(taxed, rebate)):
            if not missing(whole):
                return whole
    return order


def _is_due(sale: Sale) -> bool:
    if sale.payment_status:
        return sale.payment_status.lower() not in ("paid", "captured", "completed", "success")
    return (sale.payment_method or "").lower().replace(" ", "_") in _LATER


def _lines(sale: Sale, place: str, reading: Reading) -> Iterator[OrderLine]:
    for number, tree in enumerate(sale.products):
        path = f"{place}.products.{number}"
        item = reading.tree(Item, tree, path)
        price = maybe_amount(item.price, path=f"{path}.price")
        quantity = maybe_amount(item.quantity, path=f"{path}.quantity") or _ONE
        yield OrderLine(
            product=ProductReference(
                external_id=item.product_id or item.id, variant_id=item.variant, sku=item.sku, name=item.name
            ),
            quantity=quantity,
            unit_price=price,
            total=price * quantity if price is not None else None,
        )


def _total(sale: Sale, lines: Sequence[OrderLine], place: str) -> Decimal | None:
    for name in ("total", "value"):
        if (told := _told(sale, name, place)) is not None:
            return told
    for name in ("revenue", "subtotal"):
        if (told := _told(sale, name, place)) is not None:
            return told + (_told(sale, "shipping", place) or _NOTHING) + (_told(sale, "tax", place) or _NOTHING)
    priced = [line.total for line in lines if line.total is not None]
    return sum(priced, _NOTHING) if priced and len(priced) == len(lines) else None


def _told(sale: Sale, name: str, place: str) -> Decimal | None:
    """Raises PayloadError where it is no amount."""
    return maybe_amount(getattr(sale, name), path=f"{place}.{name}")
