"""News of some records to the clusters they change: the incremental way to what ``clustering.cluster`` defines.

Takes what changed about a batch's records, reads those that share a blocking key with them, keeps keys, crowds and
matches up to date, and clusters again every component that one of them is or was part of. A constant number of
statements per batch, and work in proportion to the records and their fellows, whatever the number that is stored.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from hub.identity.blocking import Key, cap, hashed, identifiers, keys
from hub.identity.clustering import CONTACTS, Clusters, Constraints, clustered, crowds, linked
from hub.identity.features import Person, person
from hub.identity.scoring import SHARED, Score, score
from hub.identity.version import Identity
from hub.model.judgement import Judgement
from hub.store import judgements as judgement_store
from hub.store import matches as store
from hub.store.database import Session
from hub.store.matches import CrowdRow, Pair

Change = tuple[Person | None, Person]
"""A record as it was compared before (None: it is new), and as it is now."""


@dataclass(slots=True)
class Component:
    """Records whose cluster may be another one than before, all that is known of them, and their clusters now."""

    people: dict[UUID, Person] = field(default_factory=dict)
    matches: dict[Pair, float] = field(default_factory=dict)
    scores: dict[Pair, Score] = field(default_factory=dict)
    judgements: list[Judgement] = field(default_factory=list)
    links: list[list[UUID]] = field(default_factory=list)
    crowd: dict[str, int] = field(default_factory=dict)
    newly_shared: list[CrowdRow] = field(default_factory=list)

    def clustered(self, identity: Identity, held: Iterable[Judgement] = ()) -> Clusters[UUID]:
        """The clusters of these records; ``held`` are merges that wait for a person, beside the stored judgements."""
        sure = {pair: weight for pair, weight in self.matches.items() if weight >= identity.model.same}
        judgements = [*self.judgements, *held]
        constraints = Constraints(
            together=[each.records for each in judgements if each.verdict == "same"],
            apart=[(each.one, each.other) for each in judgements if each.verdict != "same"],
            most_records=identity.rules.limits.records,
            links=self.links,
        )
        return clustered(self.people, sure, identity.model, self.crowd, constraints)


def rematch(session: Session, identity: Identity, changes: Mapping[UUID, Change], now: datetime) -> Component:
    """Take in what changed, store keys, crowds and matches, and give the components to be clustered again."""
    news = _News(session, identity, changes)
    news.read_buckets()
    news.count_crowds()
    news.follow()
    component = Component(scores=news.scored())
    before = store.matches_of(session, news.subjects)
    after = {pair: found.weight for pair, found in component.scores.items() if found.weight >= identity.model.ask}
    store.drop_matches(session, before.keys() - after.keys())
    store.put_matches(session, {pair: weight for pair, weight in after.items() if before.get(pair) != weight})
    store.remove_keys(session, news.gone)
    store.add_keys(session, news.added)
    store.put_crowds(session, news.crowds_changed, now)
    component.newly_shared = news.newly_shared
    sure = {pair for pair, weight in (*before.items(), *after.items()) if weight >= identity.model.same}
    seeds = {*news.subjects, *(one for pair in sure for one in pair)}
    _close(session, identity, component, seeds, news.people)
    return component


def extend(session: Session, identity: Identity, component: Component, records: Collection[UUID]) -> None:
    """Take further records, and all they hang together with, into a component."""
    _close(session, identity, component, set(records), {})


class _News:
    """One batch on its way through the buckets."""

    def __init__(self, session: Session, identity: Identity, changes: Mapping[UUID, Change]) -> None:
        self.session, self.identity = session, identity
        self.subjects = set(changes)
        self.people = {record: after for record, (_, after) in changes.items()}
        self.key_of: dict[int, Key] = {}
        self.keys = {record: self._hashed(after) for record, (_, after) in changes.items()}
        was = {record: self._hashed(before) if before else set[int]() for record, (before, _) in changes.items()}
        self.added = [(key, one) for one, found in self.keys.items() for key in sorted(found - was[one])]
        self.gone = [(key, one) for one, found in was.items() for key in sorted(found - self.keys[one])]
        self.before: defaultdict[int, set[UUID]] = defaultdict(set)
        self.after: defaultdict[int, set[UUID]] = defaultdict(set)
        self.crowd: dict[int, int] = {}
        self.crowds_changed: list[CrowdRow] = []
        self.newly_shared: list[CrowdRow] = []

    def _hashed(self, someone: Person) -> set[int]:
        found = {hashed(key): key for key in keys(someone)}
        self.key_of.update(found)
        return found.keys() | set()

    def _load(self, records: Collection[UUID]) -> None:
        missing = set(records) - self.people.keys()
        if missing:
            for record, state in store.states(self.session, missing).items():
                self.people[record] = person(state, self.identity.rules)

    def _live(self, key: int) -> bool:
        return len(self.after[key]) <= cap(self.key_of[key][0])

    def read_buckets(self) -> None:
        """Who stood under each key of these records before the batch, and who does after it."""
        removed = Counter(key for key, _ in self.gone)
        # One more than the cap tells that a bucket is dead; what this batch takes out must not hide it.
        limits = {key: cap(kind) + 1 + removed[key] for key, (kind, _) in self.key_of.items()}
        for key, record in store.carriers(self.session, limits):
            self.before[key].add(record)
        for key in self.key_of:
            self.after[key] = set(self.before[key])
        for key, record in self.gone:
            self.after[key].discard(record)
        for key, record in self.added:
            self.after[key].add(record)

    def count_crowds(self) -> None:
        """How many people use each mailbox and phone now. All its carriers are compared again where that changed."""
        contacts = [key for key, (kind, _) in self.key_of.items() if kind in CONTACTS]
        live = [key for key in contacts if self._live(key)]
        self._load({record for key in self.key_of if self._live(key) for record in self.after[key]})
        counted = crowds({self.key_of[key]: sorted(self.after[key]) for key in live}, self.people, self.identity.rules)
        stored = store.crowds(self.session, contacts)
        self.again: set[UUID] = set()
        for key in contacts:
            kind, value = self.key_of[key]
            people = counted.get(value, 1) if self._live(key) else SHARED
            held = stored.get(key)
            if people > 1:
                self.crowd[key] = people
            if people == (_people(held) if held else 1):
                continue
            row = CrowdRow(key, kind, value, min(people, 1_000_000), len(self.after[key]), people >= SHARED)
            self.crowds_changed.append(row)
            if row.shared:
                self.newly_shared.append(row)
            self.again |= self.after[key] if self._live(key) else self.before[key]

    def follow(self) -> None:
        """Read on for records that nothing was told of, but whose bucket died, revived, or has another crowd."""
        dying: set[UUID] = set()
        for key, (kind, _) in self.key_of.items():
            lived, lives = len(self.before[key]) <= cap(kind), self._live(key)
            if lived and not lives:
                dying |= self.before[key]
            elif lives and not lived:
                self.again |= self.after[key]
        if dying:
            # Of a bucket that died only pairs that matched can have lost something.
            for one, other in store.matches_of(self.session, dying):
                if one in dying and other in dying:
                    self.again |= {one, other}
        self.again -= self.subjects
        if not self.again:
            return
        self._load(self.again)
        known = set(self.key_of)
        self.again &= self.people.keys()
        self.keys |= {record: self._hashed(self.people[record]) for record in self.again}
        further = {key: cap(kind) + 1 for key, (kind, _) in self.key_of.items() if key not in known}
        for key, record in store.carriers(self.session, further):
            self.after[key].add(record)
        for key, row in store.crowds(self.session, further).items():
            self.crowd[key] = _people(row)
        self.subjects |= self.again

    def scored(self) -> dict[Pair, Score]:
        """Every subject against its fellows."""
        fellows: defaultdict[UUID, set[UUID]] = defaultdict(set)
        for one in self.subjects:
            for key in self.keys[one]:
                if self.key_of[key][0] != "link" and self._live(key):
                    fellows[one] |= self.after[key]
        self._load(set().union(*fellows.values()))
        pairs = {
            (one, other) if one < other else (other, one)
            for one, others in fellows.items()
            for other in others
            if one != other and other in self.people
        }
        crowd = {self.key_of[key][1]: people for key, people in self.crowd.items()}
        model = self.identity.model
        return {(a, b): score(self.people[a], self.people[b], model, crowd) for a, b in pairs}


def _people(row: CrowdRow) -> int:
    return SHARED if row.shared else row.people


def _close(
    session: Session, identity: Identity, component: Component, seeds: set[UUID], known: Mapping[UUID, Person]
) -> None:
    """Grow a component until nothing hangs on it any more: sure pairs, links of the source, what people judged."""
    wanted = seeds - component.people.keys()
    judged = {judgement.id: judgement for judgement in component.judgements}
    contacts: dict[int, Key] = {}
    follows = identity.rules.certain
    looked_for: set[UUID] = set()
    while wanted:
        looked_for |= wanted
        missing = wanted - known.keys()
        loaded = {record: known[record] for record in wanted if record in known}
        if missing:
            states = store.states(session, missing)
            loaded |= {record: person(state, identity.rules) for record, state in states.items()}
        component.people |= loaded
        found: set[UUID] = set()
        for pair, weight in store.matches_of(session, loaded.keys()).items():
            component.matches[pair] = weight
            if weight >= identity.model.same:
                found.update(pair)
        for judgement in judgement_store.of_records(session, loaded.keys()):
            judged[judgement.id] = judgement
            if judgement.verdict == "same":
                found |= judgement.records
        certain = {hashed(key): key for one in loaded.values() for key in identifiers(one) if key[0] in follows}
        found |= _carriers(session, certain)
        contacts |= {hashed(key): key for one in loaded.values() for key in identifiers(one) if key[0] in CONTACTS}
        # What people judged may name records that are not stored (yet).
        wanted = found - component.people.keys() - looked_for
    component.judgements = [judged[number] for number in sorted(judged)]
    crowd = store.crowds(session, contacts)
    component.crowd |= {contacts[key][1]: _people(row) for key, row in crowd.items()}
    component.links = linked(component.people, component.crowd, identity.rules)
    component.matches = {
        (a, b): weight
        for (a, b), weight in component.matches.items()
        if a in component.people and b in component.people
    }


def _carriers(session: Session, certain: Mapping[int, Key]) -> set[UUID]:
    """Who else carries what joins for certain; what too many carry joins nobody."""
    if not certain:
        return set()
    fellows: defaultdict[int, set[UUID]] = defaultdict(set)
    for key, record in store.carriers(session, {key: cap(kind) + 1 for key, (kind, _) in certain.items()}):
        fellows[key].add(record)
    return {one for key, found in fellows.items() if len(found) <= cap(certain[key][0]) for one in found}
