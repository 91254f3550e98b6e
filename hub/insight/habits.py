"""When somebody will need an item again, and what dearer one comes after it. Pure.

Again: the median of days between the times an item was bought; of one customer the own gaps, drawn towards everybody's
as if by two more gaps of theirs. After as many days an order is more likely than not. Only for what is used up: at
least five customers, and a fifth of its buyers, bought it again.

Dearer: of those who own an item, how many later bought another one of its category that costs at least a tenth more,
and no more than three times as much. Five at least.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

SUPPORT = 5
USED_UP = 0.2
"""The share of buyers who buy an item again, from which it is used up and not owned."""

OWN_WEIGHT = 2
DEARER, DEAREST = 1.1, 3.0
MOST_ITEMS = 500
STEPS = 5
OVERDUE = 2.0
"""So many gaps late, nobody needs it any more: it was bought elsewhere."""

Days = Mapping[str, Sequence[int]]
"""Of one customer: the days (ascending) on which each item was bought."""


@dataclass(frozen=True, slots=True)
class Habit:
    """``gap_days`` is the median until the next time; 0 where too few bought it again."""

    gap_days: float
    again: int
    bought: int


@dataclass(frozen=True, slots=True)
class Step:
    """Of ``owners``, ``moved`` bought ``other`` later."""

    other: str
    moved: int
    owners: int


@dataclass(frozen=True, slots=True)
class Need:
    """An item that is due again on a day, by so many times it was bought."""

    item: str
    due: int
    times: int
    gap_days: float


def habits(customers: Iterable[Days]) -> dict[str, Habit]:
    """Of each item how often it is bought again, and after how long; a customer counts once, by the median gap."""
    gaps: defaultdict[str, list[float]] = defaultdict(list)
    bought: Counter[str] = Counter()
    for one in customers:
        if len(one) > MOST_ITEMS:
            continue
        for item, days in one.items():
            bought[item] += 1
            if own := _gaps(days):
                gaps[item].append(median(own))
    found = {}
    for item, number in bought.items():
        again = gaps.get(item, [])
        used = len(again) >= SUPPORT and len(again) >= USED_UP * number
        found[item] = Habit(round(median(again), 1) if used else 0.0, len(again), number)
    return found


def _gaps(days: Sequence[int]) -> list[int]:
    told = sorted(set(days))
    return [after - before for before, after in pairwise(told)]


def needs(mine: Days, known: Mapping[str, Habit], today: int, *, never: Collection[str] = ()) -> list[Need]:
    """What one customer will need again, the soonest first; what is long overdue was bought elsewhere."""
    found = []
    for item, days in mine.items():
        habit = known.get(item)
        if habit is None or habit.gap_days <= 0 or item in never:
            continue
        own = _gaps(days)
        usual = habit.gap_days
        gap = (len(own) * median(own) + OWN_WEIGHT * usual) / (len(own) + OWN_WEIGHT) if own else usual
        last = max(days)
        due = last + max(1, round(gap))
        if today <= last + OVERDUE * gap:
            found.append(Need(item, due, len(set(days)), round(gap, 1)))
    return sorted(found, key=lambda one: (one.due, one.item))


def dearer(
    customers: Iterable[Days], prices: Mapping[str, tuple[float, str]], categories: Mapping[str, str]
) -> dict[str, list[Step]]:
    """What owners of each item bought later, dearer and of the same category; prices are (amount, currency)."""
    owners: Counter[str] = Counter()
    moved: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for one in customers:
        if len(one) > MOST_ITEMS:
            continue
        first = {item: min(days) for item, days in one.items() if item in prices and item in categories}
        for item, day in first.items():
            owners[item] += 1
            for other, later in first.items():
                if later > day and categories[other] == categories[item] and is_dearer(prices[item], prices[other]):
                    moved[item][other] += 1
    return {
        item: [
            Step(other, number, owners[item])
            for other, number in sorted(each.items(), key=lambda one: (-one[1], one[0]))[:STEPS]
            if number >= SUPPORT
        ]
        for item, each in moved.items()
        if max(each.values()) >= SUPPORT
    }


def is_dearer(one: tuple[float, str], other: tuple[float, str]) -> bool:
    """Whether the other is the next step up; amounts of different currencies are never compared."""
    return one[1] == other[1] and one[0] > 0 and DEARER * one[0] <= other[0] <= DEAREST * one[0]


def up_sell(
    owned: Collection[str], known: Mapping[str, Sequence[Step]], *, never: Collection[str] = ()
) -> tuple[str, str, Step] | None:
    """(item, because of which, step): the dearer one that most owners of something owned moved on to."""
    out = {*owned, *never}
    best = [
        (-step.moved / step.owners, step.other, item, step)
        for item in owned
        for step in known.get(item, ())
        if step.other not in out
    ]
    if not best:
        return None
    _, other, item, step = min(best, key=lambda one: one[:3])
    return other, item, step
