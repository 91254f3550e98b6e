"""Odoo's till orders to canonical ones. Pure.

Source: odoo/odoo, addons/point_of_sale/models/pos_order.py: ``amount_total`` holds tax; ``price_subtotal_incl`` is a
line's with tax and after its discount (in per cent); a return is an order with negative quantities whose lines name
what they give back, of several orders perhaps, and other lines beside them (odoo/odoo#52626, #125780).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from hub.connectors.odoo_pos import schemas
from hub.mapping.custom import note
from hub.mapping.customer import customer as snapshot_of
from hub.mapping.fieldmap import FieldMap
from hub.mapping.money import rounded
from hub.mapping.name import clean
from hub.mapping.order import unexplained
from hub.mapping.product import product, variant
from hub.mapping.time import instant, maybe_instant
from hub.model.customer import CustomerSnapshot
from hub.model.event import Note, OrderEvent, OrderPartEvent, ProductEvent
from hub.model.identifier import RecordKey
from hub.model.money import CURRENCIES, Money
from hub.model.order import (
    Discount,
    Fulfilment,
    Order,
    OrderLine,
    OrderState,
    Payment,
    ProductReference,
    Refund,
)

CUSTOMER = FieldMap(
    schemas.Partner,
    {
        "external_id": "id",
        "full_name": "name",
        "email": "email",
        "phone": "phone",
        "street": "street",
        "line2": "street2",
        "postal_code": "zip",
        "city": "city",
        "country": "country",
        "language": "lang",
        "company": "parent_id",
    },
    not_offered={
        "first_name": "Odoo has one field for the whole name",
        "middle_name": "Odoo has one field for the whole name",
        "last_name": "Odoo has one field for the whole name",
        "birth_date": "not a field of a contact",
        "house_number": "part of street",
        "region": "its name comes with the country's",
        "national_id": "vat is a company's, not a person's",
        "contact_kind": "everyone there is a buyer",
        "handle": "Odoo knows no public name",
        "loyalty_id": "loyalty cards are records of their own, and not read",
    },
)
_STATES: dict[str, OrderState] = {
    "paid": "completed",
    "done": "completed",
    "invoiced": "completed",
    "cancel": "cancelled",
}
UNSOLD = "draft"
"""Rung up and kept (a table of a restaurant), and not paid."""


def record_key(partner: str) -> RecordKey:
    return RecordKey(kind="customer", external_id=partner)


def customer(given: schemas.Partner, region: str) -> CustomerSnapshot:
    fields = CUSTOMER.read(given)
    if given.is_company and given.name:
        fields = {**{name: values for name, values in fields.items() if name != "full_name"}, "company": (given.name,)}
    return snapshot_of(record_key(given.id), fields, region=region)


def changed_at(given: schemas.Order) -> datetime:
    return instant(given.write_date or given.date_order, path="order.write_date")


def sold(given: schemas.Sale, currency: str, record: RecordKey | None) -> Iterator[OrderEvent | Note]:
    """An order; what was given back in exchange is lines with negative totals."""
    made = _order(given, currency)
    yield from unexplained(made)
    yield OrderEvent(occurred_at=changed_at(given.order), order=made, record=record)


def given_back(given: schemas.Sale, currency: str, record: RecordKey | None) -> Iterator[OrderPartEvent | Note]:
    """What a return takes off each order that its lines were sold in, all of it as much as was given back."""
    rest, at = rounded(-given.order.amount_total, currency), changed_at(given.order)
    worth: dict[str, Decimal] = {}
    for line in given.lines:
        if line.qty < 0 and (order := given.returned.get(line.refunded_orderline_id or "")):
            worth[order] = worth.get(order, Decimal(0)) - _sum(line)
    for order, amount in worth.items():
        taken = min(rounded(amount, currency), rest)
        rest -= taken
        refund = Refund(
            external_id=f"{given.order.id}:{order}",
            amount=Money(amount=taken, currency=currency),
            state="voided" if given.order.state == "cancel" else None,
            at=instant(given.order.date_order, path="order.date_order"),
        )
        yield OrderPartEvent(occurred_at=at, order_id=order, part=refund, record=record)
    if rest:
        yield Note(path="order.amount_total", reason=f"{rest:f} {currency} given back for no order that is told")


def currency_of(given: schemas.Order, default: str) -> str:
    return given.currency_id if given.currency_id in CURRENCIES else default


def _order(given: schemas.Sale, currency: str) -> Order:
    head = given.order
    placed_at, state = instant(head.date_order, path="order.date_order"), _STATES.get(head.state or "", "open")
    till = clean(head.config_id)
    done = Fulfilment(external_id=head.id, kind="in_store", state="completed", location=till, at=placed_at)
    return Order(
        external_id=head.id,
        number=clean(head.pos_reference or head.name),
        state=state,
        placed_at=placed_at,
        currency=currency,
        total=rounded(head.amount_total, currency),
        tax_total=None if head.amount_tax is None else rounded(head.amount_tax, currency),
        tax_included=True,
        lines=tuple(_line(line, currency) for line in given.lines),
        payments=tuple(
            Payment(
                external_id=paid.id,
                amount=Money(amount=rounded(paid.amount, currency), currency=currency),
                method=clean(paid.payment_method_id),
                at=maybe_instant(paid.payment_date, path="payments.payment_date"),
            )
            for paid in given.payments
        ),
        fulfilments=(done,) if state == "completed" else (),
        location=till,
        cancelled_at=changed_at(head) if state == "cancelled" else None,
        note=note(*(line.customer_note for line in given.lines)),
    )


def _line(given: schemas.Line, currency: str) -> OrderLine:
    off = (given.price_unit or Decimal(0)) * given.qty * (given.discount or Decimal(0)) / 100
    return OrderLine(
        external_id=given.id,
        product=ProductReference(external_id=given.product_id, name=clean(given.full_product_name)),
        quantity=given.qty,
        unit_price=given.price_unit,
        total=rounded(_sum(given), currency),
        discounts=(Discount(amount=rounded(off, currency)),) if off else (),
        kind="adjustment" if given.qty < 0 else "product",
    )


def _sum(given: schemas.Line) -> Decimal:
    told = given.price_subtotal_incl if given.price_subtotal_incl is not None else given.price_subtotal
    return told if told is not None else (given.price_unit or Decimal(0)) * given.qty


def product_event(given: schemas.Product) -> ProductEvent:
    """A product, or one variant of it. Its name is told with the reference before it, as Odoo shows it."""
    reference = f"[{given.default_code}] "
    currency = given.currency_id if given.currency_id in CURRENCIES else None
    told = product(
        given.id,
        (given.display_name or "").removeprefix(reference),
        sku=given.default_code,
        state=None if given.active else "archived",
        categories=reversed((given.categ_id or "").split(" / ")),
        price=rounded(given.lst_price, currency) if currency and given.lst_price is not None else None,
        currency=currency,
        variants=[variant(given.id, sku=given.default_code, barcodes=[given.barcode])] if given.barcode else (),
    )
    return ProductEvent(occurred_at=instant(given.write_date, path="write_date"), product=told)
