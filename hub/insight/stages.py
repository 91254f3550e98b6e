"""The life cycle: which stage somebody is in, since when, and when that ends by itself.

potential (no order) · new · existing · loyal · at risk · former · won back.

A stage is the outcome of a walk over the customer's own order days, by the model in force: so it is the same in
whatever order the facts came, and a merge or a split of profiles moves it with the facts. Between orders the
probability to be alive only falls, so every change by time has a closed form, and is known ahead (``due``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hub.insight.customers import Customers, Ints
from hub.insight.rhythm import Rhythm
from hub.insight.special_functions import Floats

NEW, EXISTING, LOYAL, AT_RISK, FORMER, WON_BACK = range(6)
NAMES = ("new", "existing", "loyal", "at_risk", "former", "won_back")
POTENTIAL = "potential"
NOBODY = -1
"""The stage before the first order."""

NEVER = 10**7
"""A day that no customer lives to see."""

LIVELY, GONE = 0.5, 0.2
"""Above the first somebody is an existing customer, below the second a former one."""

SLACK = 0.05
"""Hysteresis around both: it takes 28 % of the changes of CDNOW's customers away (measured)."""

LOYAL_FROM, LOYAL_UNTIL = 0.7, 0.6
LOYAL_ORDERS = 3
BACK_GAPS = 2
"""So many of their own usual gaps after coming back, a customer is an existing one again."""

WALKED = 200
"""Orders that a walk begins before the last one at most: nothing of before decides where it ends."""

FIXED_NEW, FIXED_RISK, FIXED_GONE = 90, 180, 365
"""Days, for a business with too little data to have a rhythm: they fit nobody in particular, and it is said so."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How people come and go in one business.

    ``rhythm`` is None where there is too little data, and fixed days hold. ``second_order`` is how many days a new
    customer stays new. ``loyal`` are the orders expected in a year from which somebody may be loyal, and below which
    somebody ceases to be at the next order.
    """

    rhythm: Rhythm | None = None
    second_order: int = FIXED_NEW
    loyal: tuple[float, float] = (float("inf"), float("inf"))


@dataclass(frozen=True, slots=True)
class Staged:
    """Of each customer: the stage, the day since when, the day it ends by itself (``NEVER``), and the stage before.

    ``before`` is ``NOBODY`` where the first order made the stage.
    """

    stage: Ints
    since: Ints
    due: Ints
    before: Ints


@dataclass(frozen=True, slots=True)
class _Falls:
    """Days after the first order at which a customer leaves a stage, without a further order."""

    loyal: Floats
    risk: Floats
    gone: Floats
    plain_risk: Floats
    plain_gone: Floats


def stages(customers: Customers, limits: Limits) -> Staged:
    """The stage of each customer as of the customers' day."""
    size = len(customers.counts)
    first, starts, counts = customers.first, customers.starts, customers.counts
    begin = np.maximum(counts - 1 - WALKED, 0)
    stage = np.where(begin > 0, EXISTING, NEW)
    last = (customers.days[starts + begin] - first).astype(np.float64)
    since, back, prior = last.copy(), np.zeros(size), np.full(size, NOBODY, dtype=np.int64)
    yearly = _yearly(customers, begin, limits)
    on = np.arange(size)
    for step in range(1, int((counts - begin).max(initial=1))):
        on = on[counts[on] > begin[on] + step]
        rank, place = (begin[on] + step).astype(np.float64), starts[on] + begin[on] + step
        now = (customers.days[place] - first[on]).astype(np.float64)
        before, began, _, came = _by_time(stage[on], since[on], rank - 1, last[on], now, back[on], limits, prior[on])
        after = _by_order(before, rank, now, limits, yearly[place])
        since[on] = np.where(after == before, began, now)
        prior[on] = np.where(after == before, came, before)
        back[on] = _back_until(rank, last[on], now, limits)
        stage[on], last[on] = after, now
    found, began, due, came = _by_time(stage, since, customers.x, customers.tx, customers.t, back, limits, prior)
    whole = np.where(due < NEVER, due + first, NEVER)
    return Staged(found, (began + first).astype(np.int64), whole.astype(np.int64), came)


def history(customer: Customers, limits: Limits) -> list[tuple[int, str]]:
    """Every stage that one customer has been in, with the day since when, oldest first; by the same walk."""
    first, days = int(customer.days[0]), (customer.days - customer.days[0]).astype(np.float64)
    begin = max(0, len(days) - 1 - WALKED)
    yearly = _yearly(customer, np.array([begin]), limits)
    base, unasked = np.array([EXISTING if begin else NEW]), np.array([NOBODY])
    since, back = days[begin : begin + 1], np.zeros(1)
    told = [(first + int(days[begin]), NAMES[int(base[0])])]
    for rank in range(begin, len(days)):
        last = days[rank : rank + 1]
        until = days[rank + 1] if rank + 1 < len(days) else float(customer.as_of - first)
        x = np.array([float(rank)])
        found, _, due, _ = _by_time(base, since, x, last, last, back, limits, unasked)
        while due[0] <= until and due[0] < NEVER:
            at = due.copy()
            found, _, due, _ = _by_time(base, since, x, last, at, back, limits, unasked)
            told.append((first + int(at[0]), NAMES[int(found[0])]))
        if rank + 1 < len(days):
            since = days[rank + 1 : rank + 2]
            base = _by_order(found, x + 1, since, limits, yearly[rank + 1 : rank + 2])
            back = _back_until(x + 1, last, since, limits)
            told.append((first + int(since[0]), NAMES[int(base[0])]))
    return [one for place, one in enumerate(told) if not place or told[place - 1][1] != one[1]]


def _yearly(customers: Customers, begin: Ints, limits: Limits) -> Floats:
    """The orders expected in a year right after each order day that can make somebody loyal; 0 after the others."""
    told = np.zeros(len(customers.days))
    if limits.rhythm is None:
        return told
    x = (np.arange(len(told)) - customers.starts[customers.owner]).astype(np.float64)
    t = (customers.days - customers.first[customers.owner]).astype(np.float64)
    asked = (x + 1 >= LOYAL_ORDERS) & (x >= begin[customers.owner])
    asked &= limits.rhythm.alive(x, t, t) >= LOYAL_UNTIL
    told[asked] = limits.rhythm.expected(x[asked], t[asked], t[asked], 365.0)
    return told


def _by_order(before: Ints, x: Floats, t: Floats, limits: Limits, yearly: Floats) -> Ints:
    """The stage right after an order, the ``x``-th repeat, at ``t``; ``yearly`` as of ``_yearly``."""
    stage = np.full(len(before), EXISTING, dtype=np.int64)
    if limits.rhythm is not None:
        alive, stays = limits.rhythm.alive(x, t, t), before == LOYAL
        stage = np.where((before == AT_RISK) & (alive < LIVELY + SLACK), AT_RISK, stage)
        enough = (alive >= np.where(stays, LOYAL_UNTIL, LOYAL_FROM)) & (before != FORMER) & (x + 1 >= LOYAL_ORDERS)
        stage = np.where(enough & (yearly >= np.where(stays, limits.loyal[1], limits.loyal[0])), LOYAL, stage)
    return np.where(before == FORMER, WON_BACK, stage)


def _back_until(rank: Floats, last: Floats, now: Floats, limits: Limits) -> Floats:
    """Until when somebody who comes back now is a returner: two of the gaps that were usual before they went."""
    gap = np.where(rank > 1, last / np.maximum(rank - 1, 1), limits.second_order / BACK_GAPS)
    return np.asarray(now + np.maximum(BACK_GAPS * gap, 1), dtype=np.float64)


def _by_time(
    stage: Ints,
    since: Floats,
    x: Floats,
    tx: Floats,
    t: Floats,
    back: Floats,
    limits: Limits,
    prior: Ints,
) -> tuple[Ints, Floats, Floats, Ints]:
    """What a stage became ``t`` days after the first order without an order since ``tx``.

    Gives the stage, since when, the next change, and the stage before. ``back`` is until when somebody won back counts
    as that, ``prior`` the stage before ``stage``.
    """
    falls = _falls(x, tx, limits)
    soft = stage == NEW
    risk, gone = np.where(soft, falls.plain_risk, falls.risk), np.where(soft, falls.plain_gone, falls.gone)
    # The stages that follow one another by time alone, each from its day on. A day is whole: from then on it holds.
    ends = np.full(len(t), np.inf)
    ends = np.where(stage == NEW, float(limits.second_order), ends)
    ends = np.where(stage == LOYAL, falls.loyal, ends)
    ends = np.where(stage == WON_BACK, np.minimum(back, risk), ends)
    from_risk = np.maximum(risk, np.where(stage == NEW, ends, tx))
    from_gone = np.maximum(gone, from_risk)
    from_risk = np.where(stage == AT_RISK, -1.0, from_risk)
    ends, from_risk, from_gone = (np.ceil(np.minimum(each, NEVER)) for each in (ends, from_risk, from_gone))
    kept = np.isin(stage, (NEW, LOYAL, WON_BACK)) & (t < np.minimum(ends, from_risk))
    found = np.where(kept, stage, np.where(t >= from_gone, FORMER, np.where(t >= from_risk, AT_RISK, EXISTING)))
    began = np.where(
        found == FORMER,
        from_gone,
        np.where(
            (found == AT_RISK) & (stage != AT_RISK),
            from_risk,
            np.where((found == EXISTING) & (stage != EXISTING), ends, since),
        ),
    )
    due = np.where(
        kept,
        np.minimum(ends, from_risk),
        np.where(found == FORMER, NEVER, np.where(found == AT_RISK, from_gone, from_risk)),
    )
    passing = np.isin(stage, (NEW, LOYAL, WON_BACK)) & (ends < from_risk)
    before_risk = np.where(passing, EXISTING, stage)
    before_gone = np.where((stage == AT_RISK) | (from_risk < from_gone), AT_RISK, before_risk)
    by_time = np.where(found == FORMER, before_gone, np.where(found == AT_RISK, before_risk, stage))
    came = np.where(found == stage, prior, by_time).astype(np.int64)
    return found.astype(np.int64), began, np.asarray(due, dtype=np.float64), came


def _falls(x: Floats, tx: Floats, limits: Limits) -> _Falls:
    rhythm = limits.rhythm
    if rhythm is None:
        never = np.full(len(tx), np.inf)
        return _Falls(never, tx + FIXED_RISK, tx + FIXED_GONE, tx + FIXED_RISK, tx + FIXED_GONE)
    return _Falls(
        *(rhythm.falls_to(p, x, tx) for p in (LOYAL_UNTIL, LIVELY - SLACK, GONE - SLACK, LIVELY, GONE)),
    )


def second_order_window(customers: Customers) -> int | None:
    """The days within which four of five second orders come that will come at all (Kaplan, Meier 1958).

    Customers who have not ordered again yet are counted for as long as they are known. None without a second order.
    """
    again = customers.counts > 1
    if not again.any():
        return None
    second = customers.days[np.minimum(customers.starts + 1, len(customers.days) - 1)]
    waited = np.where(again, second - customers.first, customers.as_of - customers.first)
    days, place = np.unique(waited, return_inverse=True)
    happened = np.bincount(place, weights=again)
    known = len(waited) - np.concatenate(([0], np.cumsum(np.bincount(place))[:-1]))
    came = 1 - np.cumprod(1 - happened / known)
    return max(1, int(days[np.flatnonzero(came >= 0.8 * came[-1])[0]]))
