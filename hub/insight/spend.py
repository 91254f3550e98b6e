"""What somebody's orders are worth: Gamma-Gamma. Who ordered little is drawn towards what everybody spends.

Fader, Hardie, "The Gamma-Gamma Model of Monetary Value" (2013, https://brucehardie.com/notes/025/). It holds where
what people spend does not hang on how often they come.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from hub.insight.maximise import maximise
from hub.insight.special_functions import Floats, log_gamma

_BOUNDS = (-7.0, 12.0)


@dataclass(frozen=True, slots=True)
class Spend:
    """The parameters; ``gamma`` in major units of one currency."""

    p: float
    q: float
    gamma: float

    @property
    def mean(self) -> float | None:
        """What an order of anybody is worth; None where the fit gives none (q at most 1)."""
        return self.p * self.gamma / (self.q - 1) if self.q > 1 else None

    def expected(self, orders: ArrayLike, average: ArrayLike) -> Floats:
        """What an order of somebody will be worth who had so many orders of such an average."""
        number, mean = np.asarray(orders, dtype=np.float64), np.asarray(average, dtype=np.float64)
        below = self.p * number + self.q - 1
        told = self.p * (self.gamma + number * mean) / np.where(below > 0, below, np.nan)
        return np.asarray(told, dtype=np.float64)

    def spread(self, orders: ArrayLike, average: ArrayLike) -> Floats:
        """The standard deviation of a customer's own mean order around ``expected``; nan where there is none.

        The rate of spending of a customer is gamma (p·n + q, γ + n·z), so that its inverse has these moments.
        """
        number, mean = np.asarray(orders, dtype=np.float64), np.asarray(average, dtype=np.float64)
        shape = self.p * number + self.q
        return np.asarray(
            self.expected(number, mean) / np.sqrt(np.where(shape > 2, shape - 2, np.nan)), dtype=np.float64
        )


def fit(orders: ArrayLike, average: ArrayLike) -> Spend:
    """The parameters for customers with so many orders (at least one) of an average above zero."""
    x, z = np.asarray(orders, dtype=np.float64), np.asarray(average, dtype=np.float64)
    numbers, place, counts = np.unique(x, return_inverse=True, return_counts=True)
    logs = np.log(z).sum()
    weighted = (x * np.log(z)).sum()

    def likelihood(point: Floats) -> float:
        p, q, gamma = np.exp(point)
        alike = log_gamma(p * numbers + q) - log_gamma(p * numbers) + p * numbers * np.log(numbers)
        spread = (p * numbers + q)[place] @ np.log(gamma + x * z)
        same = len(x) * (q * np.log(gamma) - log_gamma(q))
        return float(counts @ alike + same + p * weighted - logs - spread)

    start = np.log([4.0, 4.0, max(float(z.mean()), 1e-3)])
    return Spend(*(float(one) for one in np.exp(maximise(likelihood, start, _BOUNDS))))
