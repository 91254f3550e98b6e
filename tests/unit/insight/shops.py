"""Invented shops whose truth is known: customers who order and leave by the law that Hub's model supposes, or not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hub.insight.customers import Customers, customers

TODAY = 20_000


@dataclass(frozen=True)
class Shop:
    """``alive`` is the truth as of today; ``later`` how many orders each makes in the year after it."""

    customers: Customers
    alive: np.ndarray
    later: np.ndarray


def shop(
    size: int,
    *,
    seed: int = 1,
    r: float = 0.8,
    alpha: float = 40.0,
    a: float = 0.9,
    b: float = 2.0,
    years: float = 3.0,
    spend: float = 30.0,
) -> Shop:
    """Customers who came at any time of the last years."""
    dice = np.random.default_rng(seed)
    days, nets, alive, later = [], [], [], []
    for _ in range(size):
        rate, leaves = dice.gamma(r, 1 / alpha), dice.beta(a, b)
        now = TODAY - int(dice.integers(0, int(365 * years)))
        mine, still, after = [now], dice.random() > leaves, 0
        at = float(now)
        while still:
            at += dice.exponential(1 / rate)
            if at > TODAY + 365:
                break
            if at > TODAY:
                after += 1
            else:
                mine.append(int(at))
            still = dice.random() > leaves
            if not still and at > TODAY:
                still = False
        alive.append(still or after > 0)
        later.append(after)
        mine = sorted(set(mine))
        own = dice.gamma(6.0, spend / 6.0)
        days.append(mine)
        nets.append([round(float(dice.gamma(6.0, own / 6.0)), 2) + 0.01 for _ in mine])
    return Shop(customers(days, nets, TODAY), np.array(alive), np.array(later, dtype=np.float64))
