"""Amazon's orders to canonical orders and buyers. Pure.

Amazon gives no id of the buyer. What it shows in place of their e-mail (``marketplace.amazon.*``) and, in some
countries, of their phone (a number with an extension,
https://channelx.world/2019/05/amazon-customer-phone-number-anonymisation/) leads through Amazon and identifies nobody.
A company that is invoiced by Amazon Business buys through "Amazon Business EU SARL"
(https://sellercentral-europe.amazon.com/gp/help/external/68CSVHZ46WUP4AP): whoever gets the parcel is the buyer then.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal

from babel.numbers import get_territory_currencies

from hub.connectors.amazon import schemas
from hub.errors import SkipEvent
from hub.mapping import marketplace
from hub.mapping.marketplace import Party, home, party
from hub.mapping.name import fold
from hub.mapping.order import charge, with_charges, with_tax
from hub.mapping.time import instant, maybe_instant
from hub.model.event import CustomerEvent, Note, OrderEvent
from hub.model.order import Fulfilment, LineKind, Order, OrderLine, OrderState, ProductReference

RELAYS = "marketplace.amazon."
_EXTENSION = re.compile(r"ext|#|\bx\s*\d|;", re.IGNORECASE)
_RESELLER = fold("Amazon Business EU SARL")
_STATES: Mapping[str, OrderState] = {
    "UNSHIPPED": "paid",
    "PARTIALLY_SHIPPED": "paid",
    "SHIPPED": "completed",
    "CANCELLED": "cancelled",
    "UNFULFILLABLE": "failed",
}
_CHARGES: Mapping[str, LineKind] = {"GIFT_WRAP": "fee", "COD_FEE": "fee", "OTHER": "fee", "DELIVERY_TIP": "tip"}


def events(given: schemas.Order, region: str) -> list[CustomerEvent | OrderEvent | Note]:
    """The buyer, what the order's parts lack of its total, and the order. Raises SkipEvent for a sale elsewhere."""
    if given.channel.name == "NON_AMAZON":
        raise SkipEvent("sold elsewhere and only sent by Amazon: the shop tells it")
    parties = (_buyer(given.buyer), _recipient(given.recipient.address))
    changed = instant(given.changed, path="lastUpdatedTime")
    return marketplace.sold(_order(given), parties, None, changed=changed, region=region)


def _buyer(who: schemas.Buyer) -> Party:
    if fold(who.name or "") == _RESELLER:
        return Party({})
    return party({"full_name": who.name, "company": who.company, "email": who.email}, relays=RELAYS)


def _recipient(to: schemas.Address) -> Party:
    """Who gets the parcel; at a pickup point phone and company are the shop's that keeps it."""
    phone = None if _EXTENSION.search(to.phone or "") else to.phone
    told = party(
        {"full_name": to.name, "company": to.company, "phone": phone, "country": to.country}, home(to), relays=RELAYS
    )
    return replace(told, stranger=to.kind == "PICKUP_POINT")


def _order(given: schemas.Order) -> Order:
    total = given.proceeds.total
    of_order, of_items = _parts(given.proceeds), [(item, _parts(item.proceeds)) for item in given.items]
    shipping = [found["SHIPPING"] for _, found in of_items if "SHIPPING" in found]
    told = {"marketplace": given.channel.marketplace, "purchase_order": given.buyer.purchase_order}
    made = Order(
        external_id=given.id,
        number=next((alias.id for alias in given.aliases), given.id),
        state=_STATES.get(given.fulfilment.status or "", "open"),
        placed_at=instant(given.created, path="createdTime"),
        currency=total.currency if total else _currency(given.channel.marketplace_id),
        total=total.value if total else Decimal(0),
        tax_total=of_order.get("TAX"),
        shipping_total=sum(shipping, Decimal(0)) if shipping else None,
        lines=tuple(_line(item, found) for item, found in of_items),
        fulfilments=tuple(map(_fulfilment, given.packages)),
        tags=given.programs,
        custom={name: value for name, value in told.items() if value},
    )
    charges = [line for kind, of in _CHARGES.items() for line in charge(kind.lower(), of_order.get(kind), of)]
    return with_tax(with_charges(made, charges))


def _currency(marketplace_id: str | None) -> str:
    """That of the marketplace's country, for orders without an amount: pending ones, and cancelled ones."""
    country = schemas.COUNTRIES.get(marketplace_id or "")
    if country is None:
        raise SkipEvent("no amount, and no marketplace whose currency is known")
    return str(get_territory_currencies(country, date(2026, 1, 1))[0])


def _parts(proceeds: schemas.Proceeds) -> dict[str, Decimal]:
    """The proceeds by kind, with each discount taken off what it is on."""
    found = {part.kind: part.amount.value for part in proceeds.parts if part.kind != "DISCOUNT"}
    for part in (part for part in proceeds.parts if part.kind == "DISCOUNT"):
        on = [(one.kind or "ITEM", one.amount.value) for one in part.details if one.amount]
        for kind, amount in on or [("ITEM", part.amount.value)]:
            found[kind] = found.get(kind, Decimal(0)) - abs(amount)
    return found


def _line(item: schemas.Item, parts: Mapping[str, Decimal]) -> OrderLine:
    return OrderLine(
        external_id=item.id,
        product=ProductReference(external_id=item.product.asin, sku=item.product.sku, name=item.product.title),
        quantity=item.quantity,
        unit_price=item.product.price.unit.value if item.product.price.unit else None,
        total=parts.get("ITEM"),
    )


def _fulfilment(one: schemas.Package) -> Fulfilment:
    at = maybe_instant(one.sent, path="packages.shipTime")
    state = (one.status.status or "").lower() or None
    return Fulfilment(external_id=one.id, kind="shipping", state=state, tracking_number=one.tracking, at=at)
