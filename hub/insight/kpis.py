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


class Facts:
    """What the figures are taken from: customers of one currency, or all."""

    def __init__(self, customers: Customers, model: Model) -> None:
        self.customers, self.model = customers, model
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
        "share of new customers", "share of money", "both",
        "The share of the last 365 days' revenue that comes from customers who are newer than that.", _of_new, True,
    ),
    Kpi(
        "share of the best fifth", "share of money", "both",
        "The share of all revenue that the fifth of customers brought who brought most (the 80/20 rule says 0.8).",
        _concentration, True,
    ),
)  # fmt: skip


def kpis(customers: Customers, currencies: Sequence[str], model: Model) -> Report:
    """All key figures; money by currency, never added."""
    columns = ("figure", "value", "unit", "owner", "definition")
    if not len(customers.counts):
        return Report("kpis", "Key figures", columns, [], (TOO_LITTLE,))
    named = np.array(list(currencies), dtype=object)
    everybody = Facts(customers, model)
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


def _plain(value: float | None) -> Cell:
    return int(value) if value is not None and float(value).is_integer() else value
