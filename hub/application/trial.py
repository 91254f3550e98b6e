"""Clusters all records under other rules, and finds where the clusters differ from the stored ones. Reads only."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from uuid import UUID

from hub.identity.blast_radius import clusters_within_limits
from hub.identity.component import Component
from hub.identity.profile_ids import assign
from hub.matching.clustering import Constraints, clustered
from hub.matching.everybody import STEP, Everybody, Pairs, components
from hub.matching.features import features_of
from hub.matching.version import Identity
from hub.model.judgement import Judgement
from hub.model.keys import profile_id
from hub.store import what_if
from hub.store.database import Session
from hub.store.records import ProfileRow, RecordRow

Progress = Callable[[str, int, int], None]
"""Told what is being done, how many records it was done for, and of how many."""

_ID = 16
"""Bytes of an id."""


class Trial:
    """All records, read and compared under other rules."""

    def __init__(self, session: Session, identity: Identity, progress: Progress) -> None:
        self.identity = identity
        self.everybody = Everybody(identity.rules)
        self._progress = progress
        self._ids = bytearray()
        self._read(session)
        self.everybody.ready()
        self.pairs = self._weighed()
        self._links: defaultdict[int, list[list[int]]] = defaultdict(list)
        for group in self.everybody.links():
            self._links[group[0]].append(group)

    @property
    def records(self) -> int:
        """How many there are."""
        return len(self.everybody.people)

    def _read(self, session: Session) -> None:
        total = what_if.count(session)
        judgements = what_if.judged(session)
        named = {record for judgement in judgements for record in judgement.records}
        numbers: dict[UUID, int] = {}
        for number, (record, state) in enumerate(what_if.everybody(session)):
            if record in named:
                numbers[record] = number
            self._ids += record.bytes
            self.everybody.add(features_of(state, self.identity.rules))
            if number % STEP == 0:
                self._progress("reading", number, total)
        self._stored = what_if.groups(session)
        self._numbers = numbers
        self._judged: defaultdict[int, list[Judgement]] = defaultdict(list)
        for judgement in judgements:
            for record in judgement.records & numbers.keys():
                self._judged[numbers[record]].append(judgement)

    def _weighed(self) -> Pairs:
        done = 0

        def seen(more: int) -> None:
            nonlocal done
            done += more
            self._progress("comparing", done, self.records)

        return self.everybody.sure(self.identity.model, seen)

    def id(self, number: int) -> UUID:
        """The id of a record."""
        return UUID(bytes=bytes(self._ids[_ID * number : _ID * (number + 1)]))

    def changed(self) -> Iterator[Sequence[int]]:
        """The components whose clusters are not those that are stored, blast radius aside."""
        stored = array("i", range(self.records))
        for group in self._stored:
            for one in group:
                stored[one] = group[0]
        same = [
            [self._numbers[one] for one in sorted(judgement.records & self._numbers.keys())]
            for judgement in {each.id: each for judgements in self._judged.values() for each in judgements}.values()
            if judgement.verdict == "same"
        ]
        links = (group for groups in self._links.values() for group in groups)
        done = 0
        for component in components(self.records, chain(self._stored, self.pairs.ties(), links, same)):
            before: defaultdict[int, list[int]] = defaultdict(list)
            for one in component:
                before[stored[one]].append(one)
            if sorted(before.values()) != self._clustered(component):
                yield component
            if done // STEP != (done := done + len(component)) // STEP:
                self._progress("clustering", done, self.records)
        self._progress("clustering", self.records, self.records)

    def _clustered(self, component: Sequence[int]) -> list[list[int]]:
        judgements = self._judgements(component)
        constraints = Constraints(
            together=[self._sided(each.records) for each in judgements if each.verdict == "same"],
            apart=[(self._sided(each.one), self._sided(each.other)) for each in judgements if each.verdict != "same"],
            most_records=self.identity.rules.limits.records,
            links=self._linked(component),
        )
        people = {one: self.everybody.people[one] for one in component}
        return clustered(
            people, self.pairs.of(component), self.identity.model, self.everybody.crowd, constraints
        ).groups

    def _judgements(self, component: Sequence[int]) -> list[Judgement]:
        by_id = {each.id: each for one in component for each in self._judged.get(one, ())}
        return [by_id[key] for key in sorted(by_id)]

    def _sided(self, side: Collection[UUID]) -> list[int]:
        return [self._numbers[one] for one in side if one in self._numbers]

    def _linked(self, component: Sequence[int]) -> list[list[int]]:
        return [group for one in component for group in self._links.get(one, ())]

    def component(self, numbers: Sequence[int]) -> Component:
        """The component of these records, by record ids."""
        ids = {number: self.id(number) for number in numbers}
        return Component(
            people={ids[number]: self.everybody.people[number] for number in numbers},
            matches={(ids[a], ids[b]): weight for (a, b), weight in self.pairs.of(numbers).items()},
            judgements=self._judgements(numbers),
            links=[[ids[one] for one in group] for group in self._linked(numbers)],
            crowd=self.everybody.crowd,
        )


@dataclass(slots=True)
class Place:
    """A profile as it would be. ``before`` is None for one that is new, or back; ``keys``: all ids that lead to it."""

    id: UUID
    rows: list[RecordRow]
    before: ProfileRow | None
    created_at: datetime
    keys: tuple[UUID, ...]


@dataclass(slots=True)
class Placed:
    """One component as it would be: its profiles, those of before, and merges that would wait for a person."""

    places: list[Place]
    known: dict[UUID, ProfileRow]
    holds: list[Judgement]


def place(
    component: Component,
    identity: Identity,
    rows: Mapping[UUID, RecordRow],
    known: dict[UUID, ProfileRow],
    aliases: Sequence[tuple[UUID, UUID, datetime]],
    now: datetime,
) -> Placed:
    """What ``resolve`` would make of a component. ``aliases``: (retired id, leads to, created) of its profiles."""
    groups, holds = clusters_within_limits(component, identity, rows, known, now)
    active = {profile.id: profile.created_at for profile in known.values()}
    retired = {alias: created for alias, _, created in aliases}
    ids = assign(groups, active, retired)
    leading = {*active, *retired}
    places = []
    for group, placed in zip(groups, ids, strict=True):
        seeds = {profile_id(record) for record in group}
        keys = (placed, *sorted((seeds & leading) - set(ids) - {placed}))
        created = active.get(placed) or retired.get(placed) or now
        places.append(Place(placed, [rows[record] for record in group], known.get(placed), created, keys))
    return Placed(places, known, holds)
