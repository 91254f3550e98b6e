"""Pictures as numbers: where things stand and how wide they are. Templates draw them as SVG, with a table beside.

Pure; coordinates are those of the picture's ``viewBox``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import log10
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Box:
    """A node of the picture of a flow."""

    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> float:
        """Of its height."""
        return self.y + self.height / 2


@dataclass(frozen=True, slots=True)
class FlowPicture:
    """Two columns of boxes, one box between them, and a curve from each to it."""

    width: float
    height: float
    centre: Box
    left: tuple[Box, ...]
    right: tuple[Box, ...]

    def into(self, index: int) -> str:
        """The curve from a box on the left, as an SVG path."""
        box = self.left[index]
        return _curve(box.x + box.width, box.middle, self.centre.x, self._dock(index, len(self.left)))

    def out(self, index: int) -> str:
        """The curve to a box on the right."""
        box = self.right[index]
        return _curve(self.centre.x + self.centre.width, self._dock(index, len(self.right)), box.x, box.middle)

    def _dock(self, index: int, count: int) -> float:
        room = self.centre.height - 48
        return self.centre.y + 24 + room * (index + 0.5) / count


def flow(sources: int, destinations: int) -> FlowPicture:
    """The picture of so many sources and destinations."""
    box, gap, column, width, core = 58.0, 12.0, 236.0, 1000.0, 210.0
    rows = max(sources, destinations, 3)
    height = rows * (box + gap) - gap
    tall = min(height, max(206.0, height * 0.62))

    def boxes(count: int, x: float) -> tuple[Box, ...]:
        top = (height - (count * (box + gap) - gap)) / 2
        return tuple(Box(x, top + index * (box + gap), column, box) for index in range(count))

    centre = Box((width - core) / 2, (height - tall) / 2, core, tall)
    return FlowPicture(width, height, centre, boxes(sources, 0.0), boxes(destinations, width - column))


def stroke(per_second: float) -> float:
    """How wide a curve is: thin for nothing, and two more for each tenfold."""
    return 1.5 if per_second <= 0 else min(9.0, 3.0 + 2 * max(0.0, log10(per_second * 10 + 1)))


def bars(values: Sequence[float], width: float = 100.0) -> list[float]:
    """The length of each bar; the largest is as wide as the picture."""
    largest = max(values, default=0)
    return [width * value / largest if largest > 0 else 0.0 for value in values]


def heat(values: Mapping[object, float]) -> dict[object, int]:
    """How strong each cell of a heat map is, from 0 (nothing) to 5."""
    largest = max(values.values(), default=0)
    return {key: 0 if value <= 0 else min(5, 1 + int(4.999 * value / largest)) for key, value in values.items()}


def sparkline(values: Sequence[float], width: float = 120.0, height: float = 28.0) -> str:
    """The points of a line, for ``<polyline>``; "" for fewer than two values."""
    if len(values) < 2:
        return ""
    largest, step = max(max(values), 1e-9), width / (len(values) - 1)
    return " ".join(
        f"{i * step:.1f},{height - 1 - (height - 2) * value / largest:.1f}" for i, value in enumerate(values)
    )


def _curve(x1: float, y1: float, x2: float, y2: float) -> str:
    bend = (x1 + x2) / 2
    return f"M{x1:.1f} {y1:.1f} C{bend:.1f} {y1:.1f} {bend:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"


class Scale(NamedTuple):
    """Where two thresholds stand on a line of 600."""

    ask: float
    same: float


def scale(ask: float, same: float) -> Scale:
    """A quarter of the line is before the first and a third behind the second, however far they are apart."""
    least, most = ask - max(2.0, (same - ask) * 0.6), same + max(2.0, (same - ask) * 0.8)
    return Scale(*(round(600 * (value - least) / (most - least), 1) for value in (ask, same)))


class Column(NamedTuple):
    """An hour of a day: how high it stands for what went well and, above that, for what failed."""

    x: float
    good: float
    bad: float


def hours(counts: Sequence[tuple[datetime, int, int]], until: datetime, height: float = 60.0) -> list[Column]:
    """The last 24 hours up to ``until``, 25 wide each; hours without a count are not among them."""
    last = until.replace(minute=0, second=0, microsecond=0)
    largest = max((good + bad for _, good, bad in counts), default=0) or 1
    return [
        Column(
            round(600 - 25 * ((last - at).total_seconds() / 3600 + 1), 1),
            round(height * good / largest, 1),
            round(height * bad / largest, 1),
        )
        for at, good, bad in counts
    ]
