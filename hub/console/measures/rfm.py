"""RFM as a map: how recently people came, upward, and how often and for how much, to the right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hub.console.marking import N_
from hub.console.measures import Measure, Told
from hub.insight.rfm import MAP

CELL_WIDTH, CELL_HEIGHT = 148.0, 74.0


@dataclass(frozen=True, slots=True)
class Field:
    """Cells of one group side by side; the widest run of a group is ``named`` with its number."""

    x: float
    y: float
    group: str
    wide: float
    named: bool


def fields() -> list[Field]:
    """The map, best at the top right. The same for every business: only who stands where differs."""
    labelled: dict[str, tuple[int, int]] = {}  # by group: the widest run of cells in one row, and its row
    for row, groups in enumerate(MAP):
        for group in dict.fromkeys(groups):
            if groups.count(group) > labelled.get(group, (0, 0))[0]:
                labelled[group] = (groups.count(group), row)
    return [
        Field(
            groups.index(group) * CELL_WIDTH,
            (len(MAP) - 1 - row) * CELL_HEIGHT,
            group,
            groups.count(group) * CELL_WIDTH,
            labelled[group][1] == row,
        )
        for row, groups in enumerate(MAP)
        for group in dict.fromkeys(groups)
    ]


def picture(told: Told) -> dict[str, Any]:
    """The map, with customers and their share by group, and how strong each is coloured, from 0 to 5."""
    sizes: dict[str, int] = {}
    for row in told["rfm"].rows:
        sizes[str(row[0])] = sizes.get(str(row[0]), 0) + int(row[1] or 0)
    largest = max(sizes.values(), default=0)
    strength = {group: min(5, 1 + int(4.999 * number / largest)) for group, number in sizes.items() if largest}
    width, height = CELL_WIDTH * len(MAP[0]), CELL_HEIGHT * len(MAP)
    return {"map": {"width": width, "height": height, "fields": fields(), "sizes": sizes, "strength": strength}}


MEASURE = Measure(
    "rfm",
    N_("RFM map"),
    30,
    ("rfm",),
    N_("Recency, frequency, money: who came lately, often, and for much."),
    "insight/rfm.html",
    picture,
)
