"""Clover's objects to canonical ones. Pure.

Source: https://docs.clover.com/dev/reference (orders, payments, customers). An order's ``total`` holds goods, charges
and tax, and no tip: the tip stands at the payment, and is added to both here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from hub.connectors.clover import schemas
from hub.mapping.address import postal_address
from hub.mapping.buyer import told_fields
from hub.mapping.custom import note, texts
from hub.mapping.customer import CustomerFields
from hub.mapping.customer import customer as snapshot_of
from hub.mapping.money import minor_units, rounded
from hub.mapping.name import clean
from hub.mapping.order import charge, with_charges
from hub.mapping.time import epoch
from hub.model.consent import Consent
from hub.model.customer import CustomerSnapshot
from hub.model.identifier import RecordKey
from hub.model.money import Money
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
from hub.model.product import Product, Variant

_STATES: dict[str, OrderState] = {
    "PAID": "completed",
    "PARTIALLY_REFUNDED": "completed",
    "REFUNDED": "refunded",
    "CREDITED": "refunded",
}
"""``paymentState``; OPEN and PARTIALLY_PAID are open. ``state`` (open, locked) is for show only, says the reference."""
_RECEIVED = {"SUCCESS": "paid", "AUTH_COMPLETED": "paid"}


def record_key(customer_id: str) -> RecordKey:
    return RecordKey(kind="customer", external_id=customer_id)


def customer(given: schemas.Customer, region: str) -> CustomerSnapshot:
    """``marketingAllowed`` is false until somebody allows it: false says nothing, and true not when it was said."""
    about = given.metadata
    born = (about.dob_year, about.dob_month, about.dob_day)
    fields: CustomerFields = {
        **told_fields(
            {
                "first_name": given.first_name,
                "last_name": given.last_name,
                "company": about.business_name,
                "birth_date": f"{born[0]}-{born[1]:0>2}-{born[2]:0>2}" if all(born) else None,
            }
        ),
        "email": tuple(one.email_address for one in given.email_addresses.elements),
        "phone": tuple(one.phone_number for one in given.phone_numbers.elements),
    }
    allowed = Consent(channel="any", state="opted_in", evidence="clover: marketingAllowed")
    return snapshot_of(
        record_key(given.id),
        fields,
        region=region,
        addresses=[
            postal_address(
                line1=one.address1,
                line2=" ".join(filter(None, (one.address2, one.address3))),
                postal_code=one.zip,
                city=one.city,
                region=one.state,
                country_name=one.country,
            )
            for one in given.addresses.elements
        ],
        consents=[allowed] if given.marketing_allowed else [],
        custom=texts([("note", about.note)]),
    )


def product(given: schemas.Item) -> Product:
    variant = Variant(external_id=given.id, sku=given.sku, barcode=given.code)
    return Product(
        external_id=given.id,
        sku=given.sku,
        name=clean(given.name),
        categories=tuple(one.name for one in given.categories.elements),
        state="archived" if given.hidden else "active",
        variants=(variant,) if given.code else (),
    )


def order(given: schemas.Order, merchant: str) -> Order:
    """One order, whose location is its merchant."""
    placed_at, currency = epoch(given.created_time, path="createdTime"), given.currency
    received = [paid for paid in given.payments.elements if paid.result in (None, *_RECEIVED)]
    tip = minor_units(sum(paid.tip_amount for paid in received), currency)
    taxed = [paid.tax_amount for paid in received]
    state = _state(given)
    lines = tuple(_line(line, currency) for line in given.line_items.elements)
    worth = sum((line.total or Decimal(0) for line in lines), Decimal(0))
    off = tuple(_discount(one, worth, currency) for one in given.discounts.elements)
    done = Fulfilment(external_id=given.id, kind="in_store", state="completed", location=merchant, at=placed_at)
    made = Order(
        external_id=given.id,
        number=given.external_reference_id,
        state=state,
        placed_at=placed_at,
        currency=currency,
        total=minor_units(given.total, currency) + tip,
        tax_total=minor_units(sum(taxed), currency) if taxed else None,
        tax_included=given.is_vat,
        lines=lines,
        discounts=tuple(Discount(title=one.title, amount=one.amount) for one in off),
        payments=tuple(_payment(paid, currency) for paid in given.payments.elements),
        refunds=tuple(_refund(back, currency) for back in given.refunds.elements),
        fulfilments=(done,) if state in ("completed", "refunded") else (),
        location=merchant,
        test=given.test_mode,
        note=note(given.note),
        custom=texts([("title", given.title), ("order type", given.order_type.label)]),
    )
    charges = [
        *(line for one in off for line in charge(one.title or "Discount", -one.amount, "adjustment")),
        *_service(given, received),
    ]
    return with_charges(made, (*charges, *charge("Tip", tip, "tip", external_id="tip")))


def _service(given: schemas.Order, received: Iterable[schemas.Payment]) -> Iterator[OrderLine]:
    """The order's own, else what of it each payment holds."""
    told = [given.service_charge] if given.service_charge.amount else [paid.service_charge for paid in received]
    for one in told:
        if one.amount:
            yield from charge(clean(one.name) or "Service charge", minor_units(one.amount, given.currency), "fee")


def _state(given: schemas.Order) -> OrderState:
    received = sum(paid.amount for paid in given.payments.elements if paid.result in _RECEIVED)
    if given.payment_state is None:  # older orders
        return "completed" if given.payments.elements and received >= given.total else "open"
    return _STATES.get(given.payment_state, "open")


def _line(given: schemas.LineItem, currency: str) -> OrderLine:
    quantity = Decimal(given.unit_qty) / 1000 if given.unit_qty else Decimal(1)
    price = minor_units(given.price, currency)
    more = minor_units(sum(one.amount for one in given.modifications.elements), currency)
    before = rounded(price * quantity + more, currency)
    off = tuple(_discount(one, before, currency) for one in given.discounts.elements)
    return OrderLine(
        external_id=given.id,
        product=ProductReference(
            external_id=given.item.id if given.item else None, sku=given.item_code, name=clean(given.name)
        ),
        quantity=quantity,
        unit_price=price,
        total=before - sum((one.amount for one in off), Decimal(0)),
        discounts=off,
        custom=texts(
            [
                *(("modification", one.name) for one in given.modifications.elements),
                ("note", given.note),
                ("unit", given.unit_name),
                ("refunded", given.refunded or None),
                ("exchanged", given.exchanged or None),
            ]
        ),
    )


def _discount(given: schemas.Discount, of: Decimal, currency: str) -> Discount:
    if given.amount is not None:
        return Discount(title=clean(given.name), amount=abs(minor_units(given.amount, currency)))
    share = Decimal(str(given.percentage or 0)) / 100
    return Discount(title=clean(given.name), amount=rounded(of * share, currency))


def _payment(given: schemas.Payment, currency: str) -> Payment:
    state = given.result or "SUCCESS"
    return Payment(
        external_id=given.id,
        amount=Money(amount=minor_units(given.amount + given.tip_amount, currency), currency=currency),
        method=clean(given.tender.label),
        state=_RECEIVED.get(state, state.lower()),
        at=epoch(given.created_time, path="payments.createdTime") if given.created_time else None,
    )


def _refund(given: schemas.Refund, currency: str) -> Refund:
    return Refund(
        external_id=given.id,
        amount=Money(amount=abs(minor_units(given.amount, currency)), currency=currency),
        reason=clean(given.reason),
        state="voided" if given.voided else None,
        at=epoch(given.created_time, path="refunds.createdTime") if given.created_time else None,
    )
