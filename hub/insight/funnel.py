"""Funnel, ladder, carts and journeys as reports. Pure functions of what people did and an as-of time.

Everything counts people, never sessions: who came ten times came once. A step counts as reached where it, or a later
one, was: a step that was skipped, or that nobody saw, hides nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from hub.insight.acts import BOUGHT, FUNNEL, LADDER, LOYAL
from hub.insight.behaviour import DAY, Firsts
from hub.insight.reports import Cell, Report

PERIOD = 365
"""Days in which somebody has to have begun, to be in a funnel."""

QUIET = 30
"""Days after which whoever went no further has dropped out; before, they may still go on."""

FEWEST = 20
"""People without whom a share says nothing."""

RECENT = 90
"""Days of carts."""

COLUMNS = (
    "step", "people", "share of all", "share of the step before", "median days from the step before", "dropped out",
    "still open",
)  # fmt: skip


def funnel(people: Sequence[Firsts], as_of: float) -> Report:
    """Visit, cart, checkout, order, repeat: of people who were on the shop's pages first in the last year."""
    title = "From visit to order"
    mine = _begun(people, as_of)
    note = (
        f"people whose first visit, cart or checkout was in the last {PERIOD} days; dropped out: went no further for "
        f"{QUIET} days (segment: traits.funnel == 'cart' && traits.funnel_since < ago('{QUIET} days'))"
    )
    return _ladder("funnel", title, FUNNEL, mine, as_of, (note,), "nobody's visit to the shop's pages is known")


def ladder(people: Sequence[Firsts], ordered: Sequence[tuple[int, int | None, int]], as_of: float) -> Report:
    """Awareness … advocacy: of everybody who did anything first in the last year.

    ``ordered`` are people of whom only orders are known: (first day, loyal since day, number).
    """
    title = "From awareness to advocacy"
    whole = list(people)
    for first, loyal, number in ordered:
        one: list[float | None] = [None] * len(LADDER)
        one[BOUGHT], one[LOYAL] = float(first * DAY), None if loyal is None else float(loyal * DAY)
        whole += [tuple(one)] * number
    notes = (f"people who did something first in the last {PERIOD} days; docs/insight.md says what is which step",)
    return _ladder("ladder", title, LADDER, _begun(whole, as_of), as_of, notes, "nothing is known that anybody did")


def _begun(people: Sequence[Firsts], as_of: float) -> list[Firsts]:
    """Those who began within the period, without what is ahead of the as-of time."""
    past = [tuple(at if at is not None and at <= as_of else None for at in one) for one in people]
    return [one for one in past if (begun := _start(one)) is not None and begun >= as_of - PERIOD * DAY]


def _start(one: Firsts) -> float | None:
    return min((at for at in one if at is not None), default=None)


def _ladder(
    name: str, title: str, steps: Sequence[str], people: Sequence[Firsts], as_of: float, notes: tuple[str, ...],
    nothing: str,
) -> Report:  # fmt: skip
    if not people:
        return Report(name, title, COLUMNS, [], (f"too little data: {nothing} in the last {PERIOD} days",))
    furthest = [max(place for place, at in enumerate(one) if at is not None) for one in people]
    rows: list[tuple[Cell, ...]] = []
    before = len(people)
    for place, step in enumerate(steps):
        reached = sum(each >= place for each in furthest)
        here = [one[place] for one, each in zip(people, furthest, strict=True) if each == place]
        ended = place == len(steps) - 1
        gone = sum(at is not None and at < as_of - QUIET * DAY for at in here)
        rows.append(
            (
                step,
                reached,
                _share(reached, len(people)),
                _share(reached, before) if place else None,
                _days(people, place) if place else None,
                None if ended else gone,
                None if ended else len(here) - gone,
            )
        )
        before = reached
    few = (f"too little data for shares: {len(people)} people, {FEWEST} are needed",) if len(people) < FEWEST else ()
    return Report(name, title, COLUMNS, rows, (*few, *notes))


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole >= FEWEST else None


def _days(people: Sequence[Firsts], place: int) -> float | None:
    """The median of days from the latest earlier step that was seen, of those who took them in this order."""
    told: list[float] = []
    for one in people:
        at = one[place]
        earlier = [before for before in one[:place] if before is not None and at is not None and before <= at]
        if at is not None and earlier:
            told.append((at - max(earlier)) / DAY)
    return round(median(told), 2) if told else None


@dataclass(frozen=True, slots=True)
class Left:
    """Somebody's last cart: when, and whether nothing was ordered since; ``total`` where it is known. Seconds."""

    carted: float
    left: bool
    total: float | None = None
    currency: str | None = None


_AGES = ((4 / 24, "in the last 4 hours, may still be shopping"), (1, "4 to 24 hours ago"), (7, "1 to 7 days ago"),
    (30, "7 to 30 days ago"), (RECENT, "30 to 90 days ago"))  # fmt: skip


def carts(people: Sequence[Left], as_of: float) -> Report:
    """Whoever put something into a cart in the last quarter: ordered since, or left it; by age, worth by currency."""
    columns = ("cart", "people", "share", "currency", "worth")
    title = "Carts that were left"
    past = [one for one in people if 0 <= as_of - one.carted <= RECENT * DAY]
    if not past:
        return Report("carts", title, columns, [], (f"too little data: no cart in the last {RECENT} days",))
    bought = [one for one in past if not one.left]
    rows: list[tuple[Cell, ...]] = [("ordered since", len(bought), _share(len(bought), len(past)), None, None)]
    younger = 0.0
    for age, words in _AGES:
        mine = [one for one in past if one.left and younger * DAY <= as_of - one.carted < age * DAY]
        younger = age
        if not mine:
            continue
        worth: dict[str, float] = {}
        for one in mine:
            if one.currency and one.total is not None and one.total > 0:
                worth[one.currency] = worth.get(one.currency, 0.0) + one.total
        share = _share(len(mine), len(past))
        totals: list[tuple[str | None, float | None]] = [*sorted(worth.items())] or [(None, None)]
        for place, (currency, total) in enumerate(totals):
            amount = None if total is None else round(total, 2)
            number, part = (len(mine), share) if not place else (None, None)
            rows.append((f"left {words}", number, part, currency, amount))
    note = (
        "people by their last cart; an order of any channel ends it (segment: traits.left_cart_at < ago('4 hours') && "
        "traits.left_cart_at > ago('7 days')); worth where the source told it"
    )
    return Report("carts", title, columns, rows, (note,))


def journeys(found: Sequence[tuple[str, int, int]]) -> Report:
    """The ways by which most people came to an order, and what became of it: (journey, people, orders)."""
    columns = ("journey", "people", "orders", "share of people")
    title = "Most frequent journeys"
    if not found:
        return Report(
            "journeys", title, columns, [], ("too little data: of nobody who ordered anything else is known",)
        )
    everybody = sum(people for _, people, _ in found)
    rows: list[tuple[Cell, ...]] = [
        (journey, people, orders, _share(people, everybody)) for journey, people, orders in found
    ]
    note = (
        "what led to an order within 90 days, and what became of it; of the newest three orders of people of whom more "
        "than orders is known"
    )
    return Report("journeys", title, columns, rows, (note,))
