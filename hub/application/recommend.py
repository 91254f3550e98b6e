"""recommend: pairs of products made by every run, and what to offer one person."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from hub.insight.recommend import POPULAR, Neighbour, Offer, neighbours, offers
from hub.store import profiles, touches
from hub.store.database import Database, Session
from hub.store.text import or_else
from hub.store.touches import PairRow

PAGE = 5_000
ORDERS = 200
"""Newest orders of one person that are looked at."""

_LONGEST = 200


def pair_up(database: Database) -> int:
    """Find what is bought by the same people, and store it; gives how many pairs."""
    baskets: defaultdict[UUID, Counter[str]] = defaultdict(Counter)
    after: UUID | None = None
    while True:
        with database.session() as session:
            rows = touches.order_lines(session, after, PAGE)
        for _, profile, payload in rows:
            baskets[profile].update(items(or_else(payload, {})))
        if len(rows) < PAGE:
            break
        after = rows[-1][0]
    found = neighbours(baskets.values())
    pairs = [
        PairRow(item, place, one.other, one.score, one.both, one.bought)
        for item, nearest in sorted(found.items())
        for place, one in enumerate(nearest)
    ]
    with database.session() as session:
        touches.replace_pairs(session, pairs)
    return len(pairs)


def items(order: Any) -> Iterator[str]:
    """The names of the goods of an order, as it is stored; what is a fee, or has a quantity of nothing, is none."""
    lines = order.get("lines", ()) if isinstance(order, dict) else ()
    for line in lines if isinstance(lines, list) else ():
        if not isinstance(line, dict) or line.get("kind", "product") != "product":
            continue
        product = line.get("product") or {}
        name = product.get("name") or product.get("sku") or product.get("external_id")
        try:
            bought = Decimal(str(line.get("quantity", 1))) > 0
        except InvalidOperation:
            bought = False
        if name and bought:
            yield " ".join(str(name).split())[:_LONGEST]


def recommended(session: Session, profile_id: UUID, limit: int) -> list[Offer] | None:
    """What to offer one person next; None when there is no such profile. Retired ids are followed.

    Nothing that was bought, and nothing of an order that went back in full, which no such order is read of.
    """
    row = profiles.get(session, profile_id)
    if row is None:
        return None
    if row.golden.get("suppressed"):
        return []
    owned = {item for payload in touches.payloads_of(session, row.id, ORDERS) for item in items(or_else(payload, {}))}
    return offers(owned, _nearest(session, [*owned, POPULAR]), limit=limit)


NEXT = 3


def every_nearest(session: Session) -> dict[str, list[Neighbour]]:
    """All pairs there are."""
    return _by_item(touches.every_pair(session))


def next_products(
    session: Session, ids: Sequence[UUID], nearest: Mapping[str, Sequence[Neighbour]]
) -> dict[UUID, list[str]]:
    """The products to offer each of these people next; who bought nothing is left out."""
    owned: defaultdict[UUID, set[str]] = defaultdict(set)
    for profile, payload in touches.payloads_of_all(session, ids) if nearest else ():
        owned[profile].update(items(or_else(payload, {})))
    return {
        one: [offer.item for offer in offers(goods, nearest, limit=NEXT) if offer.because]
        for one, goods in owned.items()
    }


def renewed(session: Session, ids: Sequence[UUID]) -> dict[UUID, list[str]]:
    """``next_products`` of a few people, by the pairs of what they bought alone."""
    bought = [(profile, set(items(or_else(payload, {})))) for profile, payload in touches.payloads_of_all(session, ids)]
    wanted = {item for _, goods in bought for item in goods}
    return next_products(session, ids, _nearest(session, sorted(wanted))) if wanted else {}


def _nearest(session: Session, wanted: Sequence[str]) -> dict[str, list[Neighbour]]:
    return _by_item(touches.pairs_of(session, wanted))


def _by_item(rows: Iterable[PairRow]) -> dict[str, list[Neighbour]]:
    found: defaultdict[str, list[Neighbour]] = defaultdict(list)
    for row in rows:
        found[row.item].append(Neighbour(row.other, row.score, row.both, row.bought))
    return found
