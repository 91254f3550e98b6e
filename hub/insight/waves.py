"""Whether something comes in a wave: more in a day than chance explains from the weeks before. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import exp

DAY = 86_400
WEEKS = 28
"""Days before the last one that tell what is usual."""

FEWEST = 5
"""Below this many in a day nobody is woken."""

CHANCE = 0.001
"""How likely as many are by chance, at most."""


@dataclass(frozen=True, slots=True)
class Wave:
    """``number`` in the last 24 hours, where ``usual`` a day were usual."""

    number: int
    usual: float


def wave(at: Iterable[float], as_of: float) -> Wave | None:
    """A wave at the moment, of times in seconds; None where there is none. A Poisson test against 28 days."""
    ages = [as_of - one for one in at if one <= as_of]
    number = sum(age < DAY for age in ages)
    before = sum(DAY <= age < (WEEKS + 1) * DAY for age in ages)
    usual = before / WEEKS
    # A day's mean is known by few cases only: half a case more is what a flat prior adds.
    if number >= FEWEST and _at_least(number, (before + 0.5) / WEEKS) < CHANCE:
        return Wave(number, round(usual, 2))
    return None


def _at_least(number: int, mean: float) -> float:
    """The probability of so many or more by a Poisson law."""
    term, below = exp(-mean), 0.0
    for place in range(number):
        below += term
        term *= mean / (place + 1)
    return max(0.0, 1.0 - below)
