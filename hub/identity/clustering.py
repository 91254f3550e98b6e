"""Scored pairs to clusters of records: one person each. Pure, and free of order: a function of the set of records.

Three steps. How many people share a mailbox or phone is counted first, and weakens it. A record that could be either
of two people who contradict each other (a newsletter address without a name in a family's mailbox) joins neither.
Then clusters grow along the pairs, the surest first, and every step compares all that is known of both sides: a chain
A–B–C does not hold where A and C speak against each other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic

from hub.identity.blocking import CAP, Id, Key, buckets, candidates
from hub.identity.features import Person, Spelling, merged
from hub.identity.names import likeness
from hub.identity.scoring import Crowd, Score, score
from hub.identity.weights import Model

CLEAR = 12.0
"""Bits from which a pair is told by something personal, and is not ambiguous."""

MARGIN = 3.0
"""Bits by which the better of two candidates has to win."""

APART = -2.0
"""Bits below which two records that contradict each other are two people."""

_UNLIKE = frozenset({"different", "far"})


@dataclass(frozen=True, slots=True)
class Clusters(Generic[Id]):
    """``groups``: each sorted, by their first record. ``reviews``: pairs a human should look at, the surest first."""

    groups: list[list[Id]]
    reviews: list[tuple[Id, Id, Score]]


def crowds(found: Mapping[Key, Sequence[Id]], people: Mapping[Id, Person]) -> dict[str, int]:
    """How many people are known to use each mailbox and phone, where more than one: their first names contradict."""
    counted: dict[str, int] = {}
    for (kind, value), members in found.items():
        if kind in ("email", "phone") and len(members) > 1:
            names = {spelling for one in members for spelling in people[one].names if spelling.first}
            heads: list[Spelling] = []
            for spelling in sorted(names, key=lambda s: (-len(s.first[0]), s.first, s.last)):
                if all(_two_people(spelling, head) for head in heads):
                    heads.append(spelling)
            if len(heads) > 1:
                counted[value] = len(heads)
    return counted


def _two_people(one: Spelling, other: Spelling) -> bool:
    if likeness(one.first, other.first) not in _UNLIKE:
        return False
    crossings = [(one.last, other.first)] if one.last else []
    if other.last:
        crossings.append((one.first, other.last))
    return not crossings or any(likeness(*crossing) in _UNLIKE for crossing in crossings)


def cluster(people: Mapping[Id, Person], model: Model, cap: int = CAP) -> Clusters[Id]:
    """Cluster a set of records from nothing: what the incremental way has to arrive at, too."""
    found = buckets(people)
    crowd = crowds(found, people)
    scores = {(a, b): score(people[a], people[b], model, crowd) for a, b in candidates(found, cap)}
    return clustered(people, scores, model, crowd)


def clustered(
    people: Mapping[Id, Person], scores: Mapping[tuple[Id, Id], Score], model: Model, crowd: Crowd
) -> Clusters[Id]:
    """Cluster records of which the candidate pairs (smaller id first) are scored."""
    sure = {pair: found.weight for pair, found in scores.items() if found.weight >= model.same}
    for pair in ambiguous(people, sure, model, crowd):
        del sure[pair]
    place = _grown(people, sure, model, crowd)
    groups: defaultdict[Id, list[Id]] = defaultdict(list)
    for one in sorted(people):
        groups[place[one]].append(one)
    reviews = [(a, b, found) for (a, b), found in scores.items() if found.weight >= model.ask and place[a] != place[b]]
    reviews.sort(key=lambda review: (-review[2].weight, review[0], review[1]))
    return Clusters(sorted(groups.values()), reviews)


def ambiguous(
    people: Mapping[Id, Person], sure: Mapping[tuple[Id, Id], float], model: Model, crowd: Crowd
) -> set[tuple[Id, Id]]:
    """The pairs of records that could as well be someone else, who contradicts the one they are paired with."""
    near: defaultdict[Id, list[tuple[float, Id]]] = defaultdict(list)
    for (a, b), weight in sure.items():
        if weight < CLEAR + MARGIN:
            near[a].append((weight, b))
            near[b].append((weight, a))
    dropped: set[tuple[Id, Id]] = set()
    for one, others in near.items():
        others.sort(key=lambda other: (-other[0], other[1]))
        for place, (weight, a) in enumerate(others):
            for less, b in others[place + 1 :]:
                if weight - less > MARGIN:
                    break
                if less < CLEAR and _contradict(people, a, b, model, crowd):
                    dropped.update((_pair(one, a), _pair(one, b)))
    return dropped


def _contradict(people: Mapping[Id, Person], a: Id, b: Id, model: Model, crowd: Crowd) -> bool:
    first, second = _pair(a, b)
    found = score(people[first], people[second], model, crowd)
    return found.weight < APART and found.contradicts


def _pair(a: Id, b: Id) -> tuple[Id, Id]:
    return (a, b) if a < b else (b, a)


def _grown(
    people: Mapping[Id, Person], sure: Mapping[tuple[Id, Id], float], model: Model, crowd: Crowd
) -> dict[Id, Id]:
    """Every record to the first of its cluster."""
    place: dict[Id, Id] = {one: one for one in people}
    members: dict[Id, list[Id]] = {one: [one] for one in people}
    known: dict[Id, Person] = {}
    for a, b in _surest_first(sure):
        one, other = _pair(place[a], place[b])
        if one == other:
            continue
        left, right = known.get(one, people[one]), known.get(other, people[other])
        grown = len(members[one]) > 1 or len(members[other]) > 1
        if grown and score(left, right, model, crowd).weight < model.same:
            continue
        known[one] = merged(left, right)
        for moved in members[other]:
            place[moved] = one
        members[one] += members.pop(other)
    return place


def _surest_first(sure: Mapping[tuple[Id, Id], float]) -> Iterable[tuple[Id, Id]]:
    # Rounded, so that the last bit of a sum never decides.
    return sorted(sure, key=lambda pair: (-round(sure[pair], 6), pair))
