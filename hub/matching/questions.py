"""Which doubtful matches a person is asked about: those that all that is known of both people speaks for. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from hub.matching.blocking import Id
from hub.matching.clustering import Clusters, pooled
from hub.matching.features import Features
from hub.matching.scoring import Crowd, Score, score
from hub.matching.weights import Model

QUESTION = 1.0
"""Bits above ``ask`` that two people as wholes have to have: two to one that they are one, by the usual ``ask``.

Of what two records leave open the rest of their people's records often decides: another birth date, another mailbox.
"""

MOST_RECORDS = 100
"""Records of one person by which this is told, the first by id: bounds the work."""

MOST_OPEN = 5
"""Questions about one person that are open at a time; ``hub.store.reviews`` holds them to the same."""

FREELY = 2
"""Questions about each of two people up to which none waits for another."""


class Question(NamedTuple):
    """Two people, by what names them, and the bits of their surest pair; ``pair`` puts those of equal bits in order."""

    one: int
    other: int
    weight: float
    pair: tuple[Any, Any]


def opened(doubtful: Collection[Question]) -> list[Question]:
    """Those that are asked now. The others wait until these are answered: an answer often settles them too.

    Where both people have ``FREELY`` questions or fewer, all. Else the one that comes first to either of the two, if
    it is among the first ``MOST_OPEN`` of the other: the surest first, then who is in doubt with most others. So ten
    thousand receipts that may be one customer's ask five times at once, and not each about all.
    """
    degree = Counter(side for each in doubtful for side in (each.one, each.other))
    of_side: defaultdict[int, list[tuple[float, int, tuple[Any, Any], Question]]] = defaultdict(list)
    for each in doubtful:
        if max(degree[each.one], degree[each.other]) > FREELY:
            of_side[each.one].append((-each.weight, -degree[each.other], each.pair, each))
            of_side[each.other].append((-each.weight, -degree[each.one], each.pair, each))
    ranks: defaultdict[Question, list[int]] = defaultdict(list)
    for questions in of_side.values():
        for rank, (*_, each) in enumerate(sorted(questions), 1):
            ranks[each].append(rank)
    return [each for each in doubtful if each not in ranks or (min(ranks[each]) == 1 and max(ranks[each]) <= MOST_OPEN)]


def is_asked(one: Sequence[Features], other: Sequence[Features], weight: float, model: Model, crowd: Crowd) -> bool:
    """Whether to ask if these two are one: all records of each, in order of id, and the bits of their surest pair."""
    if len(one) > 1 or len(other) > 1:
        weight = score(pooled(one[:MOST_RECORDS]), pooled(other[:MOST_RECORDS]), model, crowd).weight
    return weight >= model.ask + QUESTION


def reviews(
    found: Clusters[Id],
    scores: Mapping[tuple[Id, Id], Score],
    people: Mapping[Id, Features],
    model: Model,
    crowd: Crowd,
) -> list[tuple[Id, Id, Score]]:
    """What a person should look at, the surest first: of two clusters one pair of records, the surest, as stored."""
    place = {one: number for number, group in enumerate(found.groups) for one in group}
    doubtful = [(a, b, pair) for (a, b), pair in scores.items() if pair.weight >= model.ask and place[a] != place[b]]
    doubtful.sort(key=lambda review: (-review[2].weight, review[0], review[1]))
    surest: dict[tuple[int, int], tuple[Id, Id, Score]] = {}
    first: dict[tuple[int, int], tuple[Id, Id]] = {}
    for review in doubtful:
        a, b, _ = review
        sides = min(place[a], place[b]), max(place[a], place[b])
        surest.setdefault(sides, review)
        first[sides] = min(first.get(sides, (a, b)), (a, b))

    def records(one: int) -> list[Features]:
        return [people[each] for each in found.groups[one]]

    asked = [
        Question(*sides, pair.weight, first[sides])
        for sides, (*_, pair) in surest.items()
        if is_asked(records(sides[0]), records(sides[1]), pair.weight, model, crowd)
    ]
    return [surest[each.one, each.other] for each in opened(asked)]
