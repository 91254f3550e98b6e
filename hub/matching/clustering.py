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
from dataclasses import dataclass, replace
from itertools import chain, islice
from operator import attrgetter
from typing import Any, Generic

from hub.matching.blocking import UNPROPOSING, Id, Key, buckets, candidates, cap, equal_groups
from hub.matching.features import Features, Spelling, values_of
from hub.matching.kinds import BY_NAME, COUNTED
from hub.matching.names import COUPLE, likeness
from hub.matching.rules import IdentifierRule, IdentityRules
from hub.matching.scoring import SHARED, Crowd, score
from hub.matching.weights import Model
from hub.matching.windows import at_one_time, united

CLEAR = 12.0
"""Bits from which a pair agrees on something personal, so that it is never ambiguous."""

MARGIN = 3.0
"""Bits by which the better of two candidates has to be ahead."""

APART = -2.0
"""Bits below which two records that contradict each other are two people."""

MOST_CHOICES = 32
"""Most candidates of one record that are compared with one another, the surest first: bounds the work."""

MOST_VALUES = 12
"""Most values of one feature by which a cluster is compared, those of its surest records first: bounds the work."""

CONTACTS = COUNTED
"""Kinds of keys that are identifiers themselves: how many people share one is counted."""

DEFAULTS = IdentityRules()

_ANY = IdentifierRule(strength="weak")
_UNLIKE = frozenset({"different", "far", COUPLE})


@dataclass(frozen=True, slots=True)
class Constraints(Generic[Id]):
    """What clustering keeps to whatever the scores are. Records that are not clustered are ignored.

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


def crowds(
    found: Mapping[Key, Sequence[Id]], people: Mapping[Id, Features], rules: IdentityRules = DEFAULTS
) -> dict[str, int]:
    """How many people are known to use each identifier, where more than one: their first names contradict.

    SHARED where the rules' ``max_people`` or ``max_records`` is passed, and where more than a live bucket has carry it.
    """
    counted: dict[str, int] = {}
    for (kind, value), members in found.items():
        if kind in CONTACTS and len(members) > 1:
            rule = rules.identifiers.get(kind, _ANY)
            dead = len(members) > min(cap(kind), rule.max_records)
            number = SHARED if dead else _counted((people[one] for one in members), rule.max_people)
            if number > 1:
                counted[value] = number
    return counted


def _counted(carriers: Iterable[Features], most: int) -> int:
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


def linked(people: Mapping[Id, Features], crowd: Crowd, rules: IdentityRules = DEFAULTS) -> list[list[Id]]:
    """The groups of records that are one because a source says so, or what the rules call certain, or by the letter.

    An identifier that so many share that it proves nothing is none of these. By the letter: many equal records.
    """
    return certainly(people, crowd, rules) + equal_groups(people, crowd, SHARED)


def certainly(people: Mapping[Id, Features], crowd: Crowd, rules: IdentityRules = DEFAULTS) -> list[list[Id]]:
    """The same without the groups of equal records."""
    carriers: defaultdict[Key, list[Id]] = defaultdict(list)
    for kind in sorted(rules.certain):
        told = attrgetter(BY_NAME[kind].field_name)
        for one, known in people.items():
            for value in told(known):
                carriers[kind, value].append(one)
    return [
        sorted(group)
        for (kind, value), members in sorted(carriers.items())
        if len(members) > 1 and crowd.get(BY_NAME[kind].key(value), 1) < SHARED
        for group in (at_one_time(kind, value, members, people) if kind in rules.windows else [members])
        if len(group) > 1
    ]


def cluster(
    people: Mapping[Id, Features], model: Model, rules: IdentityRules = DEFAULTS, constraints: Constraints[Id] = NONE
) -> Clusters[Id]:
    """Cluster a set of records from nothing. The incremental way has to give the same.

    The links that the records carry are added to those of the constraints.
    """
    found = buckets(people)
    crowd = crowds(found, people, rules)
    proposing = {key: members for key, members in found.items() if key[0] not in UNPROPOSING}
    weights = {(a, b): score(people[a], people[b], model, crowd).weight for a, b in candidates(proposing)}
    sure = {pair: weight for pair, weight in weights.items() if weight >= model.same}
    links = chain(constraints.links, linked(people, crowd, rules))
    return clustered(people, sure, model, crowd, replace(constraints, links=list(links)))


def clustered(
    people: Mapping[Id, Features],
    sure: Mapping[tuple[Id, Id], float],
    model: Model,
    crowd: Crowd,
    constraints: Constraints[Id] = NONE,
) -> Clusters[Id]:
    """Cluster records, given their sure pairs (smaller id first; ``model.same`` bits or more) and the bits of each."""
    # By their places in the order of ids: hashing and comparing UUIDs would be most of the work.
    ids = sorted(people)
    numbers = {one: number for number, one in enumerate(ids)}
    # Rounded, so that the last bit of a sum never decides.
    order = sorted((-round(weight, 6), numbers[a], numbers[b], weight) for (a, b), weight in sure.items())
    forest = _Forest([people[one] for one in ids])
    forest.hold_apart((_numbered(one, numbers), _numbered(other, numbers)) for one, other in constraints.apart)
    for groups in (constraints.together, constraints.links):
        for group in sorted(sorted(_numbered(group, numbers)) for group in groups):
            forest.bind(group)
    place = forest.place
    free = {(a, b): weight for _, a, b, weight in order if not forest.decided(place[a], place[b])}
    for pair in _ambiguous(forest, free, model, crowd):
        del free[pair]
    _grow(forest, free, model, crowd, constraints.most_records)
    refused = [(ids[a], ids[b]) for _, a, b, _ in order if place[a] != place[b]]
    return Clusters([[ids[number] for number in group] for group in forest.groups()], refused)


def _numbered(group: Iterable[Id], numbers: Mapping[Id, int]) -> set[int]:
    return {numbers[one] for one in group if one in numbers}


_Pair = tuple[int, int]


def _ambiguous(forest: _Forest, sure: Mapping[_Pair, float], model: Model, crowd: Crowd) -> set[_Pair]:
    """The ambiguous pairs: one side fits a third record about as well, and that record contradicts the other side."""
    near: defaultdict[int, list[tuple[float, int]]] = defaultdict(list)
    for (a, b), weight in sure.items():
        if weight < CLEAR + MARGIN:
            near[a].append((-weight, b))
            near[b].append((-weight, a))
    people, place = forest.people, forest.place
    known: dict[_Pair, bool] = {}

    def contradict(a: int, b: int) -> bool:
        pair = (a, b) if a < b else (b, a)
        if pair in sure or place[a] == place[b]:
            return False
        if pair not in known:
            found = score(people[pair[0]], people[pair[1]], model, crowd)
            known[pair] = found.contradicts and (found.weight < APART or found.sisters)
        return known[pair]

    dropped: set[_Pair] = set()
    for one, others in near.items():
        if len(others) > 1:
            rivals = _rivals(_choices(others, forest), contradict)
            dropped.update((one, a) if one < a else (a, one) for a in rivals)
    return dropped


_Choice = tuple[float, list[int]]
"""Bits, and the records that are equal to one another."""


def _choices(others: list[tuple[float, int]], forest: _Forest) -> Sequence[_Choice]:
    others.sort()
    if len(others) <= MOST_CHOICES:
        return [(-weight, [one]) for weight, one in others]
    equal: dict[tuple[Features, int], _Choice] = {}
    for weight, one in others:
        cluster = forest.place[one]
        key = forest.people[one], cluster if forest.size(cluster) > 1 else -1
        equal.setdefault(key, (-weight, []))[1].append(one)
    return list(equal.values())[:MOST_CHOICES]


def _rivals(choices: Sequence[_Choice], contradict: Callable[[int, int], bool]) -> set[int]:
    """The records of those candidates that another candidate, about as likely, contradicts."""
    found: set[int] = set()
    for number, (weight, some) in enumerate(choices):
        for less, others in choices[number + 1 :]:
            if round(weight - less, 6) > MARGIN:
                break
            if less < CLEAR and contradict(some[0], others[0]):
                found.update(some, others)
    return found


def _grow(forest: _Forest, sure: Mapping[_Pair, float], model: Model, crowd: Crowd, most_records: int) -> None:
    """Join clusters along the pairs, in their order, unless all that is known of both sides speaks against it."""
    place = forest.place
    failed: dict[_Pair, _Pair] = {}
    for a, b in sure:
        one, other = place[a], place[b]
        if forest.decided(one, other):
            continue
        sizes = forest.size(one), forest.size(other)
        if sum(sizes) > most_records:
            continue
        if sizes != (1, 1):
            # Clusters only grow: with the sizes they had they are what they were, and fail again.
            if failed.get((one, other)) == sizes:
                continue
            left, right = forest.seen_from(a), forest.seen_from(b)
            if score(left, right, model, crowd).weight < model.same:
                if left is forest.person(one) and right is forest.person(other):
                    failed[one, other], failed[other, one] = sizes, sizes[::-1]
                continue
        forest.join(one, other)


class _Forest:
    """The clusters so far, of records by number. ``place`` maps each record to the number that names its cluster."""

    __slots__ = ("_known", "_marks", "_members", "people", "place")

    def __init__(self, people: Sequence[Features]) -> None:
        self.people = people
        self.place = list(range(len(people)))
        self._members: dict[int, list[int]] = {}
        self._known: dict[int, Features] = {}
        self._marks: dict[int, set[int]] = {}

    def hold_apart(self, sides: Iterable[tuple[Iterable[int], Iterable[int]]]) -> None:
        """Keep the records of two sides apart: each side gets a mark, and the two marks are opposite."""
        for mark, (left, right) in enumerate(sides, 1):
            for one in left:
                self._marks.setdefault(one, set()).add(mark)
            for one in right:
                self._marks.setdefault(one, set()).add(-mark)

    def bind(self, group: Sequence[int]) -> None:
        """Join these records into one cluster, or into as few as the constraints allow."""
        heads: list[int] = []
        for one in group:
            mine = self.place[one]
            if mine in heads:
                continue
            for number, head in enumerate(heads):
                if not self.decided(head, mine):
                    heads[number] = self.join(head, mine)
                    break
            else:
                heads.append(mine)

    def decided(self, one: int, other: int) -> bool:
        """Whether two clusters are one already, or a constraint keeps them apart."""
        if one == other:
            return True
        if one not in self._marks or other not in self._marks:
            return False
        few, many = sorted((self._marks[one], self._marks[other]), key=len)
        return any(-mark in many for mark in few)

    def size(self, one: int) -> int:
        """The number of records of a cluster."""
        return len(self._members[one]) if one in self._members else 1

    def person(self, one: int) -> Features:
        """The features of a cluster: the values of all its records."""
        if one not in self._members:
            return self.people[one]
        if one not in self._known:
            self._known[one] = pooled([self.people[member] for member in sorted(self._members[one])])
        return self._known[one]

    def seen_from(self, record: int) -> Features:
        """The features of a record's cluster; where more values are known than are compared, its own come first."""
        known = self.person(self.place[record])
        if known is self.people[record] or max(map(len, values_of(known))) < MOST_VALUES:
            return known
        return pooled((self.people[record], known))

    def join(self, one: int, other: int) -> int:
        """Join two clusters, and give the number that names the result: the larger one's, so that few records move."""
        if self.size(one) < self.size(other):
            one, other = other, one
        if one in self._known or other in self._known:
            self._known[one] = pooled((self.person(one), self.person(other)))
            self._known.pop(other, None)
        if other in self._marks:
            few, many = sorted((self._marks.get(one, set()), self._marks.pop(other)), key=len)
            self._marks[one] = many | few if few else many
        moved = self._members.pop(other, None) or [other]
        self._members.setdefault(one, [one]).extend(moved)
        for record in moved:
            self.place[record] = one
        return one

    def groups(self) -> list[list[int]]:
        """All clusters, each sorted, by their first record."""
        found = [sorted(members) for members in self._members.values()]
        found += [[one] for one, place in enumerate(self.place) if one == place and one not in self._members]
        return sorted(found)


def pooled(people: Sequence[Features]) -> Features:
    """The features of these records together: of each feature the first ``MOST_VALUES`` values."""
    told = Features(*map(_values, zip(*map(values_of, people), strict=True)))
    return united(told, (period for one in people for period in one.periods)) if told.periods else told


def _values(told: tuple[tuple[Any, ...], ...]) -> tuple[Any, ...]:
    first = told[0]
    if len(told) == 2 and (first == told[1] or not told[1] or len(first) >= MOST_VALUES):
        return first[:MOST_VALUES]
    different = dict.fromkeys(told)
    return tuple(islice(dict.fromkeys(chain.from_iterable(different)), MOST_VALUES))
