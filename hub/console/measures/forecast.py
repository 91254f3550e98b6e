"""Forecast: what is expected of the next four weeks, between which limits with four chances of five."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hub.console.marking import N_
from hub.console.measures import Measure, Told

WIDTH, HEIGHT, FLOOR = 560.0, 190.0, 160.0


@dataclass(frozen=True, slots=True)
class Week:
    """A bar with its interval; heights are those of the picture."""

    begins: str
    x: float
    top: float
    low: float
    high: float
    expected: float
    least: float
    most: float


def drawn(rows: list[tuple[str, float, float, float]]) -> list[Week]:
    """The bars of (week from, expected, low, high)."""
    largest = max((high for *_, high in rows), default=0.0) or 1.0
    step = WIDTH / max(len(rows), 1)

    def y(value: float) -> float:
        return round(FLOOR - (FLOOR - 24) * max(value, 0.0) / largest, 1)

    return [
        Week(begins, round(step * (place + 0.5), 1), y(expected), y(low), y(high), expected, low, high)
        for place, (begins, expected, low, high) in enumerate(rows)
    ]


def picture(told: Told) -> dict[str, Any]:
    """Each series with its weeks, its method, and by how much that was off."""
    series: dict[str, dict[str, Any]] = {}
    for name, begins, expected, low, high, method, off in told["forecast"].rows:
        held = series.setdefault(str(name), {"rows": [], "method": method, "off": off})
        held["rows"].append((str(begins), float(expected or 0), float(low or 0), float(high or 0)))
    for name, held in series.items():
        held["weeks"] = drawn(held["rows"])
        held["currency"] = name.removeprefix("revenue in ") if name.startswith("revenue in ") else None
    return {"series": series, "box": (WIDTH, HEIGHT, FLOOR)}


MEASURE = Measure(
    "forecast",
    N_("Forecast"),
    70,
    ("forecast",),
    N_("Orders and revenue of the next four weeks, by the method that was least off on the last sixteen."),
    "insight/forecast.html",
    picture,
)
