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


def _month(days: Ints) -> Ints:
    return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


def _name(month: int) -> str:
    return str(np.datetime64(month, "M"))
