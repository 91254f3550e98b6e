"""Reports as tables: what the terminal, csv and JSON show alike. Pure functions of customers, model and as-of day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from hub.insight import rfm, stages
from hub.insight.customers import Customers, date_of
from hub.insight.model import Model

Cell = str | int | float | None


@dataclass(frozen=True, slots=True)
class Report:
    """``notes`` say what the numbers mean, and what there is too little data for. Shares are from 0 to 1."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: list[tuple[Cell, ...]]
    notes: tuple[str, ...] = field(default=())

    def documents(self) -> list[dict[str, Any]]:
        """A row each, by the names of the columns."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


PERIOD = 90
TOO_LITTLE = "too little data: nobody has ordered yet"


def life_cycle(customers: Customers, currencies: Sequence[str], model: Model) -> Report:
    """Customers by stage, where they were a quarter ago, and what is expected of them in a year."""
    columns = ("stage", "customers", "share", f"{PERIOD} days ago", "came", "left", "orders expected in a year")
    if not len(customers.counts):
        return Report("life-cycle", "Life cycle", columns, [], (TOO_LITTLE,))
    now = stages.stages(customers, model.limits).stage
    before, there = customers.until(customers.as_of - PERIOD)
    was = np.full(len(now), -1)
    if len(there):
        was[there] = stages.stages(before, model.limits).stage
    expected = (
        model.rhythm.expected(customers.x, customers.tx, customers.t, 365.0)
        if model.rhythm
        else np.full(len(now), np.nan)
    )
    rows: list[tuple[Cell, ...]] = []
    for stage, name in enumerate(stages.NAMES):
        mine, mine_then = now == stage, was == stage
        orders = None if model.rhythm is None else round(float(expected[mine].sum()), 1)
        came, left = int((mine & ~mine_then).sum()), int((mine_then & ~mine).sum())
        rows.append((name, int(mine.sum()), _share(mine.sum(), len(now)), int(mine_then.sum()), came, left, orders))
    notes = (f"as of {date_of(customers.as_of)}; {len(now)} customers with an order", *model.said)
    return Report("life-cycle", "Life cycle", columns, rows, notes)


def moves(customers: Customers, currencies: Sequence[str], model: Model) -> Report:
    """Customers by the stage they were in a quarter ago and the one they are in now; who came since was ``potential``.

    Sums are those of ``life_cycle``.
    """
    columns = ("from", "to", "customers", "share")
    if not len(customers.counts):
        return Report("moves", "Moves between stages", columns, [], (TOO_LITTLE,))
    now = stages.stages(customers, model.limits).stage
    before, there = customers.until(customers.as_of - PERIOD)
    was = np.full(len(now), -1)
    if len(there):
        was[there] = stages.stages(before, model.limits).stage
    rows: list[tuple[Cell, ...]] = []
    for place, one in enumerate((stages.POTENTIAL, *stages.NAMES), start=-1):
        for stage, other in enumerate(stages.NAMES):
            number = int(((was == place) & (now == stage)).sum())
            if number:
                rows.append((one, other, number, _share(number, len(now))))
    notes = (f"from {date_of(customers.as_of - PERIOD)} to {date_of(customers.as_of)}",)
    return Report("moves", "Moves between stages", columns, rows, notes)


def rfm_groups(customers: Customers, currencies: Sequence[str], model: Model) -> Report:
    """Customers and revenue by RFM group; amounts of different currencies are never added."""
    columns = ("group", "customers", "share", "currency", "revenue", "share of revenue")
    if model.rfm is None or not len(customers.counts):
        return Report("rfm", "RFM groups", columns, [], model.said or (TOO_LITTLE,))
    total, named = customers.total(), np.array(list(currencies), dtype=object)
    scored = rfm.scores(
        model.rfm,
        customers.t - customers.tx,
        customers.counts.astype(np.float64),
        total,
        list(currencies),
    )
    groups = np.array([rfm.group(*scores) for scores in scored.tolist()], dtype=object)
    rows: list[tuple[Cell, ...]] = []
    for name in rfm.GROUPS:
        for currency in sorted(set(currencies)):
            mine = (groups == name) & (named == currency)
            if mine.any():
                revenue, all_of_it = float(total[mine].sum()), float(total[named == currency].sum())
                share = _share(revenue, all_of_it)
                rows.append((name, int(mine.sum()), _share(mine.sum(), len(named)), currency, round(revenue, 2), share))
    return Report("rfm", "RFM groups", columns, rows, (f"as of {date_of(customers.as_of)}",))


def _share(part: float, whole: float) -> float | None:
    return round(float(part) / float(whole), 4) if whole else None
