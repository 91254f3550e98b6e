"""Etsy's receipts to canonical orders and buyers, and its reviews. Pure.

Etsy tells a buyer's number, and their e-mail to few apps. Name and address are the recipient's: of a present, they are
somebody else's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from hub.connectors.etsy import schemas
from hub.mapping import marketplace
from hub.mapping.custom import note, texts
from hub.mapping.marketplace import Party, home, party
from hub.mapping.order import charge, with_charges, with_tax
from hub.mapping.review import review_events
from hub.mapping.time import instant, maybe_instant
from hub.model.customer import ChannelAccount
from hub.model.event import CustomerEvent, FeedbackEvent, Note, OrderEvent
from hub.model.identifier import RecordKey
from hub.model.money import Money
from hub.model.order import Fulfilment, Order, OrderLine, OrderState, ProductReference, Refund

_STATES: Mapping[str, OrderState] = {
    "paid": "paid",
    "completed": "completed",
    "canceled": "cancelled",
    "fully refunded": "refunded",
    "partially refunded": "paid",
}


def events(given: schemas.Receipt, region: str) -> list[CustomerEvent | OrderEvent | Note]:
    """The buyer by their number, what the order's parts lack of its total, and the order.

    A refund does not change the receipt's own time: https://github.com/etsy/open-api/issues/513.
    """
    account = ChannelAccount(network="etsy", account_id=given.buyer) if given.buyer else None
    parties = (party({"email": given.email}), _recipient(given))
    later = (*(one.created for one in given.refunds), *(one.sent for one in given.shipments))
    changed = max(instant(one, path="updated_timestamp") for one in (given.updated, *filter(None, later)))
    return marketplace.sold(_order(given), parties, account, changed=changed, region=region)


def review(given: schemas.Review, region: str) -> list[CustomerEvent | FeedbackEvent]:
    """A review; its author is the record of the buyer, where they do not hide."""
    record = RecordKey(kind="buyer", external_id=given.buyer) if given.buyer else None
    at = instant(given.updated or given.created, path="updated_timestamp")
    return review_events(
        given.id, at, product_id=given.listing, region=region, rating=given.rating, text=given.text, record=record
    )


def _recipient(given: schemas.Receipt) -> Party:
    return replace(party({"full_name": given.name, "country": given.country}, home(given)), stranger=given.gift)


def _order(given: schemas.Receipt) -> Order:
    status, tax = (given.status or "").lower(), given.tax.value + given.vat.value
    made = Order(
        external_id=given.id,
        number=given.id,
        state="completed" if status == "partially refunded" and given.shipped else _STATES.get(status, "open"),
        placed_at=instant(given.created, path="created_timestamp"),
        currency=given.total.currency,
        total=given.total.value,
        tax_total=tax or None,
        shipping_total=given.shipping.value,
        lines=tuple(map(_line, given.lines)),
        refunds=tuple(_refund(one, given.id, number) for number, one in enumerate(given.refunds)),
        fulfilments=tuple(_fulfilment(one, given.id, number) for number, one in enumerate(given.shipments)),
        payment_due=not given.paid if given.paid is not None else None,
        note=note(given.note),
        custom=texts([("payment_method", given.method)]),
    )
    # Which line a coupon took off is told nowhere (https://github.com/etsy/open-api/issues/475).
    less = charge("discount", -given.discount.value, "adjustment")
    return with_tax(with_charges(made, less, charge("gift wrap", given.wrap.value, "fee")))


def _line(line: schemas.Line) -> OrderLine:
    return OrderLine(
        external_id=line.id,
        product=ProductReference(external_id=line.listing, variant_id=line.product, sku=line.sku, name=line.title),
        quantity=line.quantity,
        unit_price=line.price.value,
        total=line.price.value * line.quantity,
        custom=texts((one.name, one.value) for one in line.variations),
    )


def _refund(one: schemas.Refunded, receipt: str, number: int) -> Refund:
    return Refund(
        external_id=f"{receipt}:refund:{one.created or number}",
        amount=Money(amount=abs(one.amount.value), currency=one.amount.currency),
        reason=one.reason,
        state=one.status,
        at=maybe_instant(one.created, path="refunds.created_timestamp"),
    )


def _fulfilment(one: schemas.Shipment, receipt: str, number: int) -> Fulfilment:
    at = maybe_instant(one.sent, path="shipments.shipment_notification_timestamp")
    name = one.id or f"{receipt}:shipment:{number}"
    return Fulfilment(external_id=name, kind="shipping", state="sent", tracking_number=one.tracking, at=at)
