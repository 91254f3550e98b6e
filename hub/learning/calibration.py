"""What bits turned out to mean on a base: of what people were asked, how much they accepted. Pure.

Bits are log2 odds: of 16 pairs with 4 bits, 15 should be one person. Answers are counted by the bits at which they were
asked, in four bands between ``ask`` and ``same``; what a limit held back is surer than ``same``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

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


AdviceKind = Literal["same_lower", "same_doubtful", "ask_higher", "too_few", "right"]


@dataclass(frozen=True, slots=True)
class Advice:
    """What the answers say of a threshold: of ``answered`` asked within ``width`` bits of it, so many were accepted.

    ``bits`` is what it may be instead; None where that is not told.
    """

    kind: AdviceKind
    width: float
    answered: int = 0
    accepted: int = 0
    bits: float | None = None


def advice(found: Sequence[Band]) -> list[Advice]:
    """Whether the thresholds look right by these answers; always at least one."""
    asked = [band for band in found if None not in (band.since, band.until)]
    lowest, highest = asked[0], asked[-1]
    said = _about_same(highest) if highest.answered >= ENOUGH else []
    if lowest.answered >= ENOUGH and lowest.accepted <= _RARE * lowest.answered:
        said.append(Advice("ask_higher", _width(lowest), lowest.answered, lowest.accepted, lowest.until))
    if said:
        return said
    few = max(highest.answered, lowest.answered) < ENOUGH
    return [Advice("too_few" if few else "right", _width(highest))]


def verdict(found: Sequence[Band]) -> str:
    """The same in a sentence."""
    said = advice(found)
    hint = " (`hub rules try` shows what another one would do)" if said[0].kind not in ("too_few", "right") else ""
    return "; ".join(map(_sentence, said)) + hint


def _about_same(highest: Band) -> list[Advice]:
    told = (_width(highest), highest.answered, highest.accepted)
    if highest.accepted >= _SURE * highest.answered:
        return [Advice("same_lower", *told, highest.since)]
    return [Advice("same_doubtful", *told)] if highest.accepted < _EVEN * highest.answered else []


def _sentence(said: Advice) -> str:
    of = f"of {said.answered} asked within {said.width} bits below it, people accepted {said.accepted}"
    match said.kind:
        case "same_lower":
            return f"`same` may be lower, such as {said.bits}: {of}"
        case "same_doubtful":
            return f"`same` may be too low, so that what is merged just above it is in doubt: {of}"
        case "ask_higher":
            counted = f"of {said.answered} asked below that, people accepted {said.accepted}"
            return f"`ask` may be higher, such as {said.bits}: {counted}"
        case "too_few":
            return (
                f"too few answers to say whether the thresholds are right: it takes {ENOUGH} within"
                f" {said.width} bits below `same`, or above `ask`"
            )
        case "right":
            return "the thresholds look right by these answers"


def _width(band: Band) -> float:
    return round((band.until or 0.0) - (band.since or 0.0), 2)
