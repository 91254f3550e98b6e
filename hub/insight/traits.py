"""Traits of customers, and why they are so: pure functions of their order days, the model and an as-of day.

The stage is exact as of the day. Numbers that drift every day are as of the last order or the first of the month,
whichever is later, and rounded: else every night would write every customer to every CRM.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hub.insight import calibrate, rfm, stages
from hub.insight.customers import Customers, date_of
from hub.insight.model import Model
from hub.insight.personas import in_words
from hub.insight.special_functions import Floats, log_gamma

YEAR = 365
MOST_ORDERS = 400
"""Orders in a year that an interval counts up to; somebody with more is a wholesaler, and gets no interval."""

Told = dict[str, Any]
"""Values by the names of ``hub.model.traits.Traits``, as they are stored in JSON."""


@dataclass(frozen=True, slots=True)
class Worked:
    """Of each customer the traits, and the day (``NEVER``) on which the stage changes by itself."""

    told: list[Told]
    due: list[int]


def traits(customers: Customers, currencies: Sequence[str], model: Model) -> Worked:
    """All traits that follow from orders."""
    staged = stages.stages(customers, model.limits)
    told: list[Told] = [
        {
            "stage": stages.NAMES[stage],
            "stage_since": date_of(since).isoformat(),
            "stage_before": stages.POTENTIAL if before == stages.NOBODY else stages.NAMES[before],
        }
        for stage, since, before in zip(
            staged.stage.tolist(), staged.since.tolist(), staged.before.tolist(), strict=True
        )
    ]
    day = _steady_day(customers)
    if model.rhythm is not None:
        _expectations(told, customers, day, currencies, model)
    if model.rfm is not None:
        scored = rfm.scores(
            model.rfm, day - customers.last, customers.counts.astype(np.float64), customers.total(), list(currencies)
        )
        for one, (recency, frequency, money) in zip(told, scored.tolist(), strict=True):
            one["rfm"] = f"{recency}{frequency}{money or '-'}"
            one["rfm_group"] = rfm.group(recency, frequency, money)
    if model.personas is not None:
        groups = model.personas.of(customers, currencies, day)
        for one, place in zip(told, groups.tolist(), strict=True):
            one["persona"] = model.personas.groups[place].name
    return Worked(told, staged.due.tolist())


def _steady_day(customers: Customers) -> Floats:
    """For each customer the day of drifting numbers."""
    month = (np.datetime64(int(customers.as_of), "D").astype("datetime64[M]").astype("datetime64[D]")).astype(np.int64)
    return np.asarray(np.maximum(customers.last, month), dtype=np.float64)


def _expectations(told: list[Told], customers: Customers, day: Floats, currencies: Sequence[str], model: Model) -> None:
    held = model.rhythm
    assert held is not None
    x, tx, t = customers.x, customers.tx, day - customers.first
    alive = held.alive(x, tx, t)
    orders = held.expected(x, tx, t, float(YEAR))
    again = _again(x, tx, t, model)
    low, high = _interval(x, tx, t, orders, model)
    values = _worth(customers, currencies, model)
    rows = zip(
        alive.tolist(), again.tolist(), orders.tolist(), values.tolist(), low.tolist(), high.tolist(), strict=True
    )
    for place, (one, (p, chance, number, value, least, most)) in enumerate(zip(told, rows, strict=True)):
        one["alive"] = f"{round(p * 20) / 20:.2f}"
        one["buys_in_90_days"] = f"{round(chance * 20) / 20:.2f}"
        one["orders_next_year"] = f"{number:.1f}"
        if value > 0:
            one["currency"] = currencies[place]
            one["order_value"] = _money(value)
            one["value_next_year"] = _money(value * number)
            if most < MOST_ORDERS:
                one["value_next_year_low"] = _money(value * min(least, number))
                one["value_next_year_high"] = _money(value * max(most, number))


def _worth(customers: Customers, currencies: Sequence[str], model: Model) -> Floats:
    """What an order of each is expected to bring; 0 where nobody can tell."""
    paid, average = customers.paid()
    named = np.array(list(currencies), dtype=object)
    told = np.zeros(len(paid))
    for currency, worth in model.spend.items():
        mine = (named == currency) & (paid > 0)
        told[mine] = worth.expected(paid[mine], average[mine])
    return np.nan_to_num(told)


def _again(x: Floats, tx: Floats, t: Floats, model: Model) -> Floats:
    assert model.rhythm is not None
    chance = model.rhythm.orders_again(x, tx, t, calibrate.HORIZON)
    if model.calibration is None:
        return chance
    kept = np.clip(chance, 1e-6, 1 - 1e-6)
    rows = np.column_stack([np.log(kept / (1 - kept)), np.log1p(t - tx), np.log1p(x), np.log1p(t)])
    return model.calibration.probability(rows)


def _interval(x: Floats, tx: Floats, t: Floats, orders: Floats, model: Model) -> tuple[Floats, Floats]:
    """The numbers of orders in a year with a tenth of the chances below, and a tenth above.

    Who is alive orders by a negative binomial law with the mean that fits ``orders``; who is not, orders nothing.
    """
    held = model.rhythm
    assert held is not None
    alive, shape = held.alive(x, tx, t), held.r + x
    mean = orders / np.maximum(alive, 1e-12)
    low, high = np.zeros(len(x)), np.full(len(x), np.inf)
    with np.errstate(divide="ignore"):
        log_rest, log_hit = np.log(shape / (shape + mean)), np.log(mean / (shape + mean))
    below = 1 - alive
    open_low, open_high = np.ones(len(x), dtype=bool), np.ones(len(x), dtype=bool)
    for number in range(MOST_ORDERS + 1):
        log_p = (
            log_gamma(shape + number) - log_gamma(shape) - log_gamma(number + 1.0) + shape * log_rest + number * log_hit
        )
        below = below + alive * np.exp(log_p)
        low = np.where(open_low & (below >= 0.1), number, low)
        open_low &= below < 0.1
        high = np.where(open_high & (below >= 0.9), number, high)
        open_high &= below < 0.9
        if not open_high.any():
            break
    return low, high


def why(customers: Customers, currency: str, model: Model, name: str) -> list[str]:
    """The facts that weigh most for a trait of one customer, three at most, in words."""
    x, last, days = int(customers.x[0]), date_of(int(customers.last[0])), int((customers.t - customers.tx)[0])
    facts = [f"last order on {last}, {days} days ago"]
    gap = float(customers.median_gap()[0])
    number = f"{x + 1} order days" if x else "one order day"
    facts.append(f"{number}, {gap:g} days apart at the median" if gap else number)
    if name == "persona" and model.personas is not None:
        place = int(model.personas.of(customers, [currency], _steady_day(customers))[0])
        words = ", ".join(in_words(model.personas.groups[place].centre)) or "like everybody"
        return [*facts, f"nearest to those of whom is true: {words}"]
    if name in ("stage", "stage_since", "stage_before"):
        return [*facts, _of_stage(customers, model)]
    if name in ("rfm", "rfm_group"):
        return [*facts, f"{customers.total()[0]:.2f} {currency} in all"]
    if name in ("order_value", "value_next_year", "value_next_year_low", "value_next_year_high", "currency"):
        paid, average = customers.paid()
        usual = model.spend[currency].mean if currency in model.spend else None
        of_all = f", and everybody's is {usual:.2f}" if usual else ""
        return [*facts, f"the mean of {int(paid[0])} is {average[0]:.2f} {currency}{of_all}"]
    if model.rhythm is None:
        return [*facts, *model.said[:1]]
    alive = float(model.rhythm.alive(customers.x, customers.tx, customers.t)[0])
    return [*facts, f"still a customer with a probability of {alive:.2f} today"]


def _of_stage(customers: Customers, model: Model) -> str:
    if model.rhythm is None:
        return f"fixed days: at risk after {stages.FIXED_RISK}, former after {stages.FIXED_GONE}"
    alive = float(model.rhythm.alive(customers.x, customers.tx, customers.t)[0])
    due = int(stages.stages(customers, model.limits).due[0])
    ends = f"; changes on {date_of(due)} without an order" if due < stages.NEVER else ""
    return f"still a customer with a probability of {alive:.2f}{ends}"


def _money(value: float) -> str:
    """To two digits that matter: nobody knows more of a year ahead."""
    if value < 0.5:
        return "0"
    size = max(0, len(str(int(value))) - 2)
    return str(int(round(value / 10**size) * 10**size))
