"""How far a person came, which cart was left, and by which ways orders came about: a fold over acts. Pure.

The same acts in any order give the same. What is ahead of the as-of time is not there yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hub.insight.acts import (
    ADVOCATE,
    CART,
    CHECKOUT,
    FUNNEL,
    LADDER,
    LOYAL,
    ORDER,
    REPEAT,
    STEPS,
    VISIT,
    Act,
)

DAY = 86_400
MOST = 500
"""Acts of one person that are looked at, the newest: who did more is a program, or a till's own account."""

LOYAL_DAYS = 3
"""Order days that make somebody loyal on the ladder; as in the life cycle."""

WINDOW = 90 * DAY
"""Seconds before an order in which something belongs to its journey, and after it."""

JOURNEYS, LONGEST = 3, 6
"""Orders of a person whose journeys are kept, and words of one before its order."""

Firsts = tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Behaviour:
    """Times are in seconds since 1970; None where it never happened.

    ``funnel`` has for each step of the shop's funnel the first time at or after the first visit, cart or checkout (an
    order before that came about without the shop's pages). ``ladder`` has the first time of each rung.
    ``carted`` is when something was put into a cart last, ``left`` the same where nothing was ordered since, with the
    ``total`` that it held where that is known. ``journeys`` are those of the newest orders.
    """

    funnel: Firsts = (None,) * len(FUNNEL)
    ladder: Firsts = (None,) * len(LADDER)
    carted: float | None = None
    left: float | None = None
    total: float | None = None
    currency: str | None = None
    journeys: tuple[str, ...] = ()

    @property
    def step(self) -> int | None:
        """The furthest step of the funnel."""
        return _furthest(self.funnel)

    @property
    def rung(self) -> int | None:
        """The furthest rung of the ladder."""
        return _furthest(self.ladder)


def _furthest(firsts: Firsts) -> int | None:
    return max((place for place, at in enumerate(firsts) if at is not None), default=None)


def behaviour(acts: Iterable[Act], as_of: float) -> Behaviour:
    """What a person's acts come to."""
    past = newest(acts, as_of)
    own = [one for one in past if not one.contacted]
    orders = [one.at for one in own if one.what == "order"]
    carted = [one for one in own if STEPS.get(one.what, (None, 0))[0] in (CART, CHECKOUT) and one.what != "open_order"]
    last = carted[-1] if carted else None
    left = last if last is not None and not (orders and orders[-1] >= last.at) else None
    worth = _worth(carted, left.at) if left else None
    return Behaviour(
        _funnel(own, orders),
        _ladder(own, orders),
        last.at if last else None,
        left.at if left else None,
        worth.total if worth else None,
        worth.currency if worth else None,
        _journeys(own, orders),
    )


def newest(acts: Iterable[Act], as_of: float) -> list[Act]:
    """The acts that are looked at, oldest first; of one moment in an order that does not depend on how they came."""
    past = [one for one in acts if one.at <= as_of]
    return sorted(past, key=_order)[-MOST:]


def _order(act: Act) -> tuple[float, str, str, str, float, str, bool, str]:
    total = -1.0 if act.total is None else act.total
    return act.at, act.what, act.words, act.channel or "", total, act.currency or "", act.contacted, act.text or ""


def _worth(carted: Sequence[Act], at: float) -> Act | None:
    """The cart whose worth is known that belongs to what was left: of the last day."""
    known = [one for one in carted if one.total is not None and one.currency and at - one.at <= DAY]
    return known[-1] if known else None


def _funnel(own: Sequence[Act], orders: Sequence[float]) -> Firsts:
    first: list[float | None] = [None] * len(FUNNEL)
    for one in own:
        step = STEPS.get(one.what, (None, 0))[0]
        if step in (VISIT, CART, CHECKOUT) and first[step] is None:
            first[step] = one.at
    entered = min((at for at in first if at is not None), default=None)
    if entered is None:
        return tuple(first)
    after = [at for at in orders if at >= entered]
    if after:
        first[ORDER] = after[0]
        first[REPEAT] = next((at for at in after if at // DAY > after[0] // DAY), None)
    return tuple(first)


def _ladder(own: Sequence[Act], orders: Sequence[float]) -> Firsts:
    first: list[float | None] = [None] * len(LADDER)
    for one in own:
        rung = STEPS.get(one.what, (None, None))[1]
        if rung is not None and first[rung] is None:
            first[rung] = one.at
    days: list[float] = []
    for at in orders:
        if not days or at // DAY > days[-1] // DAY:
            days.append(at)
    if len(days) >= LOYAL_DAYS:
        joined = first[LOYAL]
        first[LOYAL] = min(days[LOYAL_DAYS - 1], joined if joined is not None else days[LOYAL_DAYS - 1])
    praised = first[ADVOCATE]
    if praised is not None and not orders:  # praise of what was never bought here is no advocacy of a customer
        first[ADVOCATE] = None
    return tuple(first)


def _journeys(own: Sequence[Act], orders: Sequence[float]) -> tuple[str, ...]:
    """For each of the newest orders what led to it since the one before, and what became of it, in words."""
    told: list[str] = []
    for place, at in enumerate(orders[-JOURNEYS:], start=len(orders) - len(orders[-JOURNEYS:])):
        since = max(at - WINDOW, orders[place - 1] if place else float("-inf"))
        until = orders[place + 1] if place + 1 < len(orders) else at + WINDOW
        before = _condensed(one for one in own if since < one.at <= at and one.what not in _AFTER)
        after = _condensed(one for one in own if at <= one.at < until and one.what in _AFTER)
        told.append(" → ".join([*before[-LONGEST:], *after[:2]]))
    return tuple(told)


_AFTER = frozenset({"collected", "returned", "praise", "review"})


def _condensed(acts: Iterable[Act]) -> list[str]:
    words: list[str] = []
    ordered = sorted(acts, key=lambda one: (one.at, one.what == "order"))
    for one in ordered:
        if one.words and (not words or words[-1] != one.words):
            words.append(one.words)
    return words
