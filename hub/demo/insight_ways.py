"""Funnel, carts, journeys, messages and key figures in sentences that a shop owner understands. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from hub.insight.reports import Report

NAMES = ("funnel", "carts", "journeys", "kpis")
"""The reports that ``sentences`` tells."""


def sentences(found: Mapping[str, Report]) -> list[tuple[str, str]]:
    """What it is about, and a sentence, for each report; where there is too little data, what is missing."""
    return [
        ("Funnel", _funnel(found["funnel"])),
        ("Carts", _carts(found["carts"])),
        ("Journeys", _journeys(found["journeys"])),
        ("Figures", _figures(found["kpis"])),
    ]


def _funnel(one: Report) -> str:
    people = {str(row["step"]): row["people"] for row in one.documents()}
    if not people:
        return _missing(one)
    told = f"of {people['visit']} visitors {people['cart']} filled a cart, {people['checkout']} went to the checkout"
    return f"{told}, {people['order']} ordered and {people['repeat']} came again"


def _carts(one: Report) -> str:
    left = [row for row in one.documents() if str(row["cart"]).startswith("left")]
    number = sum(int(row["people"] or 0) for row in left)
    if not left:
        return _missing(one)
    worth: dict[str, float] = {}
    for row in left:
        if row["currency"]:
            worth[str(row["currency"])] = worth.get(str(row["currency"]), 0.0) + float(row["worth"] or 0)
    totals = " and ".join(f"{total:,.0f} {currency}" for currency, total in sorted(worth.items()))
    return f"{number} people left a cart{f' worth {totals}' if totals else ''}"


def _journeys(one: Report) -> str:
    if not one.rows:
        return _missing(one)
    journey, people, *_ = one.rows[0]
    return f"the commonest way to an order, of {people} people: {journey}"


def _figures(one: Report) -> str:
    told = {str(row["figure"]): row["value"] for row in one.documents()}
    parts = []
    if (rate := told.get("repeat rate")) is not None:
        parts.append(f"{100 * float(rate):.0f} % of customers bought again")
    if told.get("opt-in base") is not None:
        parts.append(f"{told['opt-in base']} may be written to by e-mail")
    if told.get("waiting for an answer"):
        parts.append(f"{told['waiting for an answer']} people wait for an answer for more than a day")
    return "; ".join(parts) or _missing(one)


def _missing(one: Report) -> str:
    return next(iter(one.notes), f"{one.title}: too little data")
