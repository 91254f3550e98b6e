"""The weekly digest: what a shop owner wants to know in a minute, this week beside the one before. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from hub.insight import stages
from hub.insight.customers import Customers, date_of
from hub.insight.model import Model
from hub.insight.reports import Cell, Report

WEEK = 7
_COLUMNS = ("what", "last 7 days", "7 days before", "change in share")


@dataclass(frozen=True, slots=True)
class Week:
    """What is told besides orders: people, messages and carts; ``troubles`` are alerts that are not over."""

    carts: int | None = None
    cart_worth: Mapping[str, float] = field(default_factory=dict)
    waiting: int | None = None
    complaints: int | None = None
    complaints_before: int | None = None
    expected: Sequence[tuple[str, float, float, float]] = ()
    """(what, expected, low, high) of the next seven days."""

    troubles: Sequence[str] = ()


def digest(customers: Customers, currencies: Sequence[str], model: Model, week: Week) -> Report:
    """The figures of the last seven full days, up to yesterday."""
    rows: list[tuple[Cell, ...]] = []
    until = customers.as_of
    if len(customers.counts):
        rows += _orders(customers, currencies)
        rows += _stages(customers, model)
    if week.carts is not None:
        worth = "; ".join(f"{total:.2f} {currency}" for currency, total in sorted(week.cart_worth.items()))
        rows.append((f"carts that were left{f' (worth {worth})' if worth else ''}", week.carts, None, None))
    if week.complaints is not None:
        rows.append(_row("complaints", week.complaints, week.complaints_before or 0))
    if week.waiting is not None:
        rows.append(("people who wait for an answer for more than a day", week.waiting, None, None))
    notes = [f"{date_of(until - WEEK)} to {date_of(until - 1)}, UTC days"]
    notes += [
        f"next 7 days: {name} {middle:,.0f} ({low:,.0f} to {high:,.0f})" for name, middle, low, high in week.expected
    ]
    notes += [f"needs you: {text}" for text in week.troubles] or ["nothing is broken"]
    if not len(customers.counts):
        notes.insert(1, "too little data: nobody has ordered yet")
    return Report("digest", "Your week", _COLUMNS, rows, tuple(notes))


def _orders(customers: Customers, currencies: Sequence[str]) -> list[tuple[Cell, ...]]:
    held, age = customers, customers.as_of - customers.days
    now, before = (age >= 1) & (age <= WEEK), (age > WEEK) & (age <= 2 * WEEK)
    first = held.days == held.first[held.owner]
    rows = [
        _row("orders (one a customer and day)", int(now.sum()), int(before.sum())),
        _row("new customers", int((now & first).sum()), int((before & first).sum())),
    ]
    named = np.array(list(currencies), dtype=object)[held.owner]
    for currency in sorted(set(currencies)):
        mine = named == currency
        sums = [round(float(held.nets[mine & each].sum()), 2) for each in (now, before)]
        if any(sums):
            rows.append(_row(f"revenue in {currency}", *sums))
    return rows


def _stages(customers: Customers, model: Model) -> list[tuple[Cell, ...]]:
    """Good customers who went quiet, and those who came back, in the week."""
    now = stages.stages(customers, model.limits)
    recent = now.since > customers.as_of - WEEK
    at_risk = int(((now.stage == stages.AT_RISK) & recent).sum())
    back = int(((now.stage == stages.WON_BACK) & recent).sum())
    return [("customers who became at risk", at_risk, None, None), ("customers won back", back, None, None)]


def _row(name: str, now: float, before: float) -> tuple[Cell, ...]:
    return name, now, before, round((now - before) / before, 4) if before else None


def in_words(report: Report) -> str:
    """The digest as plain text, for a mail or a chat."""
    lines = []
    for name, now, before, change in report.rows:
        told = f"{now:,.2f}" if isinstance(now, float) else str(now)
        if before is not None:
            was = f"{before:,.2f}" if isinstance(before, float) else str(before)
            percent = f", {100 * change:+.0f} %" if isinstance(change, float) else ""
            told = f"{told} (week before: {was}{percent})"
        lines.append(f"{name}: {told}")
    return "\n".join([*lines, "", *report.notes])
