"""Wrong tokens and passwords, counted by caller. Pure."""

from __future__ import annotations

from collections import OrderedDict
from math import ceil

GUESSES = 10
"""Wrong tokens of one caller that are answered with 401; more get 429."""

GUESS_SECONDS = 6.0
"""One more guess is free after so many seconds."""

CALLERS = 10_000
"""Callers whose wrong tokens are counted; the one that was quiet longest is forgotten first."""


class Guesses:
    """Wrong tokens by caller. Only wrong ones are slowed down, so that nobody can lock another out. Pure."""

    def __init__(self) -> None:
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wrong(self, caller: str, now: float) -> int | None:
        """Count one; None, or the seconds the caller has to wait when it guessed too often."""
        left, at = self._left.pop(caller, (float(GUESSES), now))
        left = min(float(GUESSES), left + (now - at) / GUESS_SECONDS)
        guessed = left < 1
        self._left[caller] = (left if guessed else left - 1, now)
        while len(self._left) > CALLERS:
            self._left.popitem(last=False)
        return ceil((1 - left) * GUESS_SECONDS) if guessed else None

    def right(self, caller: str) -> None:
        """Give one back that was counted before it was known to be right."""
        if held := self._left.get(caller):
            self._left[caller] = (min(float(GUESSES), held[0] + 1), held[1])
