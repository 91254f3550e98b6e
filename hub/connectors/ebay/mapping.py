"""eBay's orders to canonical orders and buyers. Pure.

A buyer's address at ``members.ebay.*`` is a relay: another one for each seller, it ends some time after the sale and
identifies nobody. The buyer is who eBay says by their user name, which is a record of its own.
"""

from __future__ import annotations

from collections.abc import Mapping

from hub.connectors.ebay import schemas
from hub.mapping.address import postal_address
from hub.mapping.buyer import completed, same_person, told_fields
from hub.mapping.contact import usable_email, usable_phone
from hub.mapping.custom import note
from hub.mapping.customer import CustomerFields, customer, guest_key, region_of
from hub.mapping.order import charge, unexplained
from hub.mapping.time import instant, maybe_instant
from hub.model.address import Address
from hub.model.customer import ChannelAccount
from hub.model.event import CustomerEvent, Note, OrderEvent
from hub.model.identifier import RecordKey
from hub.model.money import Money
from hub.model.order import Fulfilment, Order, OrderLine, OrderState, Payment, ProductReference, Refund

_RELAY = "members.ebay."
_PAYMENTS: Mapping[str, OrderState] = {
    "paid": "paid",
    "partially_refunded": "paid",
    "fully_refunded": "refunded",
    "failed": "failed",
    "pending": "open",
}


def events(given: schemas.Order, region: str) -> list[CustomerEvent | OrderEvent | Note]:
    """The buyer, what the order's parts lack of its total, and the order."""
    at = instant(given.changed, path="lastModifiedDate")
    who, made = buyer(given, region), order(given, region)
    told = OrderEvent(occurred_at=at, order=made, record=who.customer.key if who else None)
    return [*([who] if who else []), *unexplained(made), told]


def is_relay(address: str | None) -> bool:
    """Whether an address leads through eBay."""
    return (address or "").rpartition("@")[2].lower().startswith(_RELAY)


def buyer(given: schemas.Order, region: str) -> CustomerEvent | None:
    """Who bought, by their user name; without one (eBay blanks it some time after) by what the address tells."""
    name = given.buyer.username if given.buyer else None
    fields, theirs = _told(given)
    addresses = [_address(one.address) for one in theirs]
    if name:
        key = RecordKey(kind="buyer", external_id=name)
    elif fields.get("email") or fields.get("phone"):
        key = guest_key(fields, region=region, fallback=given.id)
    else:
        return None
    account = ChannelAccount(network="ebay", account_id=name, handle=name) if name else None
    known = customer(key, fields, region=region, addresses=addresses, accounts=[account] if account else [])
    return CustomerEvent(occurred_at=instant(given.created, path="creationDate"), customer=known)


def _told(given: schemas.Order) -> tuple[CustomerFields, list[schemas.Contact]]:
    """What is known of the buyer, and which of their registration and the parcel's address are theirs."""
    registered, to = given.buyer.registered if given.buyer else None, _to(given)
    fields = completed(_fields(registered), _fields(to)) if registered else _fields(to)
    return fields, [one for one in (registered, to) if one and same_person(fields, _fields(one))]


def order(given: schemas.Order, region: str) -> Order:
    """One order; what eBay collects as tax for the state is part of neither total nor lines."""
    pricing, to, (fields, _) = given.pricing, _to(given), _told(given)
    delivery = [one.value for one in (pricing.delivery, pricing.delivery_discount) if one]
    state, currency = _state(given), pricing.total.currency
    return Order(
        external_id=given.id,
        number=given.number or given.id,
        state=state,
        placed_at=instant(given.created, path="creationDate"),
        currency=currency,
        total=pricing.total.value,
        subtotal=pricing.subtotal.value if pricing.subtotal else None,
        discount_total=abs(pricing.discount.value) if pricing.discount else None,
        tax_total=pricing.tax.value if pricing.tax else None,
        shipping_total=sum(delivery[1:], delivery[0]) if delivery else None,
        lines=(
            *map(_line, given.lines),
            *charge("fee", pricing.fee.value if pricing.fee else None, "fee"),
            *charge("adjustment", pricing.adjustment.value if pricing.adjustment else None, "adjustment"),
        ),
        payments=tuple(
            found for number, one in enumerate(given.paid.payments) if (found := _payment(one, given, number))
        ),
        refunds=tuple(gone for number, back in enumerate(given.paid.refunds) if (gone := _refund(back, given, number))),
        fulfilments=(_fulfilment(given),) if given.fulfilment_status else (),
        shipping_address=_address(to.address) if to else None,
        contact_email=usable_email(next(iter(fields.get("email", ())), None)),
        contact_phone=usable_phone(fields.get("phone", ()), region_of(fields, (), region)),
        cancelled_at=maybe_instant(given.cancel.date, path="cancelStatus.cancelledDate")
        if state == "cancelled" and given.cancel
        else None,
        payment_due=(given.payment_status or "").lower() == "pending",
        note=note(given.note),
    )


def _state(given: schemas.Order) -> OrderState:
    if given.cancel and (given.cancel.state or "").upper() == "CANCELED":
        return "cancelled"
    state = _PAYMENTS.get((given.payment_status or "").lower(), "open")
    sent = (given.fulfilment_status or "").upper() == "FULFILLED"
    if sent and state in ("paid", "open"):
        return "completed" if state == "paid" else "fulfilled"
    return state


def _to(given: schemas.Order) -> schemas.Contact | None:
    return next((one.step.to for one in given.instructions if one.step and one.step.to), None)


def _fields(one: schemas.Contact | None) -> CustomerFields:
    if one is None:
        return {}
    return told_fields(
        {
            "full_name": one.name,
            "company": one.company,
            "phone": one.phone.number if one.phone else None,
            "email": None if is_relay(one.email) else one.email,
            "country": one.address.country if one.address else None,
        }
    )


def _address(one: schemas.Address | None) -> Address | None:
    if one is None:
        return None
    return postal_address(
        line1=one.line1,
        line2=one.line2,
        postal_code=one.postal_code,
        city=one.city,
        region=one.region,
        country_name=one.country,
    )


def _line(line: schemas.Line) -> OrderLine:
    total = line.discounted or line.cost
    return OrderLine(
        external_id=line.id,
        product=ProductReference(
            external_id=line.item,
            variant_id=line.variation if line.variation != "0" else None,
            sku=line.sku,
            name=line.title,
        ),
        quantity=line.quantity,
        unit_price=line.cost.value / line.quantity if line.cost and line.quantity else None,
        total=total.value if total else None,
    )


def _payment(one: schemas.Paid, given: schemas.Order, number: int) -> Payment | None:
    if one.amount is None:
        return None
    amount = Money(amount=one.amount.value, currency=one.amount.currency)
    at = maybe_instant(one.date, path="paymentDate")
    name = one.id or f"{given.id}:payment:{number}"
    return Payment(external_id=name, amount=amount, method=one.method, state=(one.status or "").lower() or None, at=at)


def _refund(one: schemas.Refunded, given: schemas.Order, number: int) -> Refund | None:
    if one.amount is None:
        return None
    amount = Money(amount=abs(one.amount.value), currency=one.amount.currency)
    at = maybe_instant(one.date, path="refundDate")
    name = one.id or one.reference or f"{given.id}:refund:{number}"
    return Refund(external_id=name, amount=amount, state=(one.status or "").lower() or None, at=at)


def _fulfilment(given: schemas.Order) -> Fulfilment:
    kind = next((one.kind for one in given.instructions if one.kind), "") or ""
    picked_up = "PICKUP" in kind.upper()
    state = (given.fulfilment_status or "").lower()
    return Fulfilment(external_id=given.id, kind="pickup" if picked_up else "shipping", state=state)
