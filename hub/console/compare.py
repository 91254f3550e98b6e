"""Two people side by side: what they agree in, letter by letter where they do not, and the evidence step by step. Pure.

Coordinates are those of a picture that is 100 wide.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Literal

from hub.console.masking import Masking
from hub.mapping.name import fold
from hub.model.address import Address

Verdict = Literal["same", "part", "different", "one_sided"]
Segments = tuple[tuple[str, bool], ...]
"""Pieces of a text, and whether each is what differs."""

MOST_VALUES = 6
MOST_LETTERS = 120
ALIKE = 0.7
"""The share of equal letters from which the others of a word are marked; below it the whole word is."""

_WORD = re.compile(r"\w+|\W")


@dataclass(frozen=True, slots=True)
class Value:
    """One value of one side; ``agrees`` where the other side tells the same."""

    segments: Segments
    agrees: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One field of both; ``left_out`` values of either side are not shown."""

    field: str
    left: tuple[Value, ...]
    right: tuple[Value, ...]
    verdict: Verdict
    left_out: int = 0


def rows(sides: Sequence[Mapping[str, Any]], shown: Masking) -> list[Row]:
    """The fields of the two sides of a review (``hub.application.review.shown``), those that neither has left out."""
    fields: tuple[tuple[str, Callable[[Mapping[str, Any]], list[Any]], Callable[[Any], str]], ...] = (
        ("name", lambda side: [side["name"].get("full") or ""], lambda text: _name(text, shown)),
        ("birth_date", lambda side: [side["birth_date"] or ""], shown.value),
        ("emails", lambda side: side["emails"], shown.email),
        ("phones", lambda side: side["phones"], shown.phone),
        ("addresses", lambda side: [Address.model_validate(each) for each in side["addresses"]], shown.address),
    )
    found = []
    for field, read, say in fields:
        left, right = ([(_plain(value), say(value)) for value in read(side) if value] for side in sides)
        if left or right:
            found.append(_row(field, left, right, shown))
    return found


def _name(text: str, shown: Masking) -> str:
    return text if shown.whole else " ".join(f"{word[0]}." for word in text.split())


def _plain(value: Any) -> str:
    text = Masking(whole=True).address(value) if isinstance(value, Address) else str(value)
    return " ".join(fold(text).split())


def _row(field: str, left: Sequence[tuple[str, str]], right: Sequence[tuple[str, str]], shown: Masking) -> Row:
    ours, theirs = {key for key, _ in left}, {key for key, _ in right}
    if not ours or not theirs:
        verdict: Verdict = "one_sided"
    else:
        verdict = "same" if ours == theirs else "part" if ours & theirs else "different"
    cut = max(0, len(left) - MOST_VALUES) + max(0, len(right) - MOST_VALUES)
    return Row(field, _values(left, right, shown), _values(right, left, shown), verdict, cut)


def _values(side: Sequence[tuple[str, str]], others: Sequence[tuple[str, str]], shown: Masking) -> tuple[Value, ...]:
    known = {key for key, _ in others}
    candidates = [text for key, text in others[:MOST_VALUES]]
    # What both have comes first: of many values the telling ones are seen.
    ordered = sorted(side, key=lambda value: value[0] not in known)
    return tuple(
        Value(_segments(text, candidates, marks=shown.whole and key not in known), key in known)
        for key, text in ordered[:MOST_VALUES]
    )


def _segments(text: str, candidates: Sequence[str], *, marks: bool) -> Segments:
    text = _short(text)
    if not marks or not candidates:
        return ((text, False),)
    words = _WORD.findall(text)
    others = [_WORD.findall(_short(other)) for other in candidates]
    other = max(others, key=lambda other: _matcher(words, other).ratio())
    matcher = _matcher(words, other)
    if matcher.ratio() == 0:
        return ((text, False),)
    pieces: list[tuple[str, bool]] = []
    for tag, a, b, c, d in matcher.get_opcodes():
        pair = zip(words[a:b], other[c:d], strict=False)
        if tag == "replace" and b - a == d - c:
            pieces += [piece for mine, theirs in pair for piece in _letters(mine, theirs)]
        elif b > a:
            pieces.append(("".join(words[a:b]), tag != "equal"))
    return tuple(pieces)


def _letters(mine: str, theirs: str) -> list[tuple[str, bool]]:
    matcher = _matcher(mine, theirs)
    if matcher.ratio() < ALIKE:
        return [(mine, True)]
    return [(mine[a:b], tag != "equal") for tag, a, b, _, _ in matcher.get_opcodes() if b > a]


def _matcher(one: Sequence[str], other: Sequence[str]) -> SequenceMatcher[str]:
    return SequenceMatcher(None, one, other, autojunk=False)


def _short(text: str) -> str:
    return text if len(text) <= MOST_LETTERS else f"{text[: MOST_LETTERS - 1]}…"


@dataclass(frozen=True, slots=True)
class Step:
    """A line of evidence as a bar from the sum before it to the sum after it."""

    line: Mapping[str, Any]
    x: float
    width: float
    total: float

    @property
    def speaks_for(self) -> bool:
        """Whether it makes one person likelier."""
        return bool(self.line["weight"] > 0)


@dataclass(frozen=True, slots=True)
class Waterfall:
    """``ask`` and ``same`` are where the thresholds stand, ``zero`` where nothing is told; ``total`` is in bits."""

    steps: tuple[Step, ...]
    zero: float
    ask: float
    same: float
    total: float


def waterfall(evidence: Sequence[Mapping[str, Any]], ask: float, same: float) -> Waterfall:
    """How the bits of two records add up, from what holds before any evidence on."""
    ordered = sorted(evidence, key=lambda line: line["feature"] != "prior")
    sums = [0.0]
    for line in ordered:
        sums.append(sums[-1] + line["weight"])
    low, high = min(*sums, ask), max(*sums, same)
    span = (high - low) or 1.0

    def place(bits: float) -> float:
        return round(100 * (bits - low) / span, 2)

    steps = tuple(
        Step(line, place(min(before, after)), max(0.6, round(100 * abs(after - before) / span, 2)), round(after, 2))
        for line, before, after in zip(ordered, sums, sums[1:], strict=False)
    )
    return Waterfall(steps, place(0.0), place(ask), place(same), round(sums[-1], 2))
