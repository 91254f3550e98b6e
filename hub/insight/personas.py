"""Personas: groups of customers that are there, in words. Pure functions of customers, a fit, and an as-of day.

Customers are compared by ranks within the business (0 to 1), so that one order of a wholesaler moves nothing: how long
ago the last order is, how many order days, what one brings, and how long they have been customers. Groups are shown
only where resamples of the customers give the same ones again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from hub.insight import clusters
from hub.insight.clusters import Ints
from hub.insight.customers import Customers
from hub.insight.special_functions import Floats

FEWEST = 200
"""Customers that groups need."""

SAMPLE = 3_000
FEATURES = ("recency", "orders", "basket", "age")
_WORDS: Mapping[str, tuple[str, str]] = {
    "recency": ("ordered lately", "long away"),
    "orders": ("few orders", "many orders"),
    "basket": ("small baskets", "large baskets"),
    "age": ("new here", "here for long"),
}
_SAME = 0.25
"""Mean difference of ranks up to which a group is the one of the last fit, and keeps its name."""

_TELLING = 0.08
"""Difference from the middle rank below which a feature says nothing of a group."""

KNOTS = 101


@dataclass(frozen=True, slots=True)
class Persona:
    """``centre`` are ranks by ``FEATURES``; the name stays while later fits find the group again."""

    name: str
    centre: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Personas:
    """``knots`` are the hundredths of each feature; of baskets those of each currency, under ``basket CUR``."""

    groups: tuple[Persona, ...]
    knots: Mapping[str, tuple[float, ...]]
    agreement: float
    seed: int = clusters.SEED
    tried: Mapping[int, float] = field(default_factory=dict)

    def of(self, customers: Customers, currencies: Sequence[str], day: Floats) -> Ints:
        """The group of each customer."""
        return clusters.nearest(self.ranks(customers, currencies, day), self.centres)

    @property
    def centres(self) -> Floats:
        """A row per group."""
        return np.array([one.centre for one in self.groups])

    def ranks(self, customers: Customers, currencies: Sequence[str], day: Floats) -> Floats:
        """A row per customer, from 0 to 1."""
        return _ranked(_values(customers, day), currencies, self.knots)


def fit(
    customers: Customers, currencies: Sequence[str], before: Personas | None = None
) -> tuple[Personas | None, list[str]]:
    """The groups there are, named as before where they were there before; and what there is too little of."""
    size = len(customers.counts)
    if size < FEWEST:
        return None, [f"too little data for personas: {size} customers, {FEWEST} are needed"]
    day = np.full(size, float(customers.as_of))
    values = _values(customers, day)
    knots = _knots(values, currencies)
    rows = _ranked(values, currencies, knots)
    rows = rows[np.lexsort(rows.T[::-1])]
    chosen = rows[np.unique(np.linspace(0, size - 1, min(size, SAMPLE)).astype(np.int64))]
    found, tried = clusters.found(chosen, told_apart=_told_apart)
    if found is None:
        best = max(tried.values(), default=0.0)
        said = "no personas: resamples of the customers do not give the same groups again"
        return None, [f"{said} (at best {best:.2f}, {clusters.STABLE} is needed)"]
    return Personas(_named(found.centres, before), knots, found.agreement, tried=found.tried), []


def _values(customers: Customers, day: Floats) -> dict[str, Floats]:
    return {
        "recency": np.maximum(0.0, day - customers.last),
        "orders": customers.counts.astype(np.float64),
        "basket": customers.paid()[1],
        "age": np.maximum(0.0, day - customers.first),
    }


def _knots(values: Mapping[str, Floats], currencies: Sequence[str]) -> dict[str, tuple[float, ...]]:
    steps = np.linspace(0, 1, KNOTS)
    told = {name: tuple(np.quantile(values[name], steps).tolist()) for name in FEATURES if name != "basket"}
    named = np.array(list(currencies), dtype=object)
    for currency in sorted(set(currencies)):
        told[f"basket {currency}"] = tuple(np.quantile(values["basket"][named == currency], steps).tolist())
    return told


def _ranked(values: Mapping[str, Floats], currencies: Sequence[str], knots: Mapping[str, tuple[float, ...]]) -> Floats:
    """Ranks by the knots, ties in the middle; a basket in a currency that was not there at the fit is in the middle."""
    rows = np.full((len(values["orders"]), len(FEATURES)), 0.5)
    named = np.array(list(currencies), dtype=object)
    for place, name in enumerate(FEATURES):
        if name != "basket":
            rows[:, place] = _rank(values[name], knots[name])
            continue
        for currency in sorted(set(currencies)):
            mine = named == currency
            if held := knots.get(f"basket {currency}"):
                rows[mine, place] = _rank(values[name][mine], held)
    return rows


def _rank(column: Floats, knots: tuple[float, ...]) -> Floats:
    held = np.array(knots)
    low, high = np.searchsorted(held, column, side="left"), np.searchsorted(held, column, side="right")
    return np.asarray((low + high) / 2 / len(held), dtype=np.float64)


def _named(centres: Floats, before: Personas | None) -> tuple[Persona, ...]:
    """Groups with names: those of the last fit that are nearest, each once, and new ones in words."""
    names: dict[int, str] = {}
    if before is not None and before.centres.shape[1:] == centres.shape[1:]:
        apart = np.abs(centres[:, None, :] - before.centres[None, :, :]).mean(axis=2)
        pairs = sorted(
            (float(apart[one, other]), one, other) for one in range(len(centres)) for other in range(len(before.groups))
        )
        taken: set[int] = set()
        for distance, one, other in pairs:
            if distance <= _SAME and one not in names and other not in taken:
                names[one] = before.groups[other].name
                taken.add(other)
    found = []
    for place, centre in enumerate(centres):
        name = names.get(place) or _new_name(centre, set(names.values()))
        names[place] = name
        found.append(Persona(name, tuple(round(float(rank), 4) for rank in centre)))
    return tuple(found)


def _new_name(centre: Floats, taken: set[str]) -> str:
    words = in_words(centre)
    for number in range(min(2, len(words)), len(words) + 1):
        name = ", ".join(words[:number]) or "like everybody"
        if name not in taken:
            return name
    return next(name for number in range(2, 100) if (name := f"{', '.join(words)} ({number})") not in taken)


def _told_apart(centres: Floats) -> bool:
    """Whether each group has words of its own: what nobody can tell apart is no two kinds of customers."""
    words = [frozenset(in_words(centre)) for centre in centres]
    return len(set(words)) == len(words)


def in_words(centre: Sequence[float] | Floats) -> list[str]:
    """What sets a group apart from the middle of all customers, the strongest first, three at most."""
    apart = sorted(
        ((abs(rank - 0.5), name, int(rank > 0.5)) for name, rank in zip(FEATURES, centre, strict=True)), reverse=True
    )
    return [_WORDS[name][high] for distance, name, high in apart if distance >= _TELLING][:3]


def journey(customers: Customers, row: int, currency: str, via: str) -> str:
    """The history of one customer without a name or a date: how many orders, how far apart, for how much."""
    start, number = int(customers.starts[row]), int(customers.counts[row])
    days, nets = customers.days[start : start + number], customers.nets[start : start + number]
    ago = customers.as_of - int(days[-1])
    if number == 1:
        return f"one order of {nets[0]:.0f} {currency} by {via}, {ago} days ago"
    gaps = np.diff(days)[-5:]
    steps = ", ".join(str(int(gap)) for gap in gaps)
    return (
        f"{number} orders of {nets.mean():.0f} {currency} on the mean, the last ones {steps} days apart; "
        f"the last by {via}, {ago} days ago"
    )


def typical(ranks: Floats, groups: Ints, centres: Floats, group: int, number: int = 3) -> list[int]:
    """The rows nearest to the centre of a group."""
    mine = np.flatnonzero(groups == group)
    apart = ((ranks[mine] - centres[group]) ** 2).sum(axis=1)
    return [int(row) for row in mine[np.lexsort((mine, apart))][:number]]
