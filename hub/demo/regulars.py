"""Regular customers of the demo's shop: without a past, nobody is loyal, at risk or won back.

Their orders came in the year and a half before the story begins. Deterministic but for the day it begins on.
"""

from __future__ import annotations

from datetime import timedelta

from hub.demo import shelf, words
from hub.demo.ordinary import CROWD
from hub.demo.payloads import Who, shopify
from hub.demo.roles import HOUSEHOLDS, MAX_SCALE, Anchor, Cast, Person

REGULARS = 24
"""Of one copy of the cast: as many as the report needs before it tells a rhythm."""

_PASTS = (
    (12, 41, 80, 118, 160, 205, 250),
    (20, 66, 101, 149, 190, 233),
    (75, 118),
    (290, 330, 365, 410),
    (9, 340, 395, 436),
    (430, 466),
)
"""Days before the story on which each kind ordered: often and lately, twice, long ago, back again, gone."""


def regular(all_: Cast, index: int) -> None:
    """One customer with an account and the orders of the past."""
    n = 4_000_000 + index * 100
    number = MAX_SCALE * (HOUSEHOLDS + CROWD) + index
    first, last = words.name(number)
    street, postal_code, city = words.home(number)
    who = all_.tell(
        Who(first, last, words.email(first, last, index), street=street, postal_code=postal_code, city=city)
    )
    past = _PASTS[index % len(_PASTS)]
    for place, days in enumerate(past):
        at = all_.after(index) - timedelta(days=days)
        bought = shopify.order(
            n + place,
            who,
            at,
            account=n,
            goods=(shelf.GOODS[(index + place) % len(shelf.GOODS)],),
            accepts_marketing=index % 3 != 2,
        )
        all_.opening.append(shopify.delivery("orders/create", bought, at))
    anchor = Anchor("shop-de", "customer", shopify.customer_id(n))
    all_.people.append(Person(who.name, (anchor,), frozenset({who.email}), orders=len(past)))
