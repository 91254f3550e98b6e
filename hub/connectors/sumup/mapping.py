"""SumUp's payments to canonical orders. Pure.

Source: SumUp's OpenAPI description (see schemas). ``amount`` holds tax and tip; REFUNDED is said of a payment that was
given back in full or in part, so what its events add up to decides.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from hub.connectors.sumup import schemas
from hub.mapping.custom import texts
from hub.mapping.customer import customer as snapshot_of
from hub.mapping.fieldmap import FieldMap
from hub.mapping.name import clean
from hub.mapping.order import charge, is_given_back, with_charges
from hub.mapping.time import instant, maybe_instant
from hub.model.customer import CustomerSnapshot
from hub.model.identifier import RecordKey
from hub.model.money import Money
from hub.model.order import Fulfilment, Order, OrderLine, OrderState, Payment, ProductReference, Refund, Tax

CUSTOMER = FieldMap(
    schemas.Customer,
    {
        "external_id": "customer_id",
        "first_name": "personal_details.first_name",
        "last_name": "personal_details.last_name",
        "email": "personal_details.email",
        "phone": "personal_details.phone",
        "birth_date": "personal_details.birth_date",
        "national_id": "personal_details.tax_id",
        "street": "personal_details.address.line_1",
        "line2": "personal_details.address.line_2",
        "postal_code": "personal_details.address.postal_code",
        "city": "personal_details.address.city",
        "region": "personal_details.address.state",
        "country": "personal_details.address.country",
    },
    not_offered={
        "middle_name": "SumUp has first and last name",
        "full_name": "SumUp has first and last name",
        "house_number": "part of line_1",
        "company": "not in the customer",
        "language": "not in the customer",
        "contact_kind": "everyone there is a buyer",
        "handle": "SumUp knows no social accounts",
        "loyalty_id": "SumUp has no loyalty numbers",
    },
)
_GIVEN_BACK = {"REFUND": None, "CHARGE_BACK": "chargeback"}
"""Events that take money off a payment, and the reason that says so; payouts concern the merchant alone."""
_STATES: dict[str, OrderState] = {"FAILED": "failed", "CANCELLED": "cancelled", "PENDING": "open"}
_AT_THE_TILL = frozenset({"POS", "CASH"})


def record_key(customer_id: str) -> RecordKey:
    return RecordKey(kind="customer", external_id=customer_id)


def customer(given: schemas.Customer, region: str) -> CustomerSnapshot:
    return snapshot_of(record_key(given.customer_id), CUSTOMER.read(given), region=region)


def changed_at(given: schemas.Transaction) -> datetime:
    """When it last changed, as far as it tells: its newest event, else when it was made."""
    times = (maybe_instant(event.timestamp, path="events.timestamp") for event in _events(given))
    return max([instant(given.timestamp, path="timestamp"), *filter(None, times)])


def order(given: schemas.Transaction, checkout: schemas.Checkout | None) -> Order:
    """One payment as an order."""
    placed_at, refunds = instant(given.timestamp, path="timestamp"), tuple(_refunds(given))
    here = given.payment_type in _AT_THE_TILL
    state = _state(given, refunds, here=here)
    done = Fulfilment(external_id=given.id, kind="in_store", state="completed", at=placed_at)
    made = Order(
        external_id=given.id,
        number=given.transaction_code,
        state=state,
        placed_at=placed_at,
        currency=given.currency,
        total=given.amount,
        tax_total=given.vat_amount,
        tax_included=True,
        lines=tuple(_line(number, product) for number, product in enumerate(given.products, start=1)),
        taxes=tuple(Tax(rate=tax.rate, amount=tax.vat) for tax in given.vat_rates),
        payments=(
            Payment(
                external_id=given.id,
                amount=Money(amount=given.amount, currency=given.currency),
                method=(given.payment_type or "").lower() or None,
                state=_paid_state(given),
                at=placed_at,
            ),
        ),
        refunds=refunds,
        fulfilments=(done,) if here and state in ("completed", "refunded") else (),
        cancelled_at=changed_at(given) if state == "cancelled" else None,
        custom=texts(
            [
                ("description", (checkout.description if checkout else None) or given.product_summary),
                ("checkout_reference", checkout.checkout_reference if checkout else None),
                ("foreign_transaction_id", given.foreign_transaction_id),
                ("entry_mode", given.entry_mode),
            ]
        ),
    )
    return with_charges(made, charge("Tip", given.tip_amount, "tip", external_id="tip")) if given.products else made


def untold_refund(given: schemas.Transaction) -> bool:
    """Given back, and no event says how much."""
    return given.status == "REFUNDED" and not any(_refunds(given))


def _events(given: schemas.Transaction) -> list[schemas.Event]:
    """Each event once; the detailed telling stands before the compact one."""
    return list({event.id: event for event in (*given.events, *given.transaction_events)}.values())


def _refunds(given: schemas.Transaction) -> Iterator[Refund]:
    for event in _events(given):
        if event.kind in _GIVEN_BACK:
            yield Refund(
                external_id=event.id,
                amount=Money(amount=abs(event.amount), currency=given.currency),
                reason=_GIVEN_BACK[event.kind],
                state=(event.status or "").lower() or None,
                at=maybe_instant(event.timestamp, path="events.timestamp"),
            )


def _state(given: schemas.Transaction, refunds: tuple[Refund, ...], *, here: bool) -> OrderState:
    if state := _STATES.get(given.status or ""):
        return state
    back = sum((one.amount.amount for one in refunds if is_given_back(one)), Decimal(0))
    if back >= given.amount > 0 or (given.status == "REFUNDED" and not refunds):
        return "refunded"
    return "completed" if here else "paid"


def _paid_state(given: schemas.Transaction) -> str:
    return {"SUCCESSFUL": "paid", "REFUNDED": "paid"}.get(given.status or "", (given.status or "paid").lower())


def _line(number: int, product: schemas.Product) -> OrderLine:
    each = product.price_with_vat if product.price_with_vat is not None else product.price
    total = product.total_with_vat if product.total_with_vat is not None else product.total_price
    if total is None and each is not None:
        total = each * product.quantity
    return OrderLine(
        external_id=str(number),
        product=ProductReference(name=clean(product.name)),
        quantity=product.quantity,
        unit_price=each,
        total=total,
        taxes=(Tax(rate=product.vat_rate, amount=product.vat_amount),) if product.vat_amount else (),
    )
