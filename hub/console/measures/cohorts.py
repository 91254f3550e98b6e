"""Cohorts: of those who first ordered in a month, how many came back in each month after it."""

from __future__ import annotations

from typing import Any

from hub.console.marking import N_
from hub.console.measures import Measure, Told

STRONGEST = 0.5
"""The share from which on a cell has the strongest colour."""
SHOWN = 24
"""Months, the newest."""


def picture(told: Told) -> dict[str, Any]:
    """By month of the first order: customers, the shares of the months after it with their colours, orders each."""
    rows = []
    for row in reversed(told["cohorts"].rows[-SHOWN:]):
        shares = [None if value is None else float(value) for value in row[2:-1]]
        strengths = [0 if not share else min(5, 1 + int(4.999 * share / STRONGEST)) for share in shares]
        rows.append({"month": row[0], "customers": row[1], "shares": list(zip(shares, strengths, strict=True)),
                     "each": row[-1]})  # fmt: skip
    return {"cohorts": rows, "months": len(told["cohorts"].columns) - 3}


MEASURE = Measure(
    "cohorts",
    N_("Cohorts"),
    40,
    ("cohorts",),
    N_("Of those who first ordered in a month, the share that came back in each month after it."),
    "insight/cohorts.html",
    picture,
)
