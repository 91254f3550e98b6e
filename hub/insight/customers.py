"""Customers as arrays: on which days each of them ordered, and for how much.

A day is the number of days since 1970 in UTC. Orders of one day are one: who pays three baskets in an afternoon came
once. Days after the as-of day are not there yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from hub.insight.special_functions import Floats

Ints = NDArray[np.int64]
_EPOCH = date(1970, 1, 1)


def day_of(moment: datetime) -> int:
    """The day of a moment, in UTC."""
    return (moment.astimezone(UTC).date() - _EPOCH).days


def date_of(day: float) -> date:
    """The date of a day."""
    return _EPOCH + timedelta(days=int(day))


@dataclass(frozen=True, slots=True)
class Customers:
    """``days`` of all customers, one after the other; customer ``i`` has ``counts[i]`` of them, from ``starts[i]`` on.

    ``nets`` is what each day brought in the customer's main currency, net of refunds, 0 where it was in another one.
    ``as_of`` is the day of the question.
    """

    days: Ints
    nets: Floats
    counts: Ints
    as_of: int

    @property
    def starts(self) -> Ints:
        """Where each customer's days begin."""
        return np.asarray(np.cumsum(self.counts) - self.counts, dtype=np.int64)

    @property
    def first(self) -> Ints:
        """The first order day."""
        return np.asarray(self.days[self.starts], dtype=np.int64)

    @property
    def last(self) -> Ints:
        """The last order day."""
        return np.asarray(self.days[self.starts + self.counts - 1], dtype=np.int64)

    @property
    def x(self) -> Floats:
        """Repeat orders."""
        return (self.counts - 1).astype(np.float64)

    @property
    def tx(self) -> Floats:
        """Days from the first order to the last."""
        return (self.last - self.first).astype(np.float64)

    @property
    def t(self) -> Floats:
        """Days from the first order until now."""
        return (self.as_of - self.first).astype(np.float64)

    @property
    def owner(self) -> Ints:
        """The place of the customer that each day is of."""
        return np.repeat(np.arange(len(self.counts)), self.counts)

    def paid(self) -> tuple[Floats, Floats]:
        """The number of days that brought money, and the average of those, of each customer (0 without any)."""
        owner, brought = self.owner, self.nets > 0
        number = np.bincount(owner, weights=brought, minlength=len(self.counts))
        total = np.bincount(owner, weights=np.where(brought, self.nets, 0.0), minlength=len(self.counts))
        return number.astype(np.float64), np.asarray(total / np.maximum(number, 1), dtype=np.float64)

    def total(self) -> Floats:
        """What each customer brought."""
        return np.bincount(self.owner, weights=self.nets, minlength=len(self.counts)).astype(np.float64)

    def median_gap(self) -> Floats:
        """The median number of days between orders of each customer; 0 with fewer than two orders."""
        owner = self.owner
        inner = np.ones(len(self.days), dtype=bool)
        inner[self.starts] = False
        gaps, whose = np.diff(self.days, prepend=self.days[:1])[inner], owner[inner]
        order = np.lexsort((gaps, whose))
        gaps = gaps[order].astype(np.float64)
        many = self.counts - 1
        begin = np.cumsum(many) - many
        told = np.zeros(len(self.counts))
        some = many > 0
        low, high = begin[some] + (many[some] - 1) // 2, begin[some] + many[some] // 2
        told[some] = (gaps[low] + gaps[high]) / 2
        return told

    def until(self, day: int) -> tuple[Customers, Ints]:
        """The same as it was on an earlier day, and which customers were there by then."""
        seen = self.days <= day
        counts = np.bincount(self.owner[seen], minlength=len(self.counts))
        there = np.flatnonzero(counts)
        return Customers(self.days[seen], self.nets[seen], counts[there], day), there

    def only(self, wanted: NDArray[np.bool_]) -> Customers:
        """The customers that are wanted."""
        kept = np.repeat(wanted, self.counts)
        return Customers(self.days[kept], self.nets[kept], self.counts[wanted], self.as_of)


def customers(days: Sequence[Sequence[int]], nets: Sequence[Sequence[float]], as_of: int) -> Customers:
    """Of lists of days in ascending order, each with its net amount. Everybody has at least one day by ``as_of``."""
    told = np.fromiter((day for one in days for day in one), dtype=np.int64)
    brought = np.fromiter((net for one in nets for net in one), dtype=np.float64)
    counts = np.fromiter(map(len, days), dtype=np.int64, count=len(days))
    whole = Customers(told, brought, counts, as_of)
    return whole if not len(told) or told.max() <= as_of else whole.until(as_of)[0]
