"""Measure clusters against the truth: pairwise and B-cubed, and a run in memory over a labelled csv."""

from __future__ import annotations

import csv
import time
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

from hub.errors import PayloadError
from hub.learning.estimation import estimate
from hub.mapping.address import country
from hub.mapping.customer import CustomerField, customer
from hub.mapping.record_state import State, apply_customer
from hub.mapping.time import day_first, month_first
from hub.matching.blocking import buckets, candidates
from hub.matching.clustering import Clusters, Constraints, clustered, crowds, linked
from hub.matching.features import Features, features_of
from hub.matching.questions import reviews
from hub.matching.rules import IdentityRules
from hub.matching.scoring import Score, score
from hub.matching.weights import Model
from hub.model.customer import CustomerSnapshot
from hub.model.event import CustomerEvent
from hub.model.identifier import RecordKey

_FIELDS: tuple[CustomerField, ...] = get_args(CustomerField)
_NEEDED = ("record_id", "cluster_id")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Labelled:
    """One row: a record and the person it is of."""

    record_id: str
    cluster_id: str
    source: str
    snapshot: CustomerSnapshot


@dataclass(frozen=True, slots=True)
class Quality:
    """Of pairs: precision, recall and their harmonic mean; ``b_cubed_f1`` counts per record instead."""

    precision: float
    recall: float
    f1: float
    b_cubed_f1: float


@dataclass(frozen=True, slots=True)
class Report:
    """What one evaluation found; ``seconds`` by step."""

    records: int
    clusters: int
    pairs: int
    review_pairs: int
    quality: Quality
    seconds: Mapping[str, float]


def labelled(path: Path) -> Iterable[Labelled]:
    """Read a labelled csv: ``record_id, cluster_id, source`` and any fields of a customer.

    Dates of birth of a source that writes the month first are read so.

    Raises PayloadError, naming the column, when one that is needed is missing.
    """
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        for column in _NEEDED:
            if column not in (rows.fieldnames or ()):
                raise PayloadError("no such column", path=column)
        told = list(rows)
        births: defaultdict[str, list[str]] = defaultdict(list)
        for row in told:
            births[row.get("source") or ""].append(row.get("birth_date") or "")
        american = {source for source, column in births.items() if month_first(column)}
        for row in told:
            if row.get("birth_date") and (row.get("source") or "") in american:
                row["birth_date"] = day_first(row["birth_date"])
            fields = {name: (row[name],) for name in _FIELDS if row.get(name)}
            key = RecordKey(kind="row", external_id=row["record_id"])
            region = country(row.get("country")) or "DE"
            snapshot = customer(key, fields, region=region)
            yield Labelled(row["record_id"], row["cluster_id"], row.get("source") or "", snapshot)


def state_of(snapshot: CustomerSnapshot) -> State:
    """The record state after one event with this snapshot."""
    state: State = {}
    apply_customer(state, CustomerEvent(occurred_at=_EPOCH, customer=snapshot), [0, 0, 0])
    return state


def quality(truth: Mapping[str, Hashable], clusters: Mapping[str, Hashable]) -> Quality:
    """Compare two clusterings of the same records; each maps a record to its cluster."""
    both = Counter((truth[one], clusters[one]) for one in truth)
    true, given = Counter(truth.values()), Counter(clusters[one] for one in truth)
    hits, wanted, claimed = _pairs(both.values()), _pairs(true.values()), _pairs(given.values())
    precision, recall = (hits / claimed if claimed else 1.0), (hits / wanted if wanted else 1.0)
    records = len(truth) or 1
    cubed_precision = sum(count * count / given[cluster] for (_, cluster), count in both.items()) / records
    cubed_recall = sum(count * count / true[cluster] for (cluster, _), count in both.items()) / records
    return Quality(precision, recall, _mean(precision, recall), _mean(cubed_precision, cubed_recall))


def _pairs(sizes: Iterable[int]) -> int:
    return sum(size * (size - 1) // 2 for size in sizes)


def _mean(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


@dataclass(frozen=True, slots=True)
class Found:
    """All records clustered in memory, with the scores of the compared pairs and the model that gave them.

    ``doubtful`` are the pairs that a person is asked about, the highest score first; ``seconds`` is by step.
    """

    clusters: Clusters[str]
    scores: Mapping[tuple[str, str], Score]
    doubtful: list[tuple[str, str, Score]]
    model: Model
    seconds: Mapping[str, float]


def in_memory(people: Mapping[str, Features], model: Model, rules: IdentityRules, *, train: bool) -> Found:
    """Cluster, with the model fitted to the data first when ``train``."""
    steps = Steps()
    by_key = buckets(people)
    pairs = candidates(by_key)
    crowd = crowds(by_key, people, rules)
    steps.done("block")
    if train:
        model = estimate(people.items(), model, rules=rules)
        steps.done("train")
    scores: dict[tuple[str, str], Score] = {(a, b): score(people[a], people[b], model, crowd) for a, b in pairs}
    steps.done("score")
    sure = {pair: each.weight for pair, each in scores.items() if each.weight >= model.same}
    result = clustered(people, sure, model, crowd, Constraints(links=linked(people, crowd, rules)))
    doubtful = reviews(result, scores, people, model, crowd)
    steps.done("cluster")
    return Found(result, scores, doubtful, model, steps.seconds)


class Steps:
    """Measures how many seconds each step takes."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._since = time.perf_counter()

    def done(self, step: str) -> None:
        """End a step: it took the time since the step before ended."""
        now = time.perf_counter()
        self.seconds[step], self._since = now - self._since, now


@dataclass(frozen=True, slots=True)
class LabelledSet:
    """A labelled csv, read: each record's features and the person it is of; ``seconds`` by step."""

    people: Mapping[str, Features]
    truth: Mapping[str, str]
    seconds: Mapping[str, float]


def evaluate(path: Path, model: Model | None = None, *, train: bool = False) -> Report:
    """Read, cluster in memory, and compare with the truth. Raises PayloadError for a csv without the columns."""
    return measured(labelled_set(path), model, train=train)


def labelled_set(path: Path) -> LabelledSet:
    """Read a labelled csv under the shipped rules. Raises PayloadError for a csv without the columns."""
    steps, rules = Steps(), IdentityRules()
    rows = list(labelled(path))
    steps.done("read")
    people = {row.record_id: features_of(state_of(row.snapshot), rules) for row in rows}
    steps.done("features")
    return LabelledSet(people, {row.record_id: row.cluster_id for row in rows}, steps.seconds)


def measured(given: LabelledSet, model: Model | None = None, *, train: bool = False) -> Report:
    """Cluster what was read in memory, and compare with the truth."""
    people, truth = given.people, given.truth
    clustering = in_memory(people, model or Model(), IdentityRules(), train=train)
    place = {one: number for number, group in enumerate(clustering.clusters.groups) for one in group}
    return Report(
        records=len(people),
        clusters=len(clustering.clusters.groups),
        pairs=len(clustering.scores),
        review_pairs=len(clustering.doubtful),
        quality=quality(truth, place),
        seconds={**given.seconds, **clustering.seconds},
    )
