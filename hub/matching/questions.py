"""Which doubtful matches a person is asked about: those that all that is known of both people speaks for. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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
    surest: dict[frozenset[int], tuple[Id, Id, Score]] = {}
    for review in doubtful:
        surest.setdefault(frozenset((place[review[0]], place[review[1]])), review)

    def records(one: Id) -> list[Features]:
        return [people[each] for each in found.groups[place[one]]]

    return [
        (a, b, pair) for a, b, pair in surest.values() if is_asked(records(a), records(b), pair.weight, model, crowd)
    ]
