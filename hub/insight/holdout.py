"""What a campaign brought, by those it was kept from: a comparison with a control group. Pure.

Who was written to is compared with who was held out, over the same days after it. The share who ordered is compared by
Newcombe's interval for two independent proportions (Statistics in Medicine 17, 1998, method 10), revenue a head by
Welch's. What those who were written to brought more, times their number, is what the campaign brought. Both intervals
hold 95 chances of a hundred. It says something only where people were held out at random.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np

DAYS = 30
"""After being written to, or held out, in which orders count."""

FEWEST = 30
"""People on either side, below which a difference is an accident."""

_Z = 1.959964


@dataclass(frozen=True, slots=True)
class Comparison:
    """Shares from 0 to 1; ``brought`` is revenue, with what it may be at least and at most."""

    written: int
    held: int
    share_written: float
    share_held: float
    more: tuple[float, float, float]
    brought: tuple[float, float, float]

    @property
    def certain(self) -> bool:
        """Whether more ordered, or fewer, than chance explains."""
        return self.more[1] > 0 or self.more[2] < 0


def compare(written: Sequence[float], held: Sequence[float]) -> Comparison | str:
    """Of what each of either group ordered for (0: nothing); in words what is missing where there are too few."""
    if len(written) < FEWEST or len(held) < FEWEST:
        return f"too little data: {len(written)} were written to and {len(held)} held out, {FEWEST} of each are needed"
    one, other = np.array(written, dtype=np.float64), np.array(held, dtype=np.float64)
    p, q = float((one > 0).mean()), float((other > 0).mean())
    low_p, high_p = wilson(p, len(one))
    low_q, high_q = wilson(q, len(other))
    more = p - q
    low = more - sqrt((p - low_p) ** 2 + (high_q - q) ** 2)
    high = more + sqrt((high_p - p) ** 2 + (q - low_q) ** 2)
    gap = float(one.mean() - other.mean())
    width = _Z * sqrt(float(one.var(ddof=1)) / len(one) + float(other.var(ddof=1)) / len(other))
    brought = (gap * len(one), (gap - width) * len(one), (gap + width) * len(one))
    return Comparison(len(one), len(other), p, q, (more, low, high), brought)


def wilson(share: float, number: int) -> tuple[float, float]:
    """The interval of a share (Wilson 1927), which holds near 0 and 1 too."""
    middle = (share + _Z**2 / (2 * number)) / (1 + _Z**2 / number)
    width = _Z / (1 + _Z**2 / number) * sqrt(share * (1 - share) / number + _Z**2 / (4 * number**2))
    return max(0.0, middle - width), min(1.0, middle + width)
