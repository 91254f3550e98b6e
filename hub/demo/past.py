"""Two years of ordinary customers, as a larger ``--scale`` of the demo has: they come once, again, or stay away.

Deterministic: a person's history follows from their number, and from the day on which the story begins.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from hub.demo import shelf, words
from hub.demo.payloads import Good, Who, mailchimp, shopify, shopify_catalogue, square, web, woocommerce
from hub.demo.roles import HOUSEHOLDS, MAX_SCALE, Anchor, Cast, Person

PEOPLE = 40
"""Customers with a past for each copy of the cast."""

PROSPECTS = 6
"""People for each copy who look around, or read the newsletter, and have not bought."""

DAYS = 730
_MOST = 40
"""Orders of one person at most."""

_FIRST = MAX_SCALE * HOUSEHOLDS + 1_300
"""Number of the first name of theirs, beyond those of the crowd."""

_NUMBERS = 2_000_000
_RHYTHMS = (("once", 0.0, 1.0), ("at times", 80.0, 0.22), ("often", 26.0, 0.05))
"""Name, mean days between orders, and the chance to stay away for good after each."""


@dataclass(frozen=True, slots=True)
class Came:
    """How somebody came to a shop's page: as a link, as WooCommerce tells it, and what led there."""

    query: str = ""
    attribution: tuple[tuple[str, str], ...] = (("source_type", "typein"),)
    referrer: str = ""


def _campaign(source: str, medium: str, name: str, more: str = "") -> Came:
    told = (("source_type", "utm"), ("utm_source", source), ("utm_medium", medium), ("utm_campaign", name))
    return Came(f"?utm_source={source}&utm_medium={medium}&utm_campaign={name}{more}", told)


DIRECT = Came()
SEARCH = Came("", (("source_type", "organic"), ("utm_source", "google")), "https://www.google.com/")
NEWSLETTER = _campaign("newsletter", "email", "monatsbrief")
ADS = _campaign("google", "cpc", "marke", "&gclid=demo")
PHOTOS = _campaign("instagram", "social", "hafenbilder")
_WAYS = (DIRECT, SEARCH, ADS, PHOTOS)


def person(all_: Cast, index: int) -> None:
    """The ``index``-th customer: orders of up to two years, in one shop or in several, and what led to them."""
    chance = Random(f"past {index}")  # noqa: S311 - the same past every time
    n, who = _who(all_, index)
    days = _order_days(chance, all_.begins)
    reads = chance.random() < 0.45
    home = ("shop-de", "shop-at", "till")[index % 3]
    taste, earlier = chance.choice(shelf.TASTES), list[Good]()
    anchors: dict[str, Anchor] = {}
    messages: list[web.Json] = []
    for place, at in enumerate(days):
        where = home if chance.random() < 0.85 else chance.choice(("shop-de", "shop-at", "till"))
        bought = shelf.basket(taste, earlier, chance)
        came = chance.choice((NEWSLETTER, *_WAYS) if reads else _WAYS)
        if where not in anchors:
            anchors[where] = _account(all_, where, n, who, at)
        _order(all_, where, n, n * 100 + place, who, at, bought, came)
        if where != "till" and index % 5 != 4:
            messages += _visits(n, at, bought[0], came, chance)
        earlier += bought
    if reads:
        all_.opening.append(mailchimp.subscribe(who, days[0] + timedelta(days=1)))
        anchors["newsletter"] = Anchor("newsletter", "subscriber", mailchimp.subscriber_id(who.email))
    if messages and chance.random() < 0.12:
        messages += _left_cart(n, all_.begins - timedelta(days=chance.uniform(0.5, 40)), chance)
    if messages:
        all_.opening.append(web.batch([web.identify(n, who, days[0]), *messages]))
        anchors["web"] = Anchor("web", "user", web.user_id(n))
    all_.people.append(Person(who.name, tuple(anchors.values()), frozenset({who.email}), orders=len(days)))


def prospect(all_: Cast, index: int) -> None:
    """Somebody who signed up for the newsletter and looked around, some as far as the checkout."""
    chance = Random(f"prospect {index}")  # noqa: S311
    n, who = _who(all_, PEOPLE * MAX_SCALE + index)
    at = all_.begins - timedelta(days=chance.uniform(0.2, 120))
    way = chance.choice(_WAYS)
    messages = [web.identify(n, who, at), web.page(n, at, f"/{way.query}", referrer=way.referrer)]
    if index % 3 == 0:
        messages += _left_cart(n, at + timedelta(hours=2), chance)
    all_.opening += [mailchimp.subscribe(who, at), web.batch(messages)]
    anchors = (
        Anchor("newsletter", "subscriber", mailchimp.subscriber_id(who.email)),
        Anchor("web", "user", web.user_id(n)),
    )
    all_.people.append(Person(who.name, anchors, frozenset({who.email})))


def catalogue(all_: Cast) -> None:
    """What the shop sells, as it tells of it once."""
    at = all_.begins - timedelta(days=DAYS)
    all_.opening += [shopify.delivery("products/create", shopify_catalogue.product(one, at), at) for one in shelf.GOODS]


def _who(all_: Cast, index: int) -> tuple[int, Who]:
    first, last = words.name(_FIRST + index)
    street, postal_code, city = words.home(_FIRST + index)
    email = words.email(first, last, index)
    who = Who(first, last, email, street=street, postal_code=postal_code, city=city)
    return _NUMBERS + index, all_.tell(who)


def _order_days(chance: Random, now: datetime) -> list[datetime]:
    """When somebody ordered, the oldest first: at least once, the last time before ``now``."""
    _, gap, leaves = chance.choices(_RHYTHMS, (45, 35, 20))[0]
    # A business that grows: more of its customers are of the second year.
    at = DAYS * chance.random() ** 0.6
    ago = [DAYS - at]
    while len(ago) < _MOST and chance.random() >= leaves:
        at += 0.5 + chance.expovariate(1 / gap)
        if at >= DAYS:
            break
        ago.append(DAYS - at)
    # Nobody orders at night, and few on a Sunday.
    days = [now - timedelta(days=1 + int(one)) for one in ago]
    days = [day - timedelta(days=chance.choice((1, 1, 2, 0))) if day.weekday() == 6 else day for day in days]
    return [
        day.replace(hour=0, minute=0) + timedelta(minutes=480 + chance.randrange(720)) for day in dict.fromkeys(days)
    ]


def _account(all_: Cast, where: str, n: int, who: Who, at: datetime) -> Anchor:
    if where == "shop-de":
        all_.opening.append(shopify.delivery("customers/create", shopify.customer(n, who, at), at))
        return Anchor(where, "customer", shopify.customer_id(n))
    if where == "shop-at":
        all_.opening.append(woocommerce.delivery("customer.created", woocommerce.customer(n, who, at)))
        return Anchor(where, "customer", str(n))
    identifier = square.customer_id(n)
    all_.directory(identifier, who, (at - all_.begins).total_seconds() / 60)
    return Anchor(where, "customer", identifier)


def _order(
    all_: Cast, where: str, n: int, number: int, who: Who, at: datetime, goods: Sequence[Good], came: Came
) -> None:
    if where == "shop-de":
        landing = f"/{came.query}"
        order = shopify.order(number, who, at, account=n, goods=goods, landing=landing, fulfilled=True)
        all_.opening.append(shopify.delivery("orders/create", order, at))
    elif where == "shop-at":
        told = woocommerce.order(number, who, at, account=n, goods=goods, came_by=dict(came.attribution))
        all_.opening.append(woocommerce.delivery("order.created", told))
    else:
        minutes = (at - all_.begins).total_seconds() / 60
        all_.opening.append(all_.sale(number, minutes, 0, square.customer_id(n), goods))


def _visits(n: int, at: datetime, good: Good, came: Came, chance: Random) -> Iterator[web.Json]:
    """Up to two visits by other ways in the weeks before, and the one that ended in the order."""
    for days in sorted((chance.uniform(1, 20) for _ in range(chance.choice((0, 1, 1, 2)))), reverse=True):
        way = chance.choice(_WAYS)
        yield web.page(n, at - timedelta(days=days), f"/{way.query}", referrer=way.referrer)
        yield web.track(n, at - timedelta(days=days, minutes=-2), "Product Viewed", good)
    yield web.page(n, at - timedelta(minutes=9), f"/{came.query}", referrer=came.referrer)
    yield web.track(n, at - timedelta(minutes=6), "Product Added", good)
    yield web.track(n, at - timedelta(minutes=3), "Checkout Started", good)


def _left_cart(n: int, at: datetime, chance: Random) -> Iterator[web.Json]:
    good = chance.choice(shelf.GOODS)
    yield web.page(n, at, "/")
    yield web.track(n, at + timedelta(minutes=4), "Product Added", good)
    if chance.random() < 0.4:
        yield web.track(n, at + timedelta(minutes=7), "Checkout Started", good)
