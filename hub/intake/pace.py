"""How many requests strangers may send: so many a second of each, and of all together. Pure."""

from __future__ import annotations

from collections import OrderedDict
from math import ceil

BURST_SECONDS = 5.0
"""A page that opens sends several events at once, and an app all that it kept while it was offline."""

CALLERS = 10_000
"""As many are remembered; whoever is forgotten begins anew, and counts towards all."""


class Pace:
    """A bucket for each caller, and one for all; a refused request takes nothing."""

    def __init__(self, each: float, together: float) -> None:
        self._each, self._together = each, together
        self._of_all: tuple[float, float] | None = None
        self._of: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, caller: str, now: float) -> int | None:
        """Count one request; None, or the seconds its caller has to wait. ``now`` is in seconds of any clock."""
        own, wait = _taken(self._of.get(caller), self._each, now)
        if wait is None:
            self._of_all, wait = _taken(self._of_all, self._together, now)
            if wait is not None:
                return wait
        self._of[caller] = own
        self._of.move_to_end(caller)
        if len(self._of) > CALLERS:
            self._of.popitem(last=False)
        return wait


def _taken(held: tuple[float, float] | None, rate: float, now: float) -> tuple[tuple[float, float], int | None]:
    """The bucket after one more request, and the seconds to wait if it is empty."""
    most = max(1.0, rate * BURST_SECONDS)
    left, at = held or (most, now)
    left = min(most, left + max(0.0, now - at) * rate)
    if left < 1:
        return (left, now), max(1, ceil((1 - left) / rate))
    return (left - 1, now), None
