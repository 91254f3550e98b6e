"""All records at once to pairs and components: what ``clustering.cluster`` looks at, within bounded memory. Pure.

Records go by numbers, in the order of their ids, so that clusters come out as they do by ids. Keys are kept as hashed
numbers in arrays, a tenth of what they take as objects; what remains is mostly the features of each record.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from hub.matching.blocking import (
    FINEST,
    MOST_EQUAL,
    NEIGHBOURS,
    UNPROPOSING,
    Key,
    cap,
    equality_key,
    equality_proves,
    hashed,
    keys,
)
from hub.matching.bounds import bound
from hub.matching.clustering import CONTACTS, certainly, crowds
from hub.matching.features import FIELDS, Features, Place, Spelling, values_of
from hub.matching.rules import IdentityRules
from hub.matching.scoring import SHARED, score
from hub.matching.weights import Model

Seen = Callable[[int], None]
"""Called with the number of records that were compared since the last call."""

STEP = 1_000
"""Records between two reports of progress."""

_NAMES, _PLACES = FIELDS.index("names"), FIELDS.index("places")

PARTS = 64
"""Keys are put into buckets in so many parts, one part at a time, to bound memory."""


class Pairs:
    """Pairs of record numbers with their weight in bits, grouped by the smaller number."""

    def __init__(self) -> None:
        self._ends, self._others, self._weights = array("i", [0]), array("i"), array("d")

    def add(self, other: int, weight: float) -> None:
        """Add a pair: the number that is next, and a larger one."""
        self._others.append(other)
        self._weights.append(weight)

    def end(self) -> None:
        """End the pairs of this number, and go to the next number."""
        self._ends.append(len(self._others))

    def of(self, numbers: Iterable[int]) -> dict[tuple[int, int], float]:
        """The pairs whose smaller number is one of these."""
        return {
            (number, self._others[place]): self._weights[place]
            for number in numbers
            for place in range(self._ends[number], self._ends[number + 1])
        }

    def ties(self) -> Iterator[tuple[int, int]]:
        """All pairs, without their weights."""
        for number in range(len(self._ends) - 1):
            for place in range(self._ends[number], self._ends[number + 1]):
                yield number, self._others[place]


class Carried(NamedTuple):
    """How many records carry an identifier that proves nothing, and how many people (None: too many to count)."""

    records: int
    people: int | None


class Everybody:
    """All records at once. ``add`` them in the order of their ids, call ``ready``, then ask for pairs and links.

    ``crowd``: people per identifier, where more than one. ``shared``: identifiers that prove nothing, and how many
    carry each.
    """

    def __init__(self, rules: IdentityRules) -> None:
        self.rules = rules
        self._counting = without_limits(rules)
        self.people: dict[int, Features] = {}
        self.crowd: dict[str, int] = {}
        self.shared: dict[Key, Carried] = {}
        self._kinds: list[str] = []
        self._parts = [(array("q"), array("i"), array("B")) for _ in range(PARTS)]
        self._equality_keys = [(array("q"), array("i")) for _ in range(PARTS)]
        self._equal: list[list[int]] = []
        self._near: defaultdict[int, set[int]] = defaultdict(set)
        self._spellings: dict[Spelling, Spelling] = {}
        self._places: dict[Place, Place] = {}

    def add(self, person: Features) -> None:
        """Add the next record."""
        number = len(self.people)
        self.people[number] = self._sharing(person)
        for key in keys(person):
            key_hash = hashed(key)
            hashes, owners, kinds = self._parts[key_hash % PARTS]
            hashes.append(key_hash)
            owners.append(number)
            kinds.append(self._kind(key[0]))
        if (equality := equality_key(person)) is not None:
            key_hash = hashed(equality)
            hashes, owners = self._equality_keys[key_hash % PARTS]
            hashes.append(key_hash)
            owners.append(number)

    def _sharing(self, known: Features) -> Features:
        """The same features, sharing equal names and places with earlier records to save memory."""
        values: list[Any] = list(values_of(known))
        values[_NAMES] = tuple([self._spellings.setdefault(name, name) for name in known.names])
        values[_PLACES] = tuple([self._places.setdefault(place, place) for place in known.places])
        return Features(*values)

    def _kind(self, kind: str) -> int:
        if kind not in self._kinds:
            self._kinds.append(kind)
        return self._kinds.index(kind)

    def ready(self) -> None:
        """Put all records into buckets, and count how many people use each identifier."""
        self._spellings.clear()
        self._places.clear()
        self._starts, self._members = array("i", [0]), array("i")
        hidden = self._hidden()
        while self._parts:
            hashes, owners, kinds = self._parts.pop()
            buckets: defaultdict[int, list[int]] = defaultdict(list)
            kind_of: dict[int, int] = {}
            for key, owner, kind in zip(hashes, owners, kinds, strict=True):
                if owner in hidden:
                    continue
                buckets[key].append(owner)
                kind_of[key] = kind
            for key, members in buckets.items():
                if len(members) > 1:
                    self._bucket(self._kinds[kind_of[key]], key, members)
        self._index()

    def _hidden(self) -> set[int]:
        """Of records that are equal to the letter: those that stand in no bucket."""
        while self._equality_keys:
            by_equality: defaultdict[int, list[int]] = defaultdict(list)
            for key, owner in zip(*self._equality_keys.pop(), strict=True):
                by_equality[key].append(owner)
            self._equal += [members for members in by_equality.values() if len(members) > MOST_EQUAL]
        return {one for members in self._equal for one in members[MOST_EQUAL:]}

    def _bucket(self, kind: str, key: int, members: list[int]) -> None:
        if kind in CONTACTS:
            contact = next(
                contact for contact in keys(self.people[members[0]]) if contact[0] == kind and hashed(contact) == key
            )
            counted = crowds({contact: members}, self.people, self.rules)
            self.crowd |= counted
            if counted.get(contact[1], 1) >= SHARED:
                most = crowds({contact: members}, self.people, self._counting).get(contact[1], 1)
                self.shared[contact] = Carried(len(members), most if most < SHARED else None)
        if kind in UNPROPOSING:
            return
        if len(members) <= cap(kind):
            self._members.extend(members)
            self._starts.append(len(self._members))
        elif kind in FINEST:
            for place, one in enumerate(members):
                self._near[one].update(members[place + 1 : place + 1 + NEIGHBOURS])

    def _index(self) -> None:
        """The buckets of each record, one after the other: those of ``number`` from ``_offsets[number]``."""
        counted = array("i", bytes(4 * (len(self.people) + 1)))
        for member in self._members:
            counted[member + 1] += 1
        for number in range(len(self.people)):
            counted[number + 1] += counted[number]
        self._offsets, places = counted, array("i", counted)
        self._buckets = array("i", bytes(4 * len(self._members)))
        for bucket in range(len(self._starts) - 1):
            for member in self._members[self._starts[bucket] : self._starts[bucket + 1]]:
                self._buckets[places[member]] = bucket
                places[member] += 1

    def fellows(self, number: int) -> set[int]:
        """The later records that share a live key with this one."""
        numbers: set[int] = set(self._near.get(number, ()))
        for bucket in self._buckets[self._offsets[number] : self._offsets[number + 1]]:
            numbers.update(self._members[self._starts[bucket] : self._starts[bucket + 1]])
        return {other for other in numbers if other > number}

    def sure(self, model: Model, seen: Seen) -> Pairs:
        """The pairs of ``model.same`` bits or more."""
        pairs = Pairs()
        for number, one in self.people.items():
            for other in sorted(self.fellows(number)):
                if bound(one, self.people[other], model) < model.same:
                    continue
                weight = score(one, self.people[other], model, self.crowd).weight
                if weight >= model.same:
                    pairs.add(other, weight)
            pairs.end()
            if number % STEP == STEP - 1:
                seen(STEP)
        seen(len(self.people) % STEP)
        return pairs

    def links(self) -> list[list[int]]:
        """The groups that a source, or what the rules call certain, says are one, and of many equal records."""
        proven = [members for members in self._equal if equality_proves(self.people[members[0]], self.crowd, SHARED)]
        return [*certainly(self.people, self.crowd, self.rules), *proven]


def without_limits(rules: IdentityRules) -> IdentityRules:
    """The same rules, with identifiers that prove something however many people use them."""
    endless = {"max_people": 1_000_000, "max_records": 1_000_000}
    unlimited = {kind: rule.model_copy(update=endless) for kind, rule in rules.identifiers.items()}
    return rules.model_copy(update={"identifiers": unlimited})


def components(count: int, ties: Iterable[Collection[int]]) -> list[Sequence[int]]:
    """The components of the numbers below ``count`` that these ties connect; each sorted, single numbers left out."""
    parent = array("i", range(count))

    def root(one: int) -> int:
        while parent[one] != one:
            parent[one] = parent[parent[one]]
            one = parent[one]
        return one

    for tie in ties:
        roots = [root(one) for one in tie]
        least = min(roots, default=0)
        for one in roots:
            parent[one] = least
    together: defaultdict[int, array[int]] = defaultdict(lambda: array("i"))
    for one in range(count):
        if (top := root(one)) != one:
            together[top].append(one)
    return [[top, *together[top]] for top in sorted(together)]
