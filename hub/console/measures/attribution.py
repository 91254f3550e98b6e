"""Attribution: which channels were there before orders, by the model that the reader picks."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from hub.console.marking import N_
from hub.console.measures import Measure, Told

FIRST = 2
"""Columns before those of the models: channel and currency."""


def picture(told: Told) -> dict[str, Any]:
    """By currency and model: the channels with their revenue and its share, the largest first."""
    report = told["attribution"]
    models = report.columns[FIRST:-1]
    found: dict[str, dict[str, list[tuple[str, float, float]]]] = {}
    by_currency = defaultdict(list)
    for row in report.rows:
        by_currency[str(row[1])].append(row)
    for currency, rows in by_currency.items():
        of_model = {}
        for place, model in enumerate(models, start=FIRST):
            total = sum(float(row[place] or 0) for row in rows)
            amounts = [(str(row[0]), float(row[place] or 0)) for row in rows]
            of_model[model] = [
                (channel, amount, amount / total if total else 0.0)
                for channel, amount in sorted(amounts, key=lambda one: -one[1])
            ]
        found[currency] = of_model
    return {"channels": found, "models": models}


MEASURE = Measure(
    "attribution",
    N_("Attribution"),
    60,
    ("attribution",),
    N_("Which channels were there before the orders of the last year. Not what caused them."),
    "insight/attribution.html",
    picture,
)
