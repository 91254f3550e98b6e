"""Kaufland's orders and tickets to canonical ones. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from hub.connectors.kaufland import schemas
from hub.errors import PayloadError
from hub.mapping import marketplace
from hub.mapping.custom import texts
from hub.mapping.marketplace import Party, home, party
from hub.mapping.ticket import Person, Reply, Ticket
from hub.mapping.time import instant
from hub.model.case import CaseState
from hub.model.customer import ChannelAccount
from hub.model.event import CustomerEvent, Note, OrderEvent
from hub.model.money import Money
from hub.model.order import Order, OrderLine, OrderState, ProductReference, Refund

RELAYS = "notification.kaufland."
_STATES: Sequence[tuple[frozenset[str], OrderState]] = (
    (frozenset({"open"}), "open"),
    (frozenset({"need_to_be_sent"}), "paid"),
    (frozenset({"sent", "sent_and_autopaid", "received"}), "completed"),
    (frozenset({"returned", "returned_paid"}), "refunded"),
)
"""The first of which a unit is in says how far the order is; cancelled units say nothing while there are others."""
_TICKETS: Mapping[str, CaseState] = {
    "buyer_closed": "solved",
    "seller_closed": "solved",
    "both_closed": "closed",
    "customer_service_closed_final": "closed",
}


def events(given: schemas.Order, region: str) -> list[CustomerEvent | OrderEvent | Note]:
    """The buyer by their number, and the order. Raises PayloadError without units."""
    if not given.units:
        raise PayloadError("missing", path="data.order_units")
    buyer = given.buyer
    account = ChannelAccount(network="kaufland", account_id=buyer.id) if buyer else None
    parties = (
        party({"email": buyer.email if buyer else None}, relays=RELAYS),
        _party(given.billing),
        _party(given.shipping),
    )
    changed = max(instant(unit.changed, path="order_units.ts_updated_iso") for unit in given.units)
    return marketplace.sold(_order(given), parties, account, changed=changed, region=region)


def _party(one: schemas.Address | None) -> Party | None:
    if one is None:
        return None
    name = " ".join(filter(None, (one.first_name, one.last_name)))
    return party({"full_name": name, "company": one.company, "phone": one.phone, "country": one.country}, home(one))


def _order(given: schemas.Order) -> Order:
    """What its units make of it: Kaufland tells no total."""
    kept = [unit for unit in given.units if unit.status != "cancelled"]
    units = kept or given.units
    goods, shipping = _cents(unit.price for unit in units), _cents(unit.shipping for unit in units)
    unknown: OrderState = "open" if kept else "cancelled"
    state = next((state for some, state in _STATES if any(unit.status in some for unit in kept)), unknown)
    return Order(
        external_id=given.id,
        number=given.id,
        state=state,
        placed_at=instant(given.created, path="ts_created_iso"),
        currency=units[0].currency,
        total=goods + shipping,
        tax_included=True,
        shipping_total=shipping,
        lines=tuple(map(_line, units)),
        refunds=tuple(_refund(unit) for unit in units if unit.status == "returned_paid"),
        custom=texts([("storefront", given.storefront)]),
    )


def _cents(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, Decimal(0)) / 100


def _line(unit: schemas.Unit) -> OrderLine:
    product = ProductReference(external_id=unit.product.id, sku=unit.offer, name=unit.product.title)
    return OrderLine(
        external_id=unit.id, product=product, quantity=1, unit_price=unit.price / 100, total=unit.price / 100
    )


def _refund(unit: schemas.Unit) -> Refund:
    at = instant(unit.changed, path="order_units.ts_updated_iso")
    return Refund(external_id=unit.id, amount=Money(amount=unit.price / 100, currency=unit.currency), at=at)


def ticket(given: schemas.Ticket) -> Ticket:
    """The ticket, in the record of the buyer whose orders there are; of the system's own words none is a buyer's."""
    who = given.buyer.id if given.buyer else given.buyer_id
    told = party({"email": given.buyer.email if given.buyer else None}, relays=RELAYS)
    asks = Person(who, told.fields, kind="buyer") if who else None
    subject = (given.topic or given.reason or "").replace("_", " ")
    return Ticket(
        id=given.id,
        at=instant(given.changed, path="ts_updated_iso"),
        opened_at=instant(given.created, path="ts_created_iso"),
        state=_TICKETS.get(given.status or "", "open"),
        requester=asks,
        number=given.id,
        subject=subject or None,
        tags=tuple(dict.fromkeys(filter(None, (given.reason, given.topic)))),
        custom=texts([("order_units", given.units)]),
        replies=tuple(_reply(one, asks) for one in given.messages),
    )


def _reply(one: schemas.Message, asks: Person | None) -> Reply:
    theirs = one.author.role == "buyer"
    at = instant(one.created, path="messages.ts_created_iso")
    return Reply(id=one.id, at=at, text=one.text, author=asks if theirs else None, staff=not theirs)
