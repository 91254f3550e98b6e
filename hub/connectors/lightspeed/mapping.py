"""X-Series' sales and customers to canonical ones. Pure.

Sources, all at https://x-series-api.lightspeedhq.com/docs/: sales_statuses and sales_states_and_attributes (when a sale
is one), sales_returns (a return is a sale of its own with negative lines and ``return_for``), sales_discounts (one on
the whole sale is a line of -1).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from hub.connectors.lightspeed import schemas
from hub.mapping.address import postal_address
from hub.mapping.custom import note, texts
from hub.mapping.customer import customer as snapshot_of
from hub.mapping.fieldmap import FieldMap
from hub.mapping.money import rounded
from hub.mapping.name import clean
from hub.mapping.order import unexplained
from hub.mapping.time import instant, maybe_instant
from hub.model.case import Case, ReturnedLine
from hub.model.consent import Consent
from hub.model.customer import CustomerSnapshot
from hub.model.event import CaseEvent, Note, OrderEvent, OrderPartEvent
from hub.model.identifier import RecordKey
from hub.model.money import Money
from hub.model.order import (
    Discount,
    Fulfilment,
    FulfilmentKind,
    Order,
    OrderLine,
    OrderState,
    Payment,
    ProductReference,
    Refund,
    Tax,
)

CUSTOMER = FieldMap(
    schemas.Customer,
    {
        "external_id": "id",
        "first_name": "first_name",
        "last_name": "last_name",
        "full_name": "name",
        "email": ("email", "contact.email"),
        "phone": ("mobile", "phone", "contact.mobile", "contact.phone"),
        "birth_date": "date_of_birth",
        "street": ("physical_address1", "physical_address_1", "contact.physical_address1"),
        "line2": ("physical_address2", "physical_address_2", "physical_suburb", "contact.physical_address2"),
        "postal_code": ("physical_postcode", "contact.physical_postcode"),
        "city": ("physical_city", "contact.physical_city", "contact.physical_suburb"),
        "region": ("physical_state", "contact.physical_state"),
        "country": ("physical_country_id", "postal_country_id", "contact.physical_country_id"),
        "company": ("company_name", "contact.company_name"),
    },
    not_offered={
        "middle_name": "X-Series has first and last name",
        "house_number": "part of physical_address1",
        "language": "not in the customer",
        "national_id": "not in the customer",
        "contact_kind": "everyone there is a customer",
        "handle": "not read: twitter is a name, and proves nothing",
        "loyalty_id": "loyalty belongs to the customer and has no number of its own",
    },
)
NOBODY = "WALKIN"
"""The ``customer_code`` of the customer that stands for nobody, one per store."""

_OWN = ("customer_code", "note", "loyalty_balance", *(f"custom_field_{number}" for number in range(1, 5)))
_KINDS: dict[str, FulfilmentKind] = {"DISPATCHED": "shipping", "PICKED_UP": "pickup"}
_DUE = frozenset({"ONACCOUNT", "LAYBY"})
UNSOLD = frozenset({"SAVED", "OPEN", "SERVICE"})
"""Parked or begun at the till: nobody has bought anything."""


def record_key(customer_id: str) -> RecordKey:
    return RecordKey(kind="customer", external_id=customer_id)


def customer(given: schemas.Customer, region: str) -> CustomerSnapshot:
    """``do_not_email`` is false unless somebody asked for it: false says nothing."""
    postal = postal_address(
        line1=given.postal_address1 or given.postal_address_1,
        line2=given.postal_address2 or given.postal_address_2,
        postal_code=given.postal_postcode,
        city=given.postal_city,
        region=given.postal_state,
        country_name=given.postal_country_id,
    )
    out = Consent(channel="email", state="opted_out", evidence="lightspeed: do_not_email")
    return snapshot_of(
        record_key(given.id),
        CUSTOMER.read(given),
        region=region,
        addresses=[postal],
        consents=[out] if given.do_not_email else [],
        custom=texts((name, getattr(given, name)) for name in _OWN),
    )


def changed_at(given: schemas.Sale) -> datetime:
    return instant(given.updated_at or given.sale_date, path="updated_at")


def sold(given: schemas.Sale, currency: str, record: RecordKey | None) -> Iterator[OrderEvent | Note]:
    """The sale as an order. Goods that came back in exchange are lines with negative totals."""
    made = _order(given, currency)
    yield from unexplained(made)
    yield OrderEvent(occurred_at=changed_at(given), order=made, record=record)


def returned(
    given: schemas.Sale, currency: str, record: RecordKey | None
) -> Iterator[CaseEvent | OrderPartEvent | Note]:
    """The goods that came back, and what the sale they were sold in is worth less.

    Where more was bought in exchange than came back, the order of the exchange counts it.
    """
    back = [line for line in given.lines if _came_back(line, given)]
    if not back:
        return
    at, total = changed_at(given), _total(given, currency)
    voided, parked = given.status == "VOIDED", given.status in UNSOLD
    worth = rounded(-sum((_sum(line) + _tax(line) for line in back), Decimal(0)), currency)
    case = Case(
        external_id=f"return:{given.id}",
        kind="return",
        state="cancelled" if voided else "open" if parked else "solved",
        opened_at=instant(given.sale_date, path="sale_date"),
        number=_number(given),
        channel="till",
        order_id=given.return_for,
        amount=Money(amount=worth, currency=currency),
        lines=tuple(
            ReturnedLine(product=_product(line), quantity=abs(line.quantity), reason=line.return_reason)
            for line in back
            if line.quantity
        ),
    )
    yield CaseEvent(occurred_at=at, case=case, record=record)
    if total >= 0 or parked:
        return
    if given.return_for is None:
        yield Note(path="return_for", reason="missing: money was given back, and no sale is told that it was paid for")
        return
    reasons = [line.return_reason for line in back]
    refund = Refund(
        external_id=given.id,
        amount=Money(amount=-total, currency=currency),
        reason=note(given.note, *reasons),
        state="voided" if voided else None,
        at=instant(given.sale_date, path="sale_date"),
    )
    yield OrderPartEvent(occurred_at=at, order_id=given.return_for, part=refund, record=record)
    if any(_sum(line) > 0 for line in given.lines):
        yield Note(path="register_sale_products", reason="what was bought in exchange is taken off the amount returned")


def is_sale(given: schemas.Sale, currency: str) -> bool:
    """A sale, or an exchange in which no less was bought than came back."""
    total = _total(given, currency)
    return total > 0 or (total == 0 and (given.return_for is None or any(_sum(line) > 0 for line in given.lines)))


def _came_back(line: schemas.Line, sale: schemas.Sale) -> bool:
    """Older sales do not tell ``is_return``; a negative line of a sale may be its discount."""
    if line.is_return is not None:
        return line.is_return and bool(line.quantity)
    return line.quantity < 0 and (sale.return_for is not None or sale.sum_of("total_price") < 0)


def _total(given: schemas.Sale, currency: str) -> Decimal:
    return rounded(given.sum_of("total_price") + given.sum_of("total_tax"), currency)


def _order(given: schemas.Sale, currency: str) -> Order:
    placed_at = instant(given.sale_date, path="sale_date")
    status = given.status or ""
    loyalty = given.sum_of("total_loyalty")
    return Order(
        external_id=given.id,
        number=_number(given),
        state=_state(given),
        placed_at=placed_at,
        currency=currency,
        total=_total(given, currency),
        tax_total=given.sum_of("total_tax"),
        lines=tuple(map(_line, given.lines)),
        taxes=tuple(
            Tax(title=clean(tax.name), rate=tax.rate, amount=amount)
            for tax in given.taxes
            if (amount := tax.amount if tax.tax is None else tax.tax) is not None
        ),
        payments=tuple(
            Payment(
                external_id=paid.id,
                amount=Money(amount=paid.amount, currency=paid.currency or currency),
                method=clean(paid.retailer_payment_type.name or paid.name),
                at=maybe_instant(paid.payment_date, path="payment_date"),
            )
            for paid in given.paid
        ),
        fulfilments=_fulfilments(given, placed_at),
        location=given.outlet_id or given.register_id,
        cancelled_at=changed_at(given) if status == "VOIDED" else None,
        payment_due=True if status in _DUE else None,
        note=note(given.note),
        custom=texts(
            [
                ("loyalty earned", loyalty or None),
                ("source", given.source if given.source != "USER" else None),
                ("source_id", given.source_id),
            ]
        ),
    )


def _state(given: schemas.Sale) -> OrderState:
    status = given.status or ""
    if status == "VOIDED":
        return "cancelled"
    if status.endswith("CLOSED"):
        return "completed"
    if status == "ONACCOUNT":
        return "fulfilled"  # the goods have left, the money is still to come
    paid = sum((one.amount for one in given.paid), Decimal(0))
    whole = given.sum_of("total_price") + given.sum_of("total_tax")
    return "paid" if status.startswith("AWAITING") and paid >= whole else "open"


def _fulfilments(given: schemas.Sale, at: datetime) -> tuple[Fulfilment, ...]:
    status = given.status or ""
    if not (status.endswith("CLOSED") or status == "ONACCOUNT"):
        return ()
    kind = _KINDS.get(status.removesuffix("_CLOSED"), "in_store")
    at = at if kind == "in_store" else changed_at(given)
    return (Fulfilment(external_id=given.id, kind=kind, state="completed", location=given.outlet_id, at=at),)


def _line(line: schemas.Line) -> OrderLine:
    off = (line.discount or Decimal(0)) * line.quantity
    notes = [line.note, *(_text(one) for one in line.attributes if one.name == "line_note")]
    tax = Tax(title=clean(line.tax_name), rate=line.tax_rate, amount=_tax(line))
    return OrderLine(
        external_id=line.id,
        product=_product(line),
        quantity=line.quantity,
        unit_price=line.price,
        total=_sum(line),
        discounts=(Discount(amount=off),) if off else (),
        taxes=(tax,) if tax.amount else (),
        kind="adjustment" if line.quantity < 0 else "product",
        custom=texts([("note", note(*notes)), ("return_reason", line.return_reason)]),
    )


def _product(line: schemas.Line) -> ProductReference:
    return ProductReference(external_id=line.product_id, sku=line.sku, name=clean(line.name))


def _sum(line: schemas.Line) -> Decimal:
    return (line.price or Decimal(0)) * line.quantity if line.price_total is None else line.price_total


def _tax(line: schemas.Line) -> Decimal:
    return (line.tax or Decimal(0)) * line.quantity if line.tax_total is None else line.tax_total


def _text(attribute: schemas.Attribute) -> str | None:
    return str(attribute.value) if attribute.value else None


def _number(given: schemas.Sale) -> str | None:
    return clean(given.invoice_number or given.receipt_number)
