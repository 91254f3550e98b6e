"""What bits turned out to mean on a base: of what people were asked, how much they accepted. Pure.

Bits are log2 odds: of 16 pairs with 4 bits, 15 should be one person. Answers are counted by the bits at which they were
asked, in four bands between ``ask`` and ``same``; what a limit held back is surer than ``same``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

BANDS = 4

ENOUGH = 10
"""Answers in a band from which on they say something about a threshold."""

_SURE, _EVEN, _RARE = 0.97, 0.5, 0.1


@dataclass(frozen=True, slots=True)
class Band:
    """Answers about pairs of ``since`` bits or more, and less than ``until``; None where there is no such bound."""

    since: float | None
    until: float | None
    accepted: int
    refused: int

    @property
    def answered(self) -> int:
        """All of them."""
        return self.accepted + self.refused

    @property
    def meant(self) -> tuple[float, float]:
        """What these bits say: the least and the most share of such pairs that is one person."""
        low = 0.0 if self.since is None else probability(self.since)
        return low, 1.0 if self.until is None else probability(self.until)


def probability(bits: float) -> float:
    """The share of pairs with so many bits that is one person, if bits mean what they say."""
    odds: float = 2.0 ** min(bits, 64.0)
    return odds / (1 + odds)


def bands(answers: Sequence[tuple[float, bool]], same: float, ask: float) -> list[Band]:
    """The answers (bits, and whether it is one person) by bits, the lowest first; the outer bands only where told."""
    edges = [ask, *(round(ask + (same - ask) * step / BANDS, 2) for step in range(1, BANDS)), same]
    bounds = [(None, edges[0]), *pairwise(edges), (edges[-1], None)]
    found = [_band(answers, since, until) for since, until in bounds]
    return [band for band in found if band.answered or None not in (band.since, band.until)]


def _band(answers: Sequence[tuple[float, bool]], since: float | None, until: float | None) -> Band:
    told = [one for bits, one in answers if (since is None or bits >= since) and (until is None or bits < until)]
    return Band(since, until, sum(told), len(told) - sum(told))


def verdict(found: Sequence[Band]) -> str:
    """Whether the thresholds look right by these answers, in a sentence."""
    asked = [band for band in found if None not in (band.since, band.until)]
    lowest, highest = asked[0], asked[-1]
    said = []
    if highest.answered >= ENOUGH:
        said += _about_same(highest)
    if lowest.answered >= ENOUGH and lowest.accepted <= _RARE * lowest.answered:
        said.append(
            f"`ask` may be higher, such as {lowest.until}: of {lowest.answered} asked below that,"
            f" people accepted {lowest.accepted}"
        )
    if said:
        return "; ".join(said) + " (`hub rules try` shows what another one would do)"
    if max(highest.answered, lowest.answered) < ENOUGH:
        return (
            f"too few answers to say whether the thresholds are right: it takes {ENOUGH} within"
            f" {_width(highest)} bits below `same`, or above `ask`"
        )
    return "the thresholds look right by these answers"


def _about_same(highest: Band) -> list[str]:
    of = f"of {highest.answered} asked within {_width(highest)} bits below it, people accepted {highest.accepted}"
    if highest.accepted >= _SURE * highest.answered:
        return [f"`same` may be lower, such as {highest.since}: {of}"]
    if highest.accepted < _EVEN * highest.answered:
        return [f"`same` may be too low, so that what is merged just above it is in doubt: {of}"]
    return []


def _width(band: Band) -> float:
    return round((band.until or 0.0) - (band.since or 0.0), 2)
