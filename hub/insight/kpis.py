"""Key figures, each with its definition (docs/kpis.md has the same words; a test compares them)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from hub.insight import stages
from hub.insight.customers import Customers, date_of
from hub.insight.model import Model
from hub.insight.reports import PERIOD, TOO_LITTLE, Cell, Report

YEAR = 365


@dataclass(frozen=True, slots=True)
class Kpi:
    """``unit`` is what is counted; ``of`` gives the value, by currency where it is money."""

    name: str
    unit: str
    owner: str
    definition: str
    of: Callable[[Facts], float | None]
    money: bool = False


@dataclass(frozen=True, slots=True)
class Besides:
    """What is counted besides orders. None where nothing of it is known; ``hours`` and ``closed`` are medians."""

    emails: int | None = None
    opted_in: int | None = None
    known: int | None = None
    stale: int | None = None
    hours: float | None = None
    waiting: int | None = None
    complaints: int | None = None
    complaints_before: int | None = None
    closed: float | None = None


class Facts:
    """What the figures are taken from: customers of one currency, or all."""

    def __init__(self, customers: Customers, model: Model, besides: Besides = Besides()) -> None:
        self.customers, self.model, self.besides = customers, model, besides
        self.now = stages.stages(customers, model.limits).stage
        self.was = np.full(len(self.now), -1)
        before, there = customers.until(customers.as_of - PERIOD)
        if len(there):
            self.was[there] = stages.stages(before, model.limits).stage

    def between(self, since: int, until: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Which order days are so many days old: at least ``until``, fewer than ``since``."""
        age = self.customers.as_of - self.customers.days
        return (age >= until) & (age < since)

    def buyers(self, since: int, until: int) -> set[int]:
        """Who ordered then."""
        return set(np.unique(self.customers.owner[self.between(since, until)]).tolist())

    def revenue(self, since: int, until: int) -> float:
        """Net of refunds."""
        return float(self.customers.nets[self.between(since, until)].sum())


def _share(part: float, whole: float) -> float | None:
    return round(part / whole, 4) if whole else None


def _repeat(facts: Facts) -> float | None:
    return _share(float((facts.customers.counts > 1).sum()), len(facts.now))


def _second(facts: Facts) -> float | None:
    held = facts.customers
    again = held.counts > 1
    return float(np.median(held.days[held.starts[again] + 1] - held.first[again])) if again.any() else None


def _retention(facts: Facts) -> float | None:
    before, after = facts.buyers(2 * YEAR, YEAR), facts.buyers(YEAR, 0)
    return _share(len(before & after), len(before))


def _concentration(facts: Facts) -> float | None:
    total = np.sort(facts.customers.total())[::-1]
    return _share(float(total[: max(1, len(total) // 5)].sum()), float(total.sum()))


def _basket(facts: Facts) -> float | None:
    nets = facts.customers.nets[facts.between(YEAR, 0)]
    paid = nets[nets > 0]
    return round(float(paid.mean()), 2) if len(paid) else None


def _of_new(facts: Facts) -> float | None:
    held = facts.customers
    recent = facts.between(YEAR, 0)
    new = held.first[held.owner] > held.as_of - YEAR
    return _share(float(held.nets[recent & new].sum()), float(held.nets[recent].sum()))


def _expected(facts: Facts) -> float | None:
    held = facts.model.rhythm
    if held is None:
        return None
    return round(float(held.expected(facts.customers.x, facts.customers.tx, facts.customers.t, float(PERIOD)).sum()), 1)


def _cycle(facts: Facts) -> float | None:
    """The median over customers, so that one who orders daily is one."""
    gaps = facts.customers.median_gap()
    some = gaps[gaps > 0]
    return round(float(np.median(some)), 1) if len(some) else None


REGULAR_ORDERS, REGULAR = 4, 0.35
"""Order days of a year, and how far their gaps may spread about their mean, to order regularly."""


def _recurring(facts: Facts) -> float | None:
    """What customers bring in a month who order in regular gaps, and whose next order is not overdue by half of one."""
    held = facts.customers
    recent = held.days > held.as_of - YEAR
    owner, size = held.owner, len(held.counts)
    number = np.bincount(owner[recent], minlength=size)
    inner = np.flatnonzero(recent[1:] & recent[:-1] & (owner[1:] == owner[:-1]))
    gaps, whose = np.diff(held.days)[inner].astype(np.float64), owner[1:][inner]
    many = np.maximum(np.bincount(whose, minlength=size), 1)
    mean = np.bincount(whose, weights=gaps, minlength=size) / many
    spread = np.sqrt(np.maximum(np.bincount(whose, weights=gaps**2, minlength=size) / many - mean**2, 0))
    with np.errstate(divide="ignore", invalid="ignore"):
        regular = (number >= REGULAR_ORDERS) & (spread <= REGULAR * mean) & (held.as_of - held.last <= 1.5 * mean)
        brought = np.bincount(owner[recent], weights=held.nets[recent], minlength=size) / np.maximum(number, 1)
        monthly = np.where(regular, brought * (YEAR / 12) / mean, 0.0)
    return round(float(monthly.sum()), 2)


def _existing(facts: Facts) -> float:
    """Not all less the new ones: somebody may be new in a year and come back in it, too (woocommerce-admin #4410)."""
    held = facts.customers
    early = held.first[held.owner] <= held.as_of - YEAR
    return float(len(np.unique(held.owner[facts.between(YEAR, 0) & early])))


def _of_orders(facts: Facts) -> float | None:
    told, orders = facts.besides.complaints, int(facts.between(PERIOD, 0).sum())
    return None if told is None or not orders else round(1000 * told / orders, 2)


def _of_known(part: int | None, whole: int | None) -> float | None:
    return None if part is None or not whole else round(part / whole, 4)


def _count(value: float | None) -> float | None:
    return None if value is None else float(value)


def _came(facts: Facts, stage: int) -> float:
    return float(((facts.now == stage) & (facts.was != stage)).sum())


KPIS: tuple[Kpi, ...] = (
    Kpi("customers", "people", "both", "People with at least one order that counts.", lambda f: float(len(f.now))),
    Kpi(
        "active customers", "people", "both", "People with an order in the last 365 days.",
        lambda f: float(len(f.buyers(YEAR, 0))),
    ),
    Kpi(
        "new customers", "people", "marketing", "People whose first order is in the last 90 days.",
        lambda f: float((f.customers.t < PERIOD).sum()),
    ),
    Kpi(
        "lost customers", "people", "both", "People who became former customers in the last 90 days and still are.",
        lambda f: _came(f, stages.FORMER),
    ),
    Kpi(
        "customers won back", "people", "both", "Former customers who ordered again in the last 90 days.",
        lambda f: _came(f, stages.WON_BACK),
    ),
    Kpi(
        "net balance", "people", "both", "New customers and those won back, less those lost, in the last 90 days.",
        lambda f: float((f.customers.t < PERIOD).sum()) + _came(f, stages.WON_BACK) - _came(f, stages.FORMER),
    ),
    Kpi("repeat rate", "share", "marketing", "The share of all customers with more than one order day.", _repeat),
    Kpi(
        "days to the second order", "days", "marketing",
        "The median of days between first and second order day, of those who ordered again.", _second,
    ),
    Kpi(
        "retention", "share", "both",
        "Of those who ordered in the year before the last 365 days, the share that ordered in the last 365 days.",
        _retention,
    ),
    Kpi(
        "churn", "share", "both", "1 less retention.",
        lambda f: None if (kept := _retention(f)) is None else round(1 - kept, 4),
    ),
    Kpi(
        "orders expected", "orders", "sales",
        "The orders of today's customers in the next 90 days, by the rhythm of each; new customers come on top.",
        _expected,
    ),
    Kpi(
        "revenue", "money", "sales", "Net of refunds, of the last 365 days.", lambda f: round(f.revenue(YEAR, 0), 2),
        True,
    ),
    Kpi(
        "revenue before", "money", "sales", "Net of refunds, of the 365 days before those.",
        lambda f: round(f.revenue(2 * YEAR, YEAR), 2), True,
    ),
    Kpi(
        "basket", "money", "sales", "The mean of what order days of the last 365 days brought, those that brought any.",
        _basket, True,
    ),
    Kpi(
        "existing customers", "people", "both",
        "People with an order in the last 365 days whose first order is older than that.", _existing,
    ),
    Kpi(
        "average cycle", "days", "sales",
        "The median over customers of the days that are usual between two of their order days (each one's own median).",
        _cycle,
    ),
    Kpi(
        "recurring revenue", "money", "sales",
        "What customers bring in a month who order regularly: four order days or more in the last 365, gaps that "
        "spread by at most 35 % of their mean, and the last order at most one and a half gaps ago.", _recurring, True,
    ),
    Kpi(
        "share of new customers", "share of money", "both",
        "The share of the last 365 days' revenue that comes from customers who are newer than that.", _of_new, True,
    ),
    Kpi(
        "share of the best fifth", "share of money", "both",
        "The share of all revenue that the fifth of customers brought who brought most (the 80/20 rule says 0.8).",
        _concentration, True,
    ),
    Kpi(
        "contacts by e-mail", "people", "marketing", "People with an e-mail address.",
        lambda f: _count(f.besides.emails),
    ),
    Kpi(
        "opt-in base", "people", "marketing", "Of those, who agreed to marketing by e-mail and did not take it back.",
        lambda f: _count(f.besides.opted_in),
    ),
    Kpi(
        "opt-in rate", "share", "marketing", "Opt-in base by contacts by e-mail.",
        lambda f: _of_known(f.besides.opted_in, f.besides.emails),
    ),
    Kpi(
        "contacts gone stale", "share", "marketing",
        "Of the people with an e-mail address whom Hub knew 365 days ago, the share of whom a mail bounced, who "
        "unsubscribed or complained of mail since. 12 to 15 % a year are usual.",
        lambda f: _of_known(f.besides.stale, f.besides.known),
    ),
    Kpi(
        "response time", "hours", "sales",
        "The median of hours from a message, mention, comment or reply (the first that is not answered yet) until the "
        "business wrote back, in the last 90 days.", lambda f: f.besides.hours,
    ),
    Kpi(
        "waiting for an answer", "people", "sales",
        "People whose message of the last 90 days is older than a day and not answered.",
        lambda f: _count(f.besides.waiting),
    ),
    Kpi(
        "complaints", "cases", "sales", "Complaints that were opened in the last 90 days.",
        lambda f: _count(f.besides.complaints),
    ),
    Kpi(
        "complaints before", "cases", "sales", "Complaints that were opened in the 90 days before those.",
        lambda f: _count(f.besides.complaints_before),
    ),
    Kpi(
        "complaints per 1,000 orders", "cases", "sales", "Complaints by order days, both of the last 90 days.",
        _of_orders,
    ),
    Kpi(
        "days to solve a complaint", "days", "sales",
        "The median of days from opening to closing, of those of the last 90 days that are closed.",
        lambda f: f.besides.closed,
    ),
)  # fmt: skip


def kpis(customers: Customers, currencies: Sequence[str], model: Model, besides: Besides = Besides()) -> Report:
    """All key figures; money by currency, never added. A figure that nobody can tell has no value."""
    columns = ("figure", "value", "unit", "owner", "definition")
    if not len(customers.counts):
        nobody = Facts(customers, model, besides)
        told = [kpi for kpi in KPIS if not kpi.money and kpi.name in _BESIDES]
        found: list[tuple[Cell, ...]] = [
            (kpi.name, _plain(kpi.of(nobody)), kpi.unit, kpi.owner, kpi.definition) for kpi in told
        ]
        return Report("kpis", "Key figures", columns, found if besides.emails else [], (TOO_LITTLE,))
    named = np.array(list(currencies), dtype=object)
    everybody = Facts(customers, model, besides)
    of_currency = {one: Facts(customers.only(named == one), model) for one in sorted(set(currencies))}
    rows: list[tuple[Cell, ...]] = []
    for kpi in KPIS:
        if not kpi.money:
            rows.append((kpi.name, _plain(kpi.of(everybody)), kpi.unit, kpi.owner, kpi.definition))
            continue
        for currency, facts in of_currency.items():
            unit = currency if kpi.unit == "money" else f"share of {currency}"
            rows.append((kpi.name, kpi.of(facts), unit, kpi.owner, kpi.definition))
    return Report("kpis", "Key figures", columns, rows, (f"as of {date_of(customers.as_of)}", *model.said))


_BESIDES = frozenset(
    {
        "contacts by e-mail", "opt-in base", "opt-in rate", "contacts gone stale", "response time",
        "waiting for an answer", "complaints", "complaints before", "days to solve a complaint",
    }
)  # fmt: skip
"""Figures that need no order."""


def _plain(value: float | None) -> Cell:
    return int(value) if value is not None and float(value).is_integer() else value
