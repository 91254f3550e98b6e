"""Key figures, each with its definition."""

from __future__ import annotations

from typing import Any

from hub.console.marking import N_
from hub.console.measures import Measure, Told


def picture(told: Told) -> dict[str, Any]:
    """The figures: (name, value, unit, owner, definition), as the report has them."""
    return {"figures": told["kpis"].rows}


MEASURE = Measure(
    "kpis", N_("Key figures"), 90, ("kpis",), N_("Each means what stands below it."), "insight/kpis.html", picture
)
