"""recommend: what is known of products by how they are bought, made by every fit, and what to offer one person."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from hub.insight import habits
from hub.insight.customers import date_of, day_of
from hub.insight.habits import Habit, Need, Step
from hub.insight.recommend import POPULAR, Neighbour, Offer, neighbours, offers
from hub.store import products, profiles, touches
from hub.store.database import Database, Session
from hub.store.text import or_else
from hub.store.touches import BoughtRow, PairRow, ProductRow, StepRow

PAGE = 5_000
ORDERS = 200
"""Newest orders of one record that are looked at."""

SOON = 14
"""Days before an item is due again in which it is offered."""

IN_CART = 7
"""Days for which what lies in an open cart is not offered."""

NEXT = 3
_LONGEST = 200
_UNDONE = ("refused", "cancelled")
"""States of a return after which the goods stay where they are."""


@dataclass(frozen=True, slots=True)
class Line:
    """Goods of an order; ``unit`` is what one cost, None where nobody tells. ``names`` are all that it is called."""

    item: str
    unit: float | None
    names: tuple[str, ...]


# -- what is known of products -----------------------------------------------------------------------------------------


def pair_up(database: Database) -> int:
    """Find what is bought by the same people, again, and next; gives how many pairs."""
    days: defaultdict[UUID, defaultdict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    paid: defaultdict[str, defaultdict[str, list[float]]] = defaultdict(lambda: defaultdict(lambda: [0.0, 0.0]))
    categories: dict[str, str] = {}
    with database.session() as session:
        catalogue = _catalogue(session)
    after: UUID | None = None
    while True:
        with database.session() as session:
            rows = touches.order_lines(session, after, PAGE)
        for row in rows:
            for line in lines(or_else(row.payload, {})):
                days[row.profile_id][line.item].append(day_of(row.at))
                if line.unit is not None and row.currency:
                    known = paid[line.item][row.currency]
                    known[0], known[1] = known[0] + line.unit, known[1] + 1
                if line.item not in categories:
                    names = ((row.connection, name) for name in line.names)
                    if found := next((catalogue[each] for each in names if each in catalogue), None):
                        categories[line.item] = found
        if len(rows) < PAGE:
            break
        after = rows[-1].order
    nearest = neighbours({item: len(each) for item, each in one.items()} for one in days.values())
    prices = {item: _price(each) for item, each in paid.items()}
    pairs = [
        PairRow(item, place, one.other, one.score, one.both, one.bought)
        for item, each in sorted(nearest.items())
        for place, one in enumerate(each)
    ]
    with database.session() as session:
        touches.replace_pairs(session, pairs)
        touches.replace_products(
            session,
            [
                ProductRow(item, categories.get(item), price, currency, float(one.gap_days), one.again, one.bought)
                for item, one in sorted(habits.habits(days.values()).items())
                for price, currency in [prices.get(item, (None, None))]
            ],
            [
                StepRow(item, place, step.other, step.moved, step.owners)
                for item, each in sorted(habits.dearer(days.values(), prices, categories).items())
                for place, step in enumerate(each)
            ],
        )
    return len(pairs)


def _price(paid: Mapping[str, Sequence[float]]) -> tuple[float, str]:
    """What one costs on the mean, in the currency it is bought in most."""
    currency = min(paid, key=lambda one: (-paid[one][1], one))
    return round(paid[currency][0] / paid[currency][1], 2), currency


def _catalogue(session: Session) -> dict[tuple[str, str], str]:
    """Categories, the most particular one, by the connection and whatever a product is called there."""
    found: dict[tuple[str, str], str] = {}
    after: UUID | None = None
    while True:
        rows = products.page(session, connection=None, after=after, limit=PAGE)
        for row in rows:
            told = or_else(row.payload, {})
            category = next((str(one) for one in told.get("categories") or () if one), None)
            if category is None:
                continue
            variants = (one for one in told.get("variants") or () if isinstance(one, dict))
            names = [told.get("external_id"), told.get("sku"), told.get("name"), *(one.get("sku") for one in variants)]
            found |= {(row.connection, str(name)): category[:_LONGEST] for name in names if name}
        if len(rows) < PAGE:
            return found
        after = rows[-1].id


def lines(order: Any) -> Iterator[Line]:
    """The goods of an order, as it is stored; what is a fee, or has a quantity of nothing, is none."""
    told = order.get("lines", ()) if isinstance(order, dict) else ()
    for line in told if isinstance(told, list) else ():
        if not isinstance(line, dict) or line.get("kind", "product") != "product":
            continue
        names = _names(line)
        quantity = _number(line.get("quantity", 1))
        if names and quantity is not None and quantity > 0:
            unit, total = _number(line.get("unit_price")), _number(line.get("total"))
            price = unit if unit is not None else None if total is None else total / quantity
            yield Line(names[0], float(price) if price is not None and price > 0 else None, names)


def _names(line: Mapping[str, Any]) -> tuple[str, ...]:
    product = line.get("product") or {}
    told = (product.get("name"), product.get("sku"), product.get("external_id")) if isinstance(product, dict) else ()
    return tuple(" ".join(str(name).split())[:_LONGEST] for name in told if name)


def _number(value: Any) -> Decimal | None:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def items(order: Any) -> Iterator[str]:
    """The names of the goods of an order."""
    return (line.item for line in lines(order))


# -- one person --------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Goods:
    """Of one person: what was bought and kept, on which days, what went back, and what lies in a cart since when."""

    days: dict[str, list[int]] = field(default_factory=dict)
    back: set[str] = field(default_factory=set)
    carts: dict[str, int] = field(default_factory=dict)


def goods(rows: Iterable[BoughtRow]) -> dict[UUID, Goods]:
    """By person. What went back is no taste of theirs: neither owned nor to be offered."""
    found: defaultdict[UUID, Goods] = defaultdict(Goods)
    for row in rows:
        told = or_else(row.payload, {})
        mine = found[row.profile_id]
        if row.kind == "case":
            if isinstance(told, dict) and told.get("kind") == "return" and told.get("state") not in _UNDONE:
                mine.back |= {name for line in told.get("lines") or () for name in _names(line)[:1]}
        elif row.kind == "cart":
            if isinstance(told, dict) and not told.get("completed_at"):
                mine.carts |= dict.fromkeys(items(told), day_of(row.at))
        elif row.back:
            mine.back |= set(items(told))
        else:
            for item in items(told):
                mine.days.setdefault(item, []).append(day_of(row.at))
    return dict(found)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of products: neighbours, what comes next and dearer, and when an item is bought again."""

    nearest: Mapping[str, Sequence[Neighbour]]
    steps: Mapping[str, Sequence[Step]] = field(default_factory=dict)
    habits: Mapping[str, Habit] = field(default_factory=dict)


def everything(session: Session) -> Known:
    """All that is known of products."""
    return Known(
        _by_item(touches.every_pair(session)), _steps(touches.steps(session)), _habits(touches.habits(session))
    )


def _of(session: Session, wanted: Collection[str]) -> Known:
    asked = sorted(wanted)
    return Known(
        _by_item(touches.pairs_of(session, [*asked, POPULAR])),
        _steps(touches.steps(session, asked)),
        _habits(touches.habits(session, asked)),
    )


def recommended(session: Session, profile_id: UUID, limit: int) -> list[Offer] | None:
    """What to offer one person; None when there is no such profile. Retired ids are followed.

    First what they will need again by now, then a dearer one of what they have, then what people like them bought:
    of the last two nothing they own, and nothing at all that they gave back or have in their cart.
    """
    row = profiles.get(session, profile_id)
    if row is None:
        return None
    if row.golden.get("suppressed"):
        return []
    mine = goods(touches.bought(session, [row.id], ORDERS)).get(row.id, Goods())
    known = _of(session, set(mine.days))
    today = day_of(session.now())
    # What lies in their cart is chosen already (aws-samples/retail-demo-store#11).
    never = mine.back | {item for item, day in mine.carts.items() if today - day <= IN_CART}
    told = [_again(one, today) for one in habits.needs(mine.days, known.habits, today, never=never)]
    found = [one for one in told if one is not None]
    if up := habits.up_sell(mine.days, known.steps, never=never):
        found.append(_up(*up))
    there = {one.item for one in found}
    cross = offers(set(mine.days), known.nearest, limit=limit, never=never | there)
    return [*found, *cross][:limit]


def _again(need: Need, today: int) -> Offer | None:
    if need.due > today + SOON:
        return None
    times = f"{need.times} times" if need.times > 1 else "once"
    why = f"bought {times}; usually again after {need.gap_days:g} days, due on {date_of(need.due)}"
    return Offer(need.item, 0.0, need.item, why, "again")


def _up(item: str, because: str, step: Step) -> Offer:
    why = f"{step.moved} of {step.owners} who bought {because} bought it later, dearer and of the same category"
    return Offer(item, step.moved / step.owners, because, why, "up")


def next_products(
    session: Session, ids: Sequence[UUID], known: Known, now: datetime | None = None
) -> dict[UUID, dict[str, Any]]:
    """The traits of what to offer each of these people; who bought nothing is left out."""
    if not known.nearest and not known.habits:
        return {}
    return _offered(goods(touches.bought(session, ids, ORDERS)), known, day_of(now or session.now()))


def renewed(session: Session, ids: Sequence[UUID], now: datetime) -> dict[UUID, dict[str, Any]]:
    """``next_products`` of a few people, by what is known of what they bought alone."""
    mine = goods(touches.bought(session, ids, ORDERS))
    wanted = {item for one in mine.values() for item in one.days}
    return _offered(mine, _of(session, wanted), day_of(now)) if wanted else {}


def _offered(mine: Mapping[UUID, Goods], known: Known, today: int) -> dict[UUID, dict[str, Any]]:
    found: dict[UUID, dict[str, Any]] = {}
    for one, each in mine.items():
        told: dict[str, Any] = {}
        if nearest := [
            offer.item for offer in offers(set(each.days), known.nearest, limit=NEXT, never=each.back) if offer.because
        ]:
            told["next_products"] = nearest
        if up := habits.up_sell(each.days, known.steps, never=each.back):
            told["up_sell"] = up[0]
        if needed := habits.needs(each.days, known.habits, today, never=each.back):
            told |= {"replenish_product": needed[0].item, "replenish_on": date_of(needed[0].due).isoformat()}
        if each.days:
            found[one] = told
    return found


def _steps(rows: Iterable[StepRow]) -> dict[str, list[Step]]:
    found: defaultdict[str, list[Step]] = defaultdict(list)
    for row in rows:
        found[row.item].append(Step(row.other, row.moved, row.owners))
    return found


def _habits(rows: Iterable[ProductRow]) -> dict[str, Habit]:
    return {row.item: Habit(row.gap_days, row.again, row.bought) for row in rows}


def _by_item(rows: Iterable[PairRow]) -> dict[str, list[Neighbour]]:
    found: defaultdict[str, list[Neighbour]] = defaultdict(list)
    for row in rows:
        found[row.item].append(Neighbour(row.other, row.score, row.both, row.bought))
    return found
