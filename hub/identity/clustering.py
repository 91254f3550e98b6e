"""Sure pairs to clusters of records: one person each. Pure, and free of order: a function of the set of records.

What people decided comes first: records they joined are one whatever speaks against it, records they told apart never
meet, and nor do the clusters they are in. How many people share a mailbox or phone is counted, and weakens it. A record
that could be either of two people who contradict each other (a newsletter address without a name in a family's mailbox)
joins neither. Then clusters grow along the pairs, the surest first, and every step compares all that is known of both
sides: a chain A–B–C does not hold where A and C speak against each other.

Every step looks only at records that sure pairs or must-links tie together, so that the clusters of a component closed
under those are the same whatever else is clustered with it: the store resolves one component at a time.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import chain, islice
from operator import attrgetter, itemgetter
from typing import Any, Generic, cast

from hub.identity.blocking import Id, Key, buckets, candidates, cap
from hub.identity.features import Person, Spelling
from hub.identity.names import likeness
from hub.identity.rules import IdentifierRule, IdentityRules, Kind
from hub.identity.scoring import SHARED, Crowd, Score, crowd_key, score
from hub.identity.weights import Model

CLEAR = 12.0
"""Bits from which a pair is told by something personal, and is not ambiguous."""

MARGIN = 3.0
"""Bits by which the better of two candidates has to win."""

APART = -2.0
"""Bits below which two records that contradict each other are two people."""

MOST_CHOICES = 40
"""Most different people, the surest first, that a record is looked at as possibly being: bounds the pairs of them."""

MOST_VALUES = 40
"""Most values of one feature, the surest records' first, that a cluster is compared by: bounds what a step costs."""

CONTACTS = ("email", "phone", "account", "loyalty", "handle", "national_id")
"""Kinds of keys that are identifiers themselves: how many people share one is counted."""

DEFAULTS = IdentityRules()

_TOLD = {
    "email": "emails", "phone": "phones", "account": "accounts", "loyalty": "loyalty_ids", "handle": "handles",
    "national_id": "national_ids", "link": "links",
}  # fmt: skip
_ANY = IdentifierRule(strength="weak")
_UNLIKE = frozenset({"different", "far"})
_FEATURES: Callable[[Person], tuple[tuple[Any, ...], ...]] = attrgetter(*(field.name for field in fields(Person)))


@dataclass(frozen=True, slots=True)
class Constraints(Generic[Id]):
    """What holds whatever the scores say. Records that are not clustered are ignored.

    ``together``: groups of records, two or more each, that people say are one. ``apart``: pairs of sides; no record of
    the one is ever in a cluster with one of the other, so that 5,000 records against 5,000 are two sets and no 25
    million pairs. ``links``: groups that a source says are one. What is apart beats both: of a group that is not one
    then, as few clusters as the order of its ids gives. ``most_records``: a sure pair never makes a larger cluster;
    only must-links do.
    """

    together: Collection[Collection[Id]] = ()
    apart: Collection[tuple[Collection[Id], Collection[Id]]] = ()
    most_records: int = sys.maxsize
    links: Collection[Collection[Id]] = ()


NONE: Constraints[Any] = Constraints()


@dataclass(frozen=True, slots=True)
class Clusters(Generic[Id]):
    """``groups``: each sorted, by their first record.

    ``refused``: sure pairs whose records are in two clusters all the same, the surest first: ambiguous, contradicted,
    apart, or too large.
    """

    groups: list[list[Id]]
    refused: list[tuple[Id, Id]]


def reviews(found: Clusters[Id], scores: Mapping[tuple[Id, Id], Score], model: Model) -> list[tuple[Id, Id, Score]]:
    """The scored pairs in two clusters that a human should look at, the surest first."""
    place = {one: number for number, group in enumerate(found.groups) for one in group}
    doubtful = [(a, b, pair) for (a, b), pair in scores.items() if pair.weight >= model.ask and place[a] != place[b]]
    return sorted(doubtful, key=lambda review: (-review[2].weight, review[0], review[1]))


def crowds(
    found: Mapping[Key, Sequence[Id]], people: Mapping[Id, Person], rules: IdentityRules = DEFAULTS
) -> dict[str, int]:
    """How many people are known to use each identifier, where more than one: their first names contradict.

    SHARED where the rules' ``max_people`` or ``max_records`` is passed, and where more than a live bucket has carry it.
    """
    counted: dict[str, int] = {}
    for (kind, value), members in found.items():
        if kind in CONTACTS and len(members) > 1:
            rule = rules.identifiers.get(cast(Kind, kind), _ANY)
            dead = len(members) > min(cap(kind), rule.max_records)
            number = SHARED if dead else _counted((people[one] for one in members), rule.max_people)
            if number > 1:
                counted[value] = number
    return counted


def _counted(carriers: Iterable[Person], most: int) -> int:
    names = {spelling for one in carriers for spelling in one.names if spelling.first}
    heads: list[Spelling] = []
    for spelling in sorted(names, key=lambda s: (-len(s.first[0]), s.first, s.last)):
        if all(_two_people(spelling, head) for head in heads):
            heads.append(spelling)
            if len(heads) > most:
                return SHARED
    return len(heads)


def _two_people(one: Spelling, other: Spelling) -> bool:
    if likeness(one.first, other.first) not in _UNLIKE:
        return False
    crossings = [(one.last, other.first)] if one.last else []
    if other.last:
        crossings.append((one.first, other.last))
    return not crossings or any(likeness(*crossing) in _UNLIKE for crossing in crossings)


def linked(people: Mapping[Id, Person], crowd: Crowd, rules: IdentityRules = DEFAULTS) -> list[list[Id]]:
    """The groups of records that a source, or an identifier of a kind the rules call certain, says are one.

    An identifier that so many share that it proves nothing is none of these.
    """
    carriers: defaultdict[Key, list[Id]] = defaultdict(list)
    for kind in sorted(rules.certain):
        told = attrgetter(_TOLD[kind])
        for one, known in people.items():
            for value in told(known):
                carriers[kind, value].append(one)
    return [
        sorted(members)
        for (kind, value), members in sorted(carriers.items())
        if len(members) > 1 and crowd.get(_counted_as(kind, value), 1) < SHARED
    ]


def _counted_as(kind: str, value: str) -> str:
    if kind in ("email", "phone"):
        return crowd_key(value)
    return value if kind in ("account", "link") else f"{kind}:{value}"


def cluster(
    people: Mapping[Id, Person], model: Model, rules: IdentityRules = DEFAULTS, constraints: Constraints[Id] = NONE
) -> Clusters[Id]:
    """Cluster a set of records from nothing: what the incremental way has to arrive at, too.

    The links that the records carry are added to those of the constraints.
    """
    found = buckets(people)
    crowd = crowds(found, people, rules)
    proposing = {key: members for key, members in found.items() if key[0] != "link"}
    weights = {(a, b): score(people[a], people[b], model, crowd).weight for a, b in candidates(proposing)}
    sure = {pair: weight for pair, weight in weights.items() if weight >= model.same}
    links = chain(constraints.links, linked(people, crowd, rules))
    return clustered(people, sure, model, crowd, replace(constraints, links=list(links)))


def clustered(
    people: Mapping[Id, Person],
    sure: Mapping[tuple[Id, Id], float],
    model: Model,
    crowd: Crowd,
    constraints: Constraints[Id] = NONE,
) -> Clusters[Id]:
    """Cluster records of which the pairs of ``model.same`` bits or more (smaller id first) and their bits are given."""
    forest = _Forest(people, constraints)
    place = forest.place
    order = _surest_first(sure)
    free: dict[tuple[Id, Id], float] = {}
    for pair in order:
        one, other = place.get(pair[0], pair[0]), place.get(pair[1], pair[1])
        if one != other and not forest.apart(one, other):
            free[pair] = sure[pair]
    for pair in ambiguous(people, free, model, crowd, place):
        del free[pair]
    _grow(forest, free, model, crowd, constraints.most_records)
    refused = [(a, b) for a, b in order if place.get(a, a) != place.get(b, b)]
    return Clusters(forest.groups(), refused)


def _surest_first(sure: Mapping[tuple[Id, Id], float]) -> list[tuple[Id, Id]]:
    # Rounded, so that the last bit of a sum never decides.
    return sorted(sure, key=lambda pair: (-round(sure[pair], 6), pair))


def ambiguous(
    people: Mapping[Id, Person],
    sure: Mapping[tuple[Id, Id], float],
    model: Model,
    crowd: Crowd,
    place: Mapping[Id, Id],
) -> set[tuple[Id, Id]]:
    """The pairs of records that could as well be someone else, who contradicts the one they are paired with.

    ``place``: records that are one already to what they have in common; they do not contradict each other.
    """
    near: defaultdict[Id, list[tuple[float, Id]]] = defaultdict(list)
    for (a, b), weight in sure.items():
        if weight < CLEAR + MARGIN:
            near[a].append((weight, b))
            near[b].append((weight, a))
    known: dict[tuple[Id, Id], bool] = {}

    def contradict(a: Id, b: Id) -> bool:
        pair = (a, b) if a < b else (b, a)
        if pair in sure or place.get(a, a) == place.get(b, b):
            return False
        if pair not in known:
            found = score(people[pair[0]], people[pair[1]], model, crowd)
            known[pair] = found.weight < APART and found.contradicts
        return known[pair]

    dropped: set[tuple[Id, Id]] = set()
    for one, others in near.items():
        if len(others) > 1:
            rivals = _rivals(_choices(others, people, place), contradict)
            dropped.update((one, a) if one < a else (a, one) for a in rivals)
    return dropped


_Choice = tuple[float, list[Any]]
"""Bits, and the records that are told alike."""


def _choices(others: list[tuple[float, Id]], people: Mapping[Id, Person], place: Mapping[Id, Id]) -> Sequence[_Choice]:
    others.sort(key=lambda other: (-other[0], other[1]))
    if len(others) <= MOST_CHOICES:
        return [(weight, [one]) for weight, one in others]
    alike: dict[tuple[Person, Id | None], _Choice] = {}
    for weight, one in others:
        alike.setdefault((people[one], place.get(one)), (weight, []))[1].append(one)
    return list(alike.values())[:MOST_CHOICES]


def _rivals(choices: Sequence[_Choice], contradict: Callable[[Any, Any], bool]) -> set[Any]:
    """The records of choices that a rival, about as likely, contradicts."""
    found: set[Any] = set()
    for number, (weight, some) in enumerate(choices):
        for less, others in choices[number + 1 :]:
            if weight - less > MARGIN:
                break
            if less < CLEAR and contradict(some[0], others[0]):
                found.update(some, others)
    return found


def _grow(
    forest: _Forest[Id], sure: Mapping[tuple[Id, Id], float], model: Model, crowd: Crowd, most_records: int
) -> None:
    """Join along the pairs, in their order, what does not speak against each other."""
    place = forest.place
    failed: dict[tuple[Id, Id], tuple[int, int]] = {}
    for a, b in sure:
        one, other = place.get(a, a), place.get(b, b)
        if one == other:
            continue
        sizes = forest.size(one), forest.size(other)
        if sum(sizes) > most_records or forest.apart(one, other):
            continue
        if sizes != (1, 1):
            # Clusters only grow: with the sizes they had they are what they were, and fail again.
            if failed.get((one, other)) == sizes:
                continue
            if score(forest.person(one), forest.person(other), model, crowd).weight < model.same:
                failed[one, other], failed[other, one] = sizes, sizes[::-1]
                continue
        forest.join(one, other)


class _Forest(Generic[Id]):
    """The clusters under way. ``place`` maps a record to the one its cluster is called by; alone it is not in it."""

    __slots__ = ("_known", "_marks", "_members", "_people", "place")

    def __init__(self, people: Mapping[Id, Person], constraints: Constraints[Id]) -> None:
        self._people: Mapping[Id, Person] = people
        self.place: dict[Id, Id] = {}
        self._members: dict[Id, list[Id]] = {}
        self._known: dict[Id, Person] = {}
        self._marks: dict[Id, set[int]] = {}
        for number, sides in enumerate(constraints.apart, 1):
            for mark, side in zip((number, -number), sides, strict=True):
                for one in side:
                    if one in people:
                        self._marks.setdefault(one, set()).add(mark)
        for groups in (constraints.together, constraints.links):
            for group in sorted(sorted({one for one in group if one in people}) for group in groups):
                self._bind(group)

    def _bind(self, group: Sequence[Id]) -> None:
        """Make them one, or as few as what is apart allows."""
        heads: list[Id] = []
        for one in group:
            mine = self.place.get(one, one)
            if mine in heads:
                continue
            for number, head in enumerate(heads):
                if not self.apart(head, mine):
                    heads[number] = self.join(head, mine)
                    break
            else:
                heads.append(mine)

    def apart(self, one: Id, other: Id) -> bool:
        """Whether a record of the one cluster must not meet one of the other."""
        if not self._marks:
            return False
        few, many = sorted((self._marks.get(one, _NO_MARKS), self._marks.get(other, _NO_MARKS)), key=len)
        return any(-mark in many for mark in few)

    def size(self, one: Id) -> int:
        """How many records its cluster has."""
        return len(self._members[one]) if one in self._members else 1

    def person(self, one: Id) -> Person:
        """All that is known of a cluster, as of one person."""
        if one not in self._members:
            return self._people[one]
        if one not in self._known:
            self._known[one] = _pooled([self._people[member] for member in sorted(self._members[one])])
        return self._known[one]

    def join(self, one: Id, other: Id) -> Id:
        """Make two clusters one, and give what it is called by: the larger one's name, so that few records move."""
        if self.size(one) < self.size(other):
            one, other = other, one
        if one in self._known or other in self._known:
            self._known[one] = _pooled((self.person(one), self.person(other)))
            self._known.pop(other, None)
        if other in self._marks:
            self._marks[one] = _union(self._marks.get(one, set()), self._marks.pop(other))
        moved = self._members.pop(other, [other])
        self._members.setdefault(one, [one]).extend(moved)
        self.place[one] = one
        self.place.update(dict.fromkeys(moved, one))
        return one

    def groups(self) -> list[list[Id]]:
        """All clusters, each sorted, by their first record."""
        found = [sorted(members) for members in self._members.values()]
        found += [[one] for one in self._people if one not in self.place]
        return sorted(found, key=itemgetter(0))


_NO_MARKS: set[int] = set()


def _union(one: set[int], other: set[int]) -> set[int]:
    if len(one) < len(other):
        one, other = other, one
    one |= other
    return one


def _pooled(people: Sequence[Person]) -> Person:
    """All that is known of these records, as of one person: of each feature the first values."""
    return Person(*(_values(told) for told in zip(*map(_FEATURES, people), strict=True)))


def _values(told: Sequence[tuple[Any, ...]]) -> tuple[Any, ...]:
    different = dict.fromkeys(values for values in told if values)
    if len(different) < 2:
        return next(iter(different), ())[:MOST_VALUES]
    return tuple(islice(dict.fromkeys(value for values in different for value in values), MOST_VALUES))
