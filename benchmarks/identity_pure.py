"""What deciding alone costs: features, keys, candidates, scores and clusters, in memory and without a database."""

from __future__ import annotations

import statistics
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from benchmarks.people import COLUMNS, people
from hub.connectors.csv.manifest import CsvSettings
from hub.connectors.csv.mapping import event
from hub.mapping.record_state import State, apply_customer
from hub.matching.blocking import cap, hashed, keys
from hub.matching.clustering import clustered
from hub.matching.features import Features, features_of
from hub.matching.rules import IdentityRules
from hub.matching.scoring import score
from hub.matching.version import identity
from hub.model.event import CustomerEvent
from hub.workers.memory import tune_memory

NEW = 2_000
"""Records that are timed at each mark, five times 400."""

_AT = datetime(2026, 1, 1, tzinfo=UTC)
_FIELDS = {"external_id": "record_id"} | {
    name: name for name in COLUMNS if name not in ("record_id", "cluster_id", "source")
}
_SETTINGS = CsvSettings(path=Path("people.csv"), fields=_FIELDS)
_PARTS = 5


@dataclass(frozen=True, slots=True)
class Rate:
    """Records a second on one core with ``stored`` records in memory, and what one is compared with."""

    stored: int
    rounds: list[float]
    pairs: float

    @property
    def value(self) -> float:
        """The median."""
        return statistics.median(self.rounds)


class Deciding:
    """Everything in memory: persons, and who stands under each key."""

    def __init__(self) -> None:
        self.identity = identity(IdentityRules())
        self.people: list[Features] = []
        self.buckets: defaultdict[int, list[int]] = defaultdict(list)
        self.sure: dict[tuple[int, int], float] = {}
        self.near: defaultdict[int, list[int]] = defaultdict(list)
        self.pairs = 0

    def take(self, state: State) -> None:
        """One record: made comparable, found, scored, clustered, remembered."""
        model = self.identity.model
        new, place = features_of(state, self.identity.rules), len(self.people)
        found = {hashed(key): cap(key[0]) for key in keys(new)}
        fellows = {one for key, most in found.items() if len(held := self.buckets[key]) < most for one in held}
        self.people.append(new)
        self.pairs += len(fellows)
        for one in fellows:
            weight = score(self.people[one], new, model).weight
            if weight >= model.same:
                self.sure[one, place] = weight
                self.near[one].append(place)
                self.near[place].append(one)
        if place in self.near:
            self.cluster(place)
        for key, most in found.items():
            held = self.buckets[key]
            if len(held) <= most:
                held.append(place)

    def cluster(self, place: int) -> None:
        """Cluster the records that sure pairs tie to this one."""
        tied, wanted = {place}, [place]
        while wanted:
            further = set(self.near[wanted.pop()]) - tied
            tied |= further
            wanted += further
        sure = {(a, b): self.sure[a, b] for b in tied for a in self.near[b] if a < b}
        clustered({one: self.people[one] for one in tied}, sure, self.identity.model, {})


def states(count: int) -> Iterator[State]:
    """The records as they are stored, read from csv rows by the connector."""
    for number, row in enumerate(people(count)):
        state: State = {}
        told, *_ = event(row, _SETTINGS, modified=_AT)
        assert isinstance(told, CustomerEvent)
        apply_customer(state, told, [1, 1, number])
        yield state


def measured(marks: Sequence[int]) -> list[Rate]:
    """How fast records are decided on with this many stored."""
    deciding = Deciding()
    tune_memory()  # as every process of Hub does
    source = states(marks[-1] + NEW)
    found = []
    for mark in marks:
        for state in islice(source, mark - len(deciding.people)):
            deciding.take(state)
        deciding.pairs, rounds = 0, []
        for _ in range(_PARTS):
            part = list(islice(source, NEW // _PARTS))
            began = time.process_time()
            for state in part:
                deciding.take(state)
            rounds.append(len(part) / (time.process_time() - began))
        found.append(Rate(mark, rounds, deciding.pairs / NEW))
    return found
