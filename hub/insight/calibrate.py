"""How likely somebody orders in the next 90 days, corrected by how it went in this shop before.

The closed form says it from the customer's rhythm. A logistic regression learns from one cut in the shop's own past how
that has to be corrected, with recency, frequency and age beside it. Measured at a later cut, which it never saw,
against the best rule of a fixed number of days. (CDNOW, 26 weeks: Brier .1295, rule .1470; shared note, section 1.2.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hub.insight import logistic, rhythm
from hub.insight.customers import Customers
from hub.insight.logistic import Logistic
from hub.insight.rhythm import Rhythm
from hub.insight.special_functions import Floats

HORIZON = 90
FEWEST = 200
"""Customers, and twenty of each outcome, that a calibration needs."""

_RULES = range(7, 366, 7)
"""Days that are tried for "whoever ordered in the last N days orders again"."""


@dataclass(frozen=True, slots=True)
class Quality:
    """Of forecasts for the last ``HORIZON`` days, made with what was known before: Brier (lower is better) and AUC.

    ``rule_days`` is the fixed rule that was best in the past before; ``recency`` ranks by the last order alone.
    """

    customers: int
    brier: float
    auc: float
    brier_uncalibrated: float
    rule_days: int
    brier_rule: float
    auc_rule: float
    auc_recency: float


def features(customers: Customers, held: Rhythm, horizon: float = HORIZON) -> Floats:
    """What the calibration looks at, a row per customer."""
    x, tx, t = customers.x, customers.tx, customers.t
    chance = np.clip(held.orders_again(x, tx, t, horizon), 1e-6, 1 - 1e-6)
    return np.column_stack([np.log(chance / (1 - chance)), np.log1p(t - tx), np.log1p(x), np.log1p(t)])


def probability(customers: Customers, held: Rhythm, calibration: Logistic | None, horizon: float = HORIZON) -> Floats:
    """Of at least one order in the next days, for each customer."""
    if calibration is None:
        return held.orders_again(customers.x, customers.tx, customers.t, horizon)
    return calibration.probability(features(customers, held, horizon))


def learn(customers: Customers, horizon: int = HORIZON) -> Logistic | None:
    """The correction by what happened in the last ``horizon`` days; None where too little did."""
    cut = _cut(customers, horizon)
    return None if cut is None else cut[0]


def measure(customers: Customers, horizon: int = HORIZON) -> Quality | None:
    """How good a calibration learned two horizons ago was for the last one; None where the past is too short."""
    before = customers.until(customers.as_of - horizon)[0]
    learned = _cut(before, horizon) if len(before.counts) >= FEWEST else None
    now = _split(customers, horizon)
    if learned is None or now is None:
        return None
    calibration, _, (past, past_outcomes) = learned
    known, outcomes = now
    held = rhythm.fit(*rhythm.grouped(known.x, known.tx, known.t))
    told = probability(known, held, calibration, horizon)
    days, rates = _best_rule(past.t - past.tx, past_outcomes)
    rule = np.where(known.t - known.tx <= days, rates[0], rates[1])
    return Quality(
        customers=len(outcomes),
        brier=logistic.brier(told, outcomes),
        auc=logistic.auc(told, outcomes),
        brier_uncalibrated=logistic.brier(held.orders_again(known.x, known.tx, known.t, horizon), outcomes),
        rule_days=days,
        brier_rule=logistic.brier(rule, outcomes),
        auc_rule=logistic.auc(rule, outcomes),
        auc_recency=logistic.auc(-(known.t - known.tx), outcomes),
    )


_Known = tuple[Customers, Floats]


def _split(customers: Customers, horizon: int) -> _Known | None:
    """The customers as they were a horizon ago, and who of them ordered since; None where that says too little."""
    day = customers.as_of - horizon
    known, there = customers.until(day)
    outcomes = (customers.last[there] > day).astype(np.float64)
    enough = len(outcomes) >= FEWEST and 20 <= outcomes.sum() <= len(outcomes) - 20
    return (known, outcomes) if enough else None


def _cut(customers: Customers, horizon: int) -> tuple[Logistic, Rhythm, _Known] | None:
    split = _split(customers, horizon)
    if split is None:
        return None
    known, outcomes = split
    held = rhythm.fit(*rhythm.grouped(known.x, known.tx, known.t))
    return logistic.fit(features(known, held, horizon), outcomes), held, split


def _best_rule(recency: Floats, outcomes: Floats) -> tuple[int, tuple[float, float]]:
    best = (np.inf, 0, (0.0, 0.0))
    for days in _RULES:
        lately = recency <= days
        if 0 < lately.sum() < len(lately):
            rates = float(outcomes[lately].mean()), float(outcomes[~lately].mean())
            wrong = logistic.brier(np.where(lately, *rates), outcomes)
            best = min(best, (wrong, days, rates))
    return best[1], best[2]
