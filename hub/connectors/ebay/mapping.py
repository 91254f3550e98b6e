"""eBay's orders to canonical orders and buyers. Pure.

A buyer's address at ``members.ebay.*`` is a relay: another one for each seller, it ends some time after the sale and
identifies nobody. The buyer is who eBay says by their user name, which is a record of its own.
"""

from __future__ import annotations

from collections.abc import Mapping

from hub.connectors.ebay import schemas
from hub.mapping import marketplace
from hub.mapping.custom import note
from hub.mapping.customer import CustomerField
from hub.mapping.marketplace import Party, home, party
from hub.mapping.order import charge
from hub.mapping.time import instant, maybe_instant
from hub.model.customer import ChannelAccount
from hub.model.event import CustomerEvent, Note, OrderEvent
from hub.model.money import Money
from hub.model.order import Fulfilment, Order, OrderLine, OrderState, Payment, ProductReference, Refund

RELAYS = "members.ebay."
_PAYMENTS: Mapping[str, OrderState] = {
    "paid": "paid",
    "partially_refunded": "paid",
    "fully_refunded": "refunded",
    "failed": "failed",
    "pending": "open",
}


def events(given: schemas.Order, region: str) -> list[CustomerEvent | OrderEvent | Note]:
    """The buyer by their user name (eBay blanks it some time after, then by what is told), and the order."""
    name = given.buyer.username if given.buyer else None
    account = ChannelAccount(network="ebay", account_id=name, handle=name) if name else None
    parties = (_party(given.buyer.registered if given.buyer else None), _party(_to(given)))
    changed = instant(given.changed, path="lastModifiedDate")
    return marketplace.sold(order(given), parties, account, changed=changed, region=region)


def order(given: schemas.Order) -> Order:
    """One order; what eBay collects as tax for the state is part of neither total nor lines."""
    pricing = given.pricing
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


def _party(one: schemas.Contact | None) -> Party | None:
    if one is None:
        return None
    where = one.address or schemas.Address()
    phone = one.phone.number if one.phone else None
    who: dict[CustomerField, str | None] = {"full_name": one.name, "company": one.company, "email": one.email}
    return party({**who, "phone": phone, "country": where.country}, home(where), relays=RELAYS)


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
