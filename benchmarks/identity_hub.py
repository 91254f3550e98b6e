"""What identity makes of a labelled set, in memory, by default rules and trained as ``hub identity evaluate`` trains.

Beside the quality: what was asked and how much of it is true, where the true pairs were lost, and of the scored pairs
by bits how many are true, which is what bits should mean.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import combinations, pairwise
from math import floor
from typing import Any

from benchmarks.labelled_people import LabelledSet
from hub.learning.evaluate import Found, Quality, in_memory, quality
from hub.matching.everybody import components
from hub.matching.features import features_of
from hub.matching.rules import IdentityRules
from hub.matching.version import identity
from hub.store.training import LEAST

LOWEST, HIGHEST = -8, 20
"""Bits below and above which all pairs are counted together."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """Scored pairs of ``since`` bits or more, and below the next bucket's; ``true`` of them are of one person."""

    since: int
    pairs: int
    true: int


@dataclass(frozen=True, slots=True)
class Measured:
    """One set.

    ``reviews`` counts pairs of people, and those whose surest pair of records is one person; ``calibration`` is by one
    bit each; ``asked`` and ``merged`` are all scored pairs in the review band and above it. ``lost`` counts the true
    pairs of records that are not together by where: never compared, below the band, asked, or refused though sure.
    ``reachable`` is the recall if every true pair that was compared were joined.
    """

    name: str
    records: int
    people: int
    found: int
    quality: Quality
    reviews: int
    reviews_true: int
    pairs: int
    calibration: list[Bucket]
    asked: Bucket
    merged: Bucket
    lost: Mapping[str, int]
    true_pairs: int
    reachable: float
    wrong: int
    seconds: Mapping[str, float]
    peers: dict[str, Any] = field(default_factory=dict)


def measured(labelled: LabelledSet) -> Measured:
    """Features, keys, training, scores and clusters of a set, against its truth."""
    rules = IdentityRules()
    began = time.perf_counter()
    people = {record: features_of(state, rules) for record, state in labelled.states.items()}
    features = time.perf_counter() - began
    found = in_memory(people, identity(rules).model, rules, train=len(people) >= LEAST)
    truth = labelled.truth
    place = {one: number for number, group in enumerate(found.clusters.groups) for one in group}
    told = {(place[a], place[b]): truth[a] == truth[b] for a, b, _ in reversed(found.doubtful)}
    asked = {(min(pair), max(pair)): one for pair, one in told.items()}
    same, ask = found.model.same, found.model.ask
    return Measured(
        name=labelled.name,
        records=len(truth),
        people=len(set(truth.values())),
        found=len(found.clusters.groups),
        quality=quality(truth, place),
        reviews=len(asked),
        reviews_true=sum(asked.values()),
        pairs=len(found.scores),
        calibration=_calibration(found, truth),
        asked=_between(found, truth, ask, same),
        merged=_between(found, truth, same, float("inf")),
        lost=_lost(found, truth, place),
        true_pairs=_pairs(Counter(truth.values()).values()),
        reachable=_reachable(found, truth),
        wrong=_wrong(truth, place),
        seconds={"features": features, **found.seconds},
    )


def _calibration(found: Found, truth: Mapping[str, str]) -> list[Bucket]:
    counted: defaultdict[int, list[int]] = defaultdict(lambda: [0, 0])
    for (a, b), score in found.scores.items():
        counted[max(LOWEST - 1, min(floor(score.weight), HIGHEST))][truth[a] == truth[b]] += 1
    return [Bucket(since, sum(told), told[1]) for since, told in sorted(counted.items())]


def _between(found: Found, truth: Mapping[str, str], low: float, high: float) -> Bucket:
    told = [truth[a] == truth[b] for (a, b), score in found.scores.items() if low <= score.weight < high]
    return Bucket(floor(low), len(told), sum(told))


def _lost(found: Found, truth: Mapping[str, str], place: Mapping[str, int]) -> dict[str, int]:
    members: defaultdict[str, list[str]] = defaultdict(list)
    for record, cluster in truth.items():
        members[cluster].append(record)
    lost = dict.fromkeys(("not compared", "below", "asked", "refused"), 0)
    for group in members.values():
        for a, b in combinations(sorted(group), 2):
            if place[a] == place[b]:
                continue
            score = found.scores.get((a, b))
            if score is None:
                lost["not compared"] += 1
            elif score.weight < found.model.ask:
                lost["below"] += 1
            else:
                lost["asked" if score.weight < found.model.same else "refused"] += 1
    return lost


def _reachable(found: Found, truth: Mapping[str, str]) -> float:
    number = {record: place for place, record in enumerate(truth)}
    joined = (*found.scores, *(pair for group in found.clusters.groups for pair in pairwise(group)))
    ties = ((number[a], number[b]) for a, b in joined if truth[a] == truth[b])
    reached = _pairs(map(len, components(len(truth), ties)))
    wanted = _pairs(Counter(truth.values()).values())
    return reached / wanted if wanted else 1.0


def _wrong(truth: Mapping[str, str], place: Mapping[str, int]) -> int:
    """Clusters that hold more than one person."""
    people: defaultdict[int, set[str]] = defaultdict(set)
    for record, cluster in truth.items():
        people[place[record]].add(cluster)
    return sum(len(each) > 1 for each in people.values())


def _pairs(sizes: Iterable[int]) -> int:
    return sum(size * (size - 1) // 2 for size in sizes)
