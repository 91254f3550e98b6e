"""News of some records to the clusters they change: the incremental way to what ``clustering.cluster`` defines.

Takes what changed about a batch's records, reads those that share a blocking key with them, keeps keys, crowds and
matches up to date, and clusters again every component that one of them is or was part of. A constant number of
statements per batch, and work in proportion to the records and their fellows, whatever the number that is stored.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Set
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from uuid import UUID

from hub.identity.buckets import Standing, standing, told_alike
from hub.matching.blocking import UNPROPOSING, Key, cap, hashed, identifiers, keys
from hub.matching.clustering import CONTACTS, Clusters, Constraints, clustered, crowds, linked
from hub.matching.constraints import together_apart
from hub.matching.features import Person, person
from hub.matching.packing import unpacked
from hub.matching.rules import IdentityRules
from hub.matching.scoring import SHARED, Score, score
from hub.matching.version import Identity
from hub.model.judgement import Judgement
from hub.store import judgements as judgement_store
from hub.store import matches as store
from hub.store.database import Session
from hub.store.matches import CrowdRow, Pair

Change = tuple[Person | None, Person]
"""A record as it was compared before (None: it is new), and as it is now."""


@dataclass
class Component:
    """Records whose cluster may be another one than before, all that is known of them, and their clusters now."""

    people: dict[UUID, Person] = field(default_factory=dict)
    matches: dict[Pair, float] = field(default_factory=dict)
    scores: dict[Pair, Score] = field(default_factory=dict)
    judgements: list[Judgement] = field(default_factory=list)
    links: list[list[UUID]] = field(default_factory=list)
    crowd: dict[str, int] = field(default_factory=dict)
    newly_shared: list[CrowdRow] = field(default_factory=list)
    compared: set[UUID] = field(default_factory=set)
    """Records that ``matches`` has all matches of."""
    counted: set[int] = field(default_factory=set)
    """Keys of identifiers of which ``crowd`` tells how many people use them, where it is more than one."""
    alike_seen: set[int] = field(default_factory=set)
    """Keys of who is told alike under which nobody is missing."""

    @cached_property
    def pairs_of(self) -> dict[UUID, list[Pair]]:
        """Each record's matches."""
        found: defaultdict[UUID, list[Pair]] = defaultdict(list)
        for pair in self.matches:
            for record in pair:
                found[record].append(pair)
        return found

    @cached_property
    def links_of(self) -> dict[UUID, list[int]]:
        """The links each record is in, by their place in ``links``."""
        found: defaultdict[UUID, list[int]] = defaultdict(list)
        for number, group in enumerate(self.links):
            for record in group:
                found[record].append(number)
        return found

    def clustered(self, identity: Identity, held: Iterable[Judgement] = ()) -> Clusters[UUID]:
        """The clusters of these records; ``held`` are merges that wait for a person, beside the stored judgements."""
        sure = {pair: weight for pair, weight in self.matches.items() if weight >= identity.model.same}
        said = together_apart([*self.judgements, *held], self.people.keys())
        constraints = Constraints(said.together, said.apart, identity.rules.limits.records, self.links)
        # Most records have nobody to be one with: each is a cluster.
        tied = {one for group in (*sure, *said.together, *self.links) for one in group} & self.people.keys()
        found = clustered({one: self.people[one] for one in tied}, sure, identity.model, self.crowd, constraints)
        groups = [*found.groups, *([one] for one in self.people.keys() - tied)]
        return Clusters(sorted(groups, key=lambda group: group[0].int), found.refused)


def rematch(
    session: Session, identity: Identity, changes: Mapping[UUID, Change], now: datetime, fresh: Set[UUID] = frozenset()
) -> Component:
    """Take in what changed, store keys, crowds and matches, and give the components to be clustered again.

    ``fresh`` are records that were never stored.
    """
    stand = standing(session, changes, fresh, lambda records: people_of(session, records, identity.rules))
    news = _News(session, identity, stand)
    news.read_buckets()
    news.count_crowds()
    news.follow()
    component = Component(scores=news.scored())
    subjects = [news.ids[one] for one in news.subjects]
    before = store.matches_of(session, subjects)
    after = {pair: found.weight for pair, found in component.scores.items()}
    store.drop_matches(session, before.keys() - after.keys())
    store.put_matches(session, {pair: weight for pair, weight in after.items() if before.get(pair) != weight})
    store.remove_keys(session, news.gone)
    added = news.added
    store.add_keys(session, [one for one in added if one[1] in fresh], new=True)
    store.add_keys(session, [one for one in added if one[1] not in fresh], new=False)
    store.put_crowds(session, news.crowds_changed, now)
    order = identity.rules.order
    shared = [row for row in news.crowds_changed if row.shared]
    component.newly_shared = sorted(shared, key=lambda row: (order[row.kind], row.value))
    # Every match of a subject has one of its fellows in it, and all of those were just compared.
    component.matches = after
    component.compared = set(subjects)
    component.crowd = {news.key_of[key][1]: min(people, SHARED) for key, people in news.crowd.items()}
    component.counted = set(news.key_of)
    component.alike_seen = stand.few
    sure = {pair for pair, weight in (*before.items(), *after.items()) if weight >= identity.model.same}
    seeds = {*subjects, *(one for pair in sure for one in pair)}
    _close(session, identity, component, seeds, {news.ids[one]: known for one, known in news.people.items()})
    return component


def people_of(session: Session, records: Collection[UUID], rules: IdentityRules) -> dict[UUID, Person]:
    """Stored records as they are compared."""
    found: dict[UUID, Person] = {}
    unreadable: list[UUID] = []
    for record, text in store.features(session, records).items():
        known = compared(text)
        if known is None:
            unreadable.append(record)
        else:
            found[record] = known
    if unreadable:
        found |= {record: person(state, rules) for record, state in store.states(session, unreadable).items()}
    return found


def compared(features: str) -> Person | None:
    """What was packed; None for a record of before, or of another format."""
    try:
        return unpacked(features)
    except ValueError:
        return None


def extend(session: Session, identity: Identity, component: Component, records: Collection[UUID]) -> None:
    """Take further records, and all they hang together with, into a component."""
    _close(session, identity, component, set(records), {})


class _News:
    """One batch on its way through the buckets. Records go by numbers here: ids are slow to hash and to compare."""

    def __init__(self, session: Session, identity: Identity, stand: Standing) -> None:
        self.session, self.identity, self.stand = session, identity, stand
        changes = stand.changes
        self.ids: list[UUID] = list(changes)
        self.number = {record: number for number, record in enumerate(self.ids)}
        self.people: dict[int, Person] = {number: after for number, (_, after) in enumerate(changes.values())}
        self.subjects = set(self.people)
        self.key_of: dict[int, Key] = {}
        self.keys = {
            number: _NO_KEYS if record in stand.hidden else self._hashed(now)
            for number, (record, (_, now)) in enumerate(changes.items())
        }
        self.was = {
            number: self._hashed(before) if before and record not in stand.was_hidden else _NO_KEYS
            for number, (record, (before, _)) in enumerate(changes.items())
        }
        self.before: dict[int, list[int]] = {}
        self.after: dict[int, list[int]] = {}
        self.filled: list[int] = []
        self.carriers: dict[int, int] = {}
        self.lived: set[int] = set()
        self.live: set[int] = set()
        self.crowd: dict[int, int] = {}
        self.stored_crowds: dict[int, CrowdRow] = {}
        self.crowds_changed: list[CrowdRow] = []
        self.again: set[int] = set()

    @property
    def added(self) -> list[tuple[int, UUID]]:
        """The keys that records are found under from now on, in order: neighbours in an index are written together."""
        told = [(key, self.ids[one]) for one, was in self.was.items() for key in self.keys[one] - was]
        return sorted([*told, *self.stand.joined])

    @property
    def gone(self) -> list[tuple[int, UUID]]:
        """The keys that records are found under no longer."""
        told = [(key, self.ids[one]) for one, was in self.was.items() for key in sorted(was - self.keys[one])]
        return [*told, *self.stand.left]

    def _hashed(self, someone: Person) -> frozenset[int]:
        found = {hashed(key): key for key in keys(someone)}
        self.key_of.update(found)
        return frozenset(found)

    def _numbered(self, records: Iterable[UUID]) -> list[int]:
        found = []
        number, ids = self.number, self.ids
        for record in records:
            place = number.get(record)
            if place is None:
                place = number[record] = len(ids)
                ids.append(record)
            found.append(place)
        return found

    def _load(self, records: Iterable[int]) -> None:
        missing = set(records) - self.people.keys()
        if missing:
            for record, known in people_of(self.session, [self.ids[n] for n in missing], self.identity.rules).items():
                self.people[self.number[record]] = known

    def read_buckets(self) -> None:
        """Who stood under each key of these records before the batch, and who does after it."""
        joined: defaultdict[int, list[int]] = defaultdict(list)
        left: defaultdict[int, set[int]] = defaultdict(set)
        for one, was in self.was.items():
            for key in self.keys[one] - was:
                joined[key].append(one)
            for key in was - self.keys[one]:
                left[key].add(one)
        caps = {key: cap(kind) for key, (kind, _) in self.key_of.items()}
        # What this batch takes out of a bucket must not hide that it is dead, or that it lives again.
        wanted = {key: most + 1 + len(left[key]) if key in left else most for key, most in caps.items()}
        stored = {bucket.key: bucket for bucket in store.carriers(self.session, wanted)}
        self.stored_crowds = {key: bucket.crowd for key, bucket in stored.items() if bucket.crowd}
        # Most keys nobody else has: nothing follows from them.
        for key in stored.keys() | {key for key, new in joined.items() if len(new) > 1}:
            most, bucket, new = caps[key], stored.get(key), joined.get(key, ())
            self.filled.append(key)
            if bucket is not None and bucket.records is None:
                # Dead before, and after: nobody left it.
                self.carriers[key] = bucket.number + len(new)
                continue
            held = self._numbered(bucket.records) if bucket is not None and bucket.records else []
            stay = [one for one in held if one not in left[key]] if key in left else held
            now = [*stay, *new] if new else stay
            self.before[key], self.after[key], self.carriers[key] = held, now, len(now)
            if len(held) <= most:
                self.lived.add(key)
            if len(now) <= most:
                self.live.add(key)

    def count_crowds(self) -> None:
        """How many people use each identifier now. All its carriers are compared again where that changed."""
        self._load(one for key in self.live for one in self.after[key])
        contacts = [key for key in self.filled if self.key_of[key][0] in CONTACTS]
        shared = [key for key in contacts if key in self.live and len(self.after[key]) > 1]
        counted = crowds({self.key_of[key]: self.after[key] for key in shared}, self.people, self.identity.rules)
        for key in contacts:
            kind, value = self.key_of[key]
            people = counted.get(value, 1) if key in self.live else SHARED
            held = self.stored_crowds.get(key)
            if people > 1:
                self.crowd[key] = people
            if people == (_people(held) if held else 1):
                continue
            self.crowds_changed.append(CrowdRow(key, kind, value, people, self.carriers[key], people >= SHARED))
            self.again.update(self.after[key] if key in self.live else self.before.get(key, ()))

    def follow(self) -> None:
        """Read on for records that nothing was told of, but whose bucket died, revived, or has another crowd."""
        dying = {one for key in self.lived - self.live for one in self.before[key]}
        self.again.update(one for key in self.live - self.lived for one in self.after[key])
        if dying:
            # Of a bucket that died only pairs that matched can have lost something.
            for one, other in store.matches_of(self.session, [self.ids[number] for number in dying]):
                pair = {self.number.get(one), self.number.get(other)}
                if pair <= dying:
                    self.again.update(number for number in pair if number is not None)
        self.again -= self.subjects
        if not self.again:
            return
        self._load(self.again)
        known = set(self.key_of)
        self.keys |= {one: self._hashed(self.people[one]) for one in self.again}
        further = {key: cap(kind) for key, (kind, _) in self.key_of.items() if key not in known}
        for bucket in store.carriers(self.session, further):
            if bucket.records is not None:
                self.after[bucket.key] = self._numbered(bucket.records)
                self.live.add(bucket.key)
            if bucket.crowd is not None:
                self.crowd[bucket.key] = _people(bucket.crowd)
        self.subjects |= self.again

    def scored(self) -> dict[Pair, Score]:
        """Every subject against its fellows: the pairs that are, or might be, one person."""
        proposing = {
            key: fellows
            for key in self.live
            if len(fellows := self.after[key]) > 1 and self.key_of[key][0] not in UNPROPOSING
        }
        pairs = {
            (one, other) if one < other else (other, one)
            for one in self.subjects
            for key in self.keys[one] & proposing.keys()
            for other in proposing[key]
            if one != other
        }
        self._load({one for pair in pairs for one in pair})
        crowd = {self.key_of[key][1]: people for key, people in self.crowd.items()}
        found = self._weighed(pairs, crowd)
        # Two numbers, or mailboxes, that are nearly the same prove nothing where either is shared, also by others.
        near = [pair for pair, scored in found.items() if any(e.level.startswith("near") for e in scored.evidence)]
        if near:
            for pair in near:
                del found[pair]
            found |= self._weighed(near, crowd | self._further_crowd({one for pair in near for one in pair}))
        return {self._pair(*pair): scored for pair, scored in found.items()}

    def _weighed(self, pairs: Iterable[tuple[int, int]], crowd: Mapping[str, int]) -> dict[tuple[int, int], Score]:
        """Those of these pairs that are, or might be, one person."""
        model, people = self.identity.model, self.people
        found: dict[tuple[int, int], Score] = {}
        for one, other in pairs:
            scored = score(people[one], people[other], model, crowd)
            if scored.weight >= model.ask:
                found[one, other] = scored
        return found

    def _further_crowd(self, records: Iterable[int]) -> dict[str, int]:
        """How many people use what these records carry, as far as nothing of this batch is under it."""
        told = {hashed(key): key for one in records for key in identifiers(self.people[one]) if key[0] in CONTACTS}
        rows = store.crowds(self.session, told.keys() - self.key_of.keys())
        return {told[key][1]: _people(row) for key, row in rows.items()}

    def _pair(self, one: int, other: int) -> Pair:
        a, b = self.ids[one], self.ids[other]
        return (a, b) if a.int < b.int else (b, a)


_NO_KEYS: frozenset[int] = frozenset()


def _people(row: CrowdRow) -> int:
    return SHARED if row.shared else row.people


def _close(
    session: Session, identity: Identity, component: Component, seeds: set[UUID], known: Mapping[UUID, Person]
) -> None:
    """Grow a component until nothing hangs on it any more: sure pairs, links of the source, what people judged."""
    wanted = seeds - component.people.keys()
    judged = {judgement.id: judgement for judgement in component.judgements}
    contacts: dict[UUID, list[Key]] = {}
    tied: set[UUID] = set()
    follows = identity.rules.certain
    looked_for: set[UUID] = set()
    while wanted:
        looked_for |= wanted
        missing = wanted - known.keys()
        loaded = {record: known[record] for record in wanted if record in known}
        if missing:
            loaded |= people_of(session, missing, identity.rules)
        component.people |= loaded
        found: set[UUID] = set()
        if unknown := loaded.keys() - component.compared:
            component.matches |= store.matches_of(session, unknown)
            component.compared |= unknown
        for pair, weight in component.matches.items():
            if weight >= identity.model.same:
                found.update(pair)
        for judgement in judgement_store.of_records(session, loaded.keys()):
            judged[judgement.id] = judgement
            if judgement.verdict == "same":
                found |= judgement.records
        carried = {record: list(identifiers(one)) for record, one in loaded.items()}
        certain = {hashed(key): key for told in carried.values() for key in told if key[0] in follows}
        found |= _carriers(session, certain) | told_alike(session, loaded.values(), component.alike_seen)
        contacts |= carried
        tied.update(record for record, told in carried.items() if any(key[0] in follows for key in told))
        tied |= found
        # What people judged may name records that are not stored (yet).
        wanted = found - component.people.keys() - looked_for
    component.judgements = [judged[number] for number in sorted(judged)]
    # Who has nobody to be one with is compared with nobody.
    asked = {hashed(key): key for record in tied & contacts.keys() for key in contacts[record] if key[0] in CONTACTS}
    uncounted = asked.keys() - component.counted
    component.crowd |= {asked[key][1]: _people(row) for key, row in store.crowds(session, uncounted).items()}
    component.counted |= uncounted
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
    found = store.carriers(session, {key: cap(kind) for key, (kind, _) in certain.items()})
    return {one for bucket in found for one in bucket.records or ()}
