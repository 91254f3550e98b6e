"""Attribution: which channels and campaigns were there before orders, by every model side by side."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

from hub.application.report_attribution import NAMELESS
from hub.console.marking import N_
from hub.console.measures import Measure, Told
from hub.insight.attribution import MODELS
from hub.insight.reports import Report

Shares = dict[str, dict[str, list[tuple[str, float, float]]]]
"""By currency and model: what was touched, its revenue and the share that is, the largest first."""


def picture(told: Told) -> dict[str, Any]:
    """Channels and campaigns with their revenue net of returns, and by currency what it was before and after them."""
    channels, campaigns = told["attribution"], told["campaigns"]
    return {
        "channels": _shares(channels, lambda row: str(row["channel"])),
        "campaigns": _shares(campaigns, _campaign),
        "totals": _totals(channels),
        "by_campaign": campaigns,
        "models": tuple(MODELS),
    }


def _campaign(row: Mapping[str, Any]) -> str:
    return str(row["channel"]) if row["campaign"] == NAMELESS else f"{row['campaign']} · {row['channel']}"


def _shares(report: Report, label: Callable[[Mapping[str, Any]], str]) -> Shares:
    by_currency: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in report.documents():
        by_currency[str(row["currency"])].append(row)
    return {
        currency: {model: _of_model(rows, model, label) for model in MODELS} for currency, rows in by_currency.items()
    }


def _of_model(
    rows: list[dict[str, Any]], model: str, label: Callable[[Mapping[str, Any]], str]
) -> list[tuple[str, float, float]]:
    total = sum(row[model] for row in rows)
    amounts = sorted(((label(row), float(row[model])) for row in rows), key=lambda one: -one[1])
    return [(name, amount, amount / total if total else 0.0) for name, amount in amounts]


def _totals(report: Report) -> dict[str, tuple[float, float]]:
    """By currency the revenue before and after returns: every model shares out the same."""
    found: dict[str, tuple[float, float]] = {}
    for row in report.documents():
        whole, kept = found.get(str(row["currency"]), (0.0, 0.0))
        found[str(row["currency"])] = (whole + row["last before returns"], kept + row["last"])
    return found


MEASURE = Measure(
    "attribution",
    N_("Attribution"),
    60,
    ("attribution", "campaigns"),
    N_("Which channels and campaigns were there before the orders of the last year. Not what caused them."),
    "insight/attribution.html",
    picture,
)
