"""What the demo's day says about customers, in sentences that a shop owner understands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hub.application import insight
from hub.application.process import Processing
from hub.application.report import report
from hub.demo import insight_ways
from hub.insight.reports import Report

NAMES = (
    "life-cycle", "personas", "segments", "leads", "products", "up-sell", "replenishment", "attribution", "forecast",
    "forecast-by-channel", *insight_ways.NAMES,
)  # fmt: skip
MOST = 4
"""Channels, or segments, that are told."""

Told = tuple[str, str]
"""What it is about, and the sentence."""


def sentences(processing: Processing, contacts: Sequence[Mapping[str, Any]]) -> list[Told]:
    """Tell what was worked out while the day was played, and what of it stands at the CRM's ``contacts``."""
    with processing.database.session() as session:
        found = {one.name: one for one in report(session, processing.insight, list(NAMES))}
        actions = insight.lead_actions(session)
    return [
        ("Life cycle", life_cycle(found["life-cycle"])),
        ("Kinds", personas(found["personas"])),
        ("Segments", segments(found["segments"])),
        ("Leads", leads(actions)),
        ("Products", offers(found["products"], found["up-sell"], found["replenishment"])),
        ("Came by", attribution(found["attribution"])),
        ("Forecast", forecast(found["forecast"], found["forecast-by-channel"])),
        *insight_ways.sentences(found),
        ("In the CRM", in_crm(contacts)),
    ]


def life_cycle(one: Report) -> str:
    """How many customers of each stage, and what the best of them are worth."""
    rows = [row for row in one.documents() if row["customers"]]
    total = sum(row["customers"] for row in rows)
    named = ", ".join(f"{row['customers']} {str(row['stage']).replace('_', ' ')}" for row in rows)
    return f"{total} customers: {named}" if total else _missing(one)


def personas(one: Report) -> str:
    """The groups there are, the largest first."""
    groups = [f"{row['customers']} {row['persona']}" for row in one.documents()]
    return f"{len(groups)} kinds of customers: {'; '.join(groups)}" if groups else _missing(one)


def segments(one: Report) -> str:
    """Who is in the segments that are configured."""
    held = [row for row in one.documents() if row["profiles"]]
    told = [f"{row['profiles']} {str(row['title'])[:1].lower()}{str(row['title'])[1:]}" for row in held]
    return "; ".join(told[:MOST]) or "nobody is in a segment yet"


def leads(actions: Mapping[str, int]) -> str:
    """Who has not bought, and what to do about them."""
    if not (total := sum(actions.values())):
        return "nobody who can be reached has still to buy"
    call, write = actions.get("task", 0), actions.get("nurture", 0)
    return f"{total} may still buy: {call} worth a call, {write} for the newsletter, {total - call - write} to wait for"


def offers(pairs: Report, dearer: Report, again: Report) -> str:
    """What goes together, what people move on to, and what they need again."""
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


def attribution(one: Report) -> str:
    """Revenue by the last touch before each order: the largest channels of the currency that is paid most in."""
    rows = sorted(one.documents(), key=lambda row: -float(row["last"] or 0))
    if not rows:
        return _missing(one)
    currency = rows[0]["currency"]
    mine = [row for row in rows if row["currency"] == currency]
    total = sum(float(row["last"]) for row in mine)
    best = [f"{row['channel']} {float(row['last']):,.0f} ({float(row['last']) / total:.0%})" for row in mine[:MOST]]
    return f"of {total:,.0f} {currency} in a year, by what people last came by: {', '.join(best)}"


def forecast(one: Report, by_channel: Report) -> str:
    """Next week, with how far it may be off, and by channel where a channel has one."""
    weeks = {str(row["series"]): row for row in reversed(one.documents())}
    told = [
        f"{name} {row['expected']:,.0f} ({row['low']:,.0f} to {row['high']:,.0f})"
        for name, row in sorted(weeks.items())
    ]
    each = {str(row["series"]): row for row in reversed(by_channel.documents())}
    parts = [
        f"{name.removeprefix('orders by ')} {row['expected']:,.0f}"
        for name, row in sorted(each.items())
        if name.startswith("orders by ")
    ]
    of_them = f"; orders by channel: {', '.join(parts)}" if parts else ""
    return f"next week {', '.join(told)}{of_them}" if told else f"none: {_missing(one)}"


def in_crm(contacts: Sequence[Mapping[str, Any]]) -> str:
    """How many contacts show stage, score and next product, and one of those that show all."""
    held = {name: sum(bool(one.get(name)) for one in contacts) for name in SHOWN}
    told = ", ".join(f"{number} with {SHOWN[name]}" for name, number in held.items())
    whole = [one for one in contacts if all(one.get(name) for name in SHOWN) and one.get("firstname")]
    best = min(whole, key=lambda one: one["customer_stage"] != "loyal", default=None)
    if best is None:
        return f"{len(contacts)} contacts: {told}"
    score = best["customer_score"]
    scored = f"score {score}" if len(score) < len("555") else f"{score} of 555 (recency, frequency, money)"
    stage = best["customer_stage"].replace("_", " ")
    return f"{len(contacts)} contacts: {told}; {best['firstname']} is {stage}, {scored}, next {best['next_product']}"


SHOWN = {"customer_stage": "a stage", "customer_score": "a score", "next_product": "a next product"}


def _missing(one: Report) -> str:
    return next((note for note in one.notes), f"{one.title}: too little data")
