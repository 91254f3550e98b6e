"""Cohorts: who ordered first in the same month, and how many of them come back, month by month."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hub.insight.customers import Customers, Ints
from hub.insight.reports import TOO_LITTLE, Cell, Report

MONTHS = 12


def cohorts(customers: Customers, currencies: Sequence[str], months: int = MONTHS) -> Report:
    """A row per month of first orders: the share that ordered in each month after it.

    A month that is not over yet has no number: it would look like people staying away.
    """
    columns = ("first order", "customers", *(f"month {number}" for number in range(1, months + 1)), "orders each")
    if not len(customers.counts):
        return Report("cohorts", "Cohorts by month of the first order", columns, [], (TOO_LITTLE,))
    cohort, ordered = _month(customers.first), _month(customers.days)
    present = int(_month(np.array([customers.as_of]))[0])
    owner = customers.owner
    after = ordered - cohort[owner]
    # One customer counts once in a month, however often they ordered in it.
    once = np.unique(np.column_stack([cohort[owner], after, owner]), axis=0)
    rows: list[tuple[Cell, ...]] = []
    for month in np.unique(cohort).tolist():
        size = int((cohort == month).sum())
        came = np.bincount(once[once[:, 0] == month, 1], minlength=months + 1)
        shares = [
            round(float(came[number]) / size, 4) if month + number < present else None
            for number in range(1, months + 1)
        ]
        each = round(float(customers.counts[cohort == month].sum()) / size, 2)
        rows.append((_name(month), size, *shares, each))
    return Report(
        "cohorts",
        "Cohorts by month of the first order",
        columns,
        rows,
        ("the share of a month's new customers who ordered again in each month after it; months that go on have none",),
    )


FEWEST = 20
"""Customers of a cohort, without whom its shares say nothing."""


def by_channel(customers: Customers, vias: Sequence[str]) -> Report:
    """A row per month of first orders and the connection of the first order: who came back, and what they bring.

    ``vias`` is that connection, of each customer. Periods that are not over yet have no number; neither has a share of
    fewer than twenty customers.
    """
    title = "Cohorts by month and channel of the first order"
    columns = ("first order", "channel", "customers", "share back in 90 days", "share back in 365 days", "orders each")
    if not len(customers.counts):
        return Report("cohorts-by-channel", title, columns, [], (TOO_LITTLE,))
    cohort, named = _month(customers.first), np.array([via or "unknown" for via in vias], dtype=object)
    again = customers.counts > 1
    second = np.full(len(cohort), np.inf)
    second[again] = customers.days[customers.starts[again] + 1] - customers.first[again]
    rows: list[tuple[Cell, ...]] = []
    for month in np.unique(cohort).tolist():
        ended = int(np.datetime64(month + 1, "M").astype("datetime64[D]").astype(np.int64))
        for via in sorted(set(named[cohort == month].tolist())):
            mine = (cohort == month) & (named == via)
            size = int(mine.sum())
            shares = [
                round(float((second[mine] <= days).sum()) / size, 4)
                if size >= FEWEST and ended + days <= customers.as_of
                else None
                for days in (90, 365)
            ]
            rows.append((_name(month), via, size, *shares, round(float(customers.counts[mine].sum()) / size, 2)))
    note = (
        "the share of whom a second order came within 90 and 365 days; empty while that time is not over for all of "
        f"them, and below {FEWEST} customers"
    )
    return Report("cohorts-by-channel", title, columns, rows, (note,))


def _month(days: Ints) -> Ints:
    return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


def _name(month: int) -> str:
    return str(np.datetime64(month, "M"))
