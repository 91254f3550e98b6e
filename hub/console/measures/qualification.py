"""Marketing and sales: the states of the funnel, how many are in each, and how long they stay."""

from __future__ import annotations

from typing import Any

from hub.console.marking import N_
from hub.console.measures import Measure, Told


def picture(told: Told) -> dict[str, Any]:
    """Each state with its share (0 to 1) of the most people that any state has."""
    rows = told["qualification"].rows
    most = max((int(row[1] or 0) for row in rows), default=0) or 1
    return {"steps": [(row, int(row[1] or 0) / most) for row in rows]}


MEASURE = Measure(
    "qualification",
    N_("Marketing and sales"),
    75,
    ("qualification",),
    N_("Who is in which state between marketing and sales, how long they stay, and how many came lately."),
    "insight/qualification.html",
    picture,
)
