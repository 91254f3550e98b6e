"""OTTO's orders to canonical orders and buyers. Pure.

OTTO gives no id of the buyer. The e-mail of whoever pays is a pseudonym
(https://otrs.magnalister.com/otrs/public.pl?Action=PublicFAQZoom;ItemID=1728); the one at the parcel's address is real,
and is told where a carrier has to call.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from hub.connectors.otto import schemas
from hub.errors import PayloadError
from hub.mapping import marketplace
from hub.mapping.custom import texts
from hub.mapping.marketplace import Party, home, party
from hub.mapping.order import charge
from hub.mapping.time import instant, maybe_instant
from hub.model.event import CustomerEvent, Note, OrderEvent
from hub.model.money import Money
from hub.model.order import Fulfilment, Order, OrderLine, OrderState, ProductReference, Refund

RELAYS = "customer.otto."
_STATES: Sequence[tuple[str, OrderState]] = (
    ("ANNOUNCED", "open"),
    ("PROCESSABLE", "paid"),
    ("SENT", "completed"),
    ("RETURNED", "refunded"),
)
"""The first that an item is in says how far the order is; cancelled items say nothing while there are others."""


def events(given: schemas.Order, region: str) -> list[CustomerEvent | OrderEvent | Note]:
    """Whoever bought, and the order. Raises PayloadError without items."""
    if not given.items:
        raise PayloadError("missing", path="positionItems")
    changed = instant(given.changed or given.placed, path="lastModifiedDate")
    parties = (_party(given.invoice, None), _party(given.delivery, given.delivery.email if given.delivery else None))
    return marketplace.sold(_order(given), parties, None, changed=changed, region=region)


def _party(one: schemas.Address | None, email: str | None) -> Party | None:
    if one is None:
        return None
    name = " ".join(filter(None, (one.first_name, one.last_name)))
    return party(
        {"full_name": name, "email": email, "phone": one.phone, "country": one.country}, home(one), relays=RELAYS
    )


def _order(given: schemas.Order) -> Order:
    """What its items make of it: OTTO tells no total."""
    kept = [item for item in given.items if not item.status.startswith("CANCELLED")]
    items = kept or given.items
    shipping = _sum(fee.amount for fee in given.fees)
    told_by_item = any(item.reduced for item in given.items)
    less = (
        ()
        if told_by_item
        else [charge(one.name or "discount", -one.amount.value, "adjustment") for one in given.discounts]
    )
    lines = (*map(_line, items), *(line for lines in less for line in lines))
    statuses = {item.status for item in kept}
    return Order(
        external_id=given.id,
        number=given.number or given.id,
        state=next((state for status, state in _STATES if status in statuses), "open" if kept else "cancelled"),
        placed_at=instant(given.placed, path="orderDate"),
        currency=items[0].gross.currency,
        total=sum((line.total for line in lines if line.total), shipping),
        tax_included=True,
        shipping_total=shipping,
        lines=lines,
        refunds=tuple(_refund(item) for item in kept if item.status == "RETURNED"),
        fulfilments=tuple(_fulfilment(item) for item in kept if item.sent),
        custom=texts([("payment_method", given.payment.method), ("suspected_fraud", given.fraud or None)]),
    )


def _sum(amounts: Iterable[schemas.Amount]) -> Decimal:
    return sum((one.value for one in amounts), Decimal(0))


def _line(item: schemas.Item) -> OrderLine:
    product = item.product
    return OrderLine(
        external_id=item.id,
        product=ProductReference(external_id=product.article, sku=product.sku, name=product.title),
        quantity=Decimal(1),
        unit_price=item.gross.value,
        total=item.price.value,
        custom=texts((one.name, one.value) for one in product.dimensions),
    )


def _refund(item: schemas.Item) -> Refund:
    amount = Money(amount=item.price.value, currency=item.price.currency)
    return Refund(
        external_id=item.id, amount=amount, at=maybe_instant(item.returned, path="positionItems.returnedDate")
    )


def _fulfilment(item: schemas.Item) -> Fulfilment:
    at = maybe_instant(item.sent, path="positionItems.sentDate")
    return Fulfilment(external_id=item.id, kind="shipping", state="sent", tracking_number=item.tracking.number, at=at)
