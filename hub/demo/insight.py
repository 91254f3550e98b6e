"""What the demo's day says about customers, in sentences that a shop owner understands."""

from __future__ import annotations

from collections.abc import Mapping

from hub.application import insight
from hub.application.process import Processing
from hub.application.report import report
from hub.demo import insight_ways
from hub.insight.reports import Report

NAMES = (
    "life-cycle", "personas", "leads", "products", "up-sell", "replenishment", "attribution", "forecast",
    *insight_ways.NAMES,
)  # fmt: skip


def sentences(processing: Processing) -> list[str]:
    """Tell what was worked out while the day was played."""
    with processing.database.session() as session:
        found = {one.name: one for one in report(session, processing.insight, list(NAMES))}
        actions = insight.lead_actions(session)
    told = [_life_cycle(found["life-cycle"]), _personas(found["personas"]), _leads(actions)]
    told += [_offers(found["products"], found["up-sell"], found["replenishment"])]
    told += [_attribution(found["attribution"]), _forecast(found["forecast"])]
    return [*told, *insight_ways.sentences(found)]


def _life_cycle(one: Report) -> str:
    stages = {str(row["stage"]).replace("_", " "): row["customers"] for row in one.documents() if row["customers"]}
    total = sum(stages.values())
    named = ", ".join(f"{number} {stage}" for stage, number in stages.items())
    return f"{total} customers: {named}" if total else _missing(one)


def _personas(one: Report) -> str:
    groups = [f"{row['customers']} {row['persona']}" for row in one.documents()]
    return f"{len(groups)} kinds of customers: {'; '.join(groups)}" if groups else _missing(one)


def _leads(actions: Mapping[str, int]) -> str:
    if not (total := sum(actions.values())):
        return "nobody who can be reached has still to buy"
    return (
        f"{total} may still buy: {actions.get('task', 0)} worth a call, {actions.get('nurture', 0)} for the newsletter"
    )


def _offers(pairs: Report, dearer: Report, again: Report) -> str:
    told = []
    if pairs.rows:
        item, other, both, bought, _ = pairs.rows[0]
        told.append(f"{both} of {bought} who bought {item} bought {other} too")
    if dearer.rows:
        item, other, moved, owners, _ = dearer.rows[0]
        told.append(f"{moved} of {owners} moved on from {item} to {other}")
    if again.rows:
        told.append(f"{again.rows[0][0]} is bought again after {again.rows[0][1]:g} days")
    return "; ".join(told) or _missing(pairs)


def _attribution(one: Report) -> str:
    best = [f"{row['channel']} {row['last']:,.0f} {row['currency']}" for row in one.documents()[:3]]
    return f"revenue by the last touch: {', '.join(best)}" if best else _missing(one)


def _forecast(one: Report) -> str:
    weeks = [row for row in one.documents() if row["series"] == "orders"]
    if not weeks:
        return f"no forecast: {_missing(one)}"
    first = weeks[0]
    return f"next week {first['expected']:.0f} orders are expected ({first['low']:.0f} to {first['high']:.0f})"


def _missing(one: Report) -> str:
    return next((note for note in one.notes), f"{one.title}: too little data")
