"""Life cycle: who was in which stage a quarter ago, and is in which one now, as ribbons."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from hub.console.marking import N_
from hub.console.measures import Measure, Told
from hub.insight.stages import NAMES, POTENTIAL

HEIGHT, GAP, BAR = 380.0, 14.0, 12.0
THINNEST = 1.0


class Frame(NamedTuple):
    """How wide a picture is, and where its two bars begin."""

    width: float
    left: float
    right: float


WIDE, NARROW = Frame(900.0, 210.0, 690.0), Frame(360.0, 150.0, 236.0)
"""For a screen and for a phone, where the wide one would be cut or too small to read."""


@dataclass(frozen=True, slots=True)
class Block:
    """A stage on one side: where it stands and how many are in it."""

    stage: str
    customers: int
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Ribbon:
    """Those who went from one stage to another; ``path`` is its outline."""

    one: str
    other: str
    customers: int
    path: str


def ribbons(rows: list[tuple[str, str, int]], frame: Frame = WIDE) -> dict[str, Any]:
    """The picture of (from, to, customers). Heights are in proportion to customers; pure."""
    left, right = defaultdict[str, int](int), defaultdict[str, int](int)
    for one, other, number in rows:
        left[one] += number
        right[other] += number
    total = sum(left.values())
    room = HEIGHT - GAP * (max(len(left), len(right), 1) - 1) - 4
    scale = room / total if total else 0.0
    sides = _stacked(left, scale), _stacked(right, scale)
    used: list[dict[str, float]] = [{}, {}]
    found = []
    order = (POTENTIAL, *NAMES)
    for one, other, number in sorted(rows, key=lambda row: (order.index(row[0]), order.index(row[1]))):
        thick = max(THINNEST, number * scale)
        tops = []
        for side, stage in enumerate((one, other)):
            tops.append(sides[side][stage].y + used[side].get(stage, 0.0))
            used[side][stage] = used[side].get(stage, 0.0) + number * scale
        found.append(Ribbon(one, other, number, _outline(frame, tops[0], tops[1], thick)))
    return {
        "frame": frame,
        "height": HEIGHT,
        "left": list(sides[0].values()),
        "right": list(sides[1].values()),
        "ribbons": found,
    }


def _stacked(sizes: Mapping[str, int], scale: float) -> dict[str, Block]:
    tall = sum(max(THINNEST, number * scale) for number in sizes.values()) + GAP * (len(sizes) - 1)
    y = max(2.0, (HEIGHT - tall) / 2)
    blocks = {}
    for stage in (POTENTIAL, *NAMES):
        if number := sizes.get(stage, 0):
            blocks[stage] = Block(stage, number, round(y, 1), round(max(THINNEST, number * scale), 1))
            y += max(THINNEST, number * scale) + GAP
    return blocks


def _outline(frame: Frame, one: float, other: float, thick: float) -> str:
    start, end, bend = frame.left + BAR, frame.right, (frame.left + BAR + frame.right) / 2
    there = f"M{start:.0f} {one:.1f} C{bend:.0f} {one:.1f} {bend:.0f} {other:.1f} {end:.0f} {other:.1f}"
    one, other = one + thick, other + thick
    return f"{there} V{other:.1f} C{bend:.0f} {other:.1f} {bend:.0f} {one:.1f} {start:.0f} {one:.1f} Z"


def picture(told: Told) -> dict[str, Any]:
    """The ribbons, and the customers of each stage by its name."""
    moved = [(str(row[0]), str(row[1]), int(row[2] or 0)) for row in told["moves"].rows]
    return {"flows": {"wide": ribbons(moved), "narrow": ribbons(moved, NARROW)}}


MEASURE = Measure(
    "life-cycle",
    N_("Life cycle"),
    10,
    ("life-cycle", "moves"),
    N_("Where your customers stand, and where they stood a quarter ago. A stage leads to its people."),
    "insight/life_cycle.html",
    picture,
)
