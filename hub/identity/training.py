"""Fit the model to the data at hand, without labels. Pure.

How often one person's records differ in a feature is counted where all other evidence is beyond doubt (one round of
expectation and maximisation with hard assignment), and smoothed towards the shipped weights. Frequencies of names and
places are counted outright.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from math import log2

from hub.identity.features import Person
from hub.identity.scoring import Score
from hub.identity.weights import Model

BEYOND_DOUBT = 10.0
"""Bits that the other evidence has to have before a pair teaches anything about one feature."""

STRENGTH = 60
"""How many pairs the shipped weights are worth."""

_LEARNED = {
    "first_name": "first_different", "last_name": "last_different", "birth_date": "birth_different",
    "national_id": "national_id_different", "email": "email_different", "phone": "phone_different",
    "address": "address_different",
}  # fmt: skip
_OWN = ("first_name", "last_name", "birth_date", "national_id")
_DIFFERS = frozenset({"different", "city_different"})
_LINKS = {"bound_door": ("address", "door"), "bound_phone": ("phone", "exact")}
_CLEAR = frozenset({"exact", "part", "alias", "typo", "different"})
_SUREST = 0.97
_MOST = -0.5
_LESS = 1.0


def frequencies(people: Iterable[Person], model: Model) -> Model:
    """The model with the population and the frequencies of names, postal codes and cities of these records."""
    first, last, postal, city = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    records = 0
    for person in people:
        records += 1
        first.update(" ".join(spelling.first) for spelling in person.names if spelling.first)
        last.update(" ".join(spelling.last) for spelling in person.names if spelling.last)
        postal.update(place.postal for place in person.places if place.postal)
        city.update(place.city for place in person.places if place.city)
    return replace(
        model,
        population=float(max(records, 2)),
        first=_bits(first, 1 / 300),
        last=_bits(last, 1 / 1500),
        postal=_bits(postal, 1 / 500),
        city=_bits(city, 1 / 100),
    )


def _bits(counted: Counter[str], usual: float) -> dict[str, float]:
    total = counted.total() + 1 / usual
    return {value: log2(0.85 * total / (count + 1)) for value, count in counted.items()}


def fitted(scores: Sequence[Score], model: Model) -> Model:
    """The model with everything these scored pairs teach."""
    return bounded(scores, adjusted(scores, model))


def adjusted(scores: Iterable[Score], model: Model) -> Model:
    """The model with the weights of disagreement that these scored pairs teach."""
    seen: defaultdict[str, int] = defaultdict(int)
    differed: defaultdict[str, int] = defaultdict(int)
    for found in scores:
        own = sum(evidence.weight for evidence in found.evidence if evidence.feature in _OWN) - model.prior
        for feature, level, weight in found.evidence:
            if feature not in _LEARNED or not level or level == "same in a household":
                continue
            # What a household shares is capped together: such a feature is judged by the personal evidence alone.
            rest = found.weight - weight if feature in _OWN else own
            if rest >= BEYOND_DOUBT:
                seen[feature] += 1
                differed[feature] += level in _DIFFERS
    changed = {}
    for feature, name in _LEARNED.items():
        shipped: float = getattr(model.weights, name)
        rate = (differed[feature] + 2**shipped * STRENGTH) / (seen[feature] + STRENGTH)
        changed[name] = max(min(log2(rate), _MOST), shipped - _LESS)
    return replace(model, weights=replace(model.weights, **changed))


def bounded(scores: Iterable[Score], model: Model) -> Model:
    """The model with the odds, in these data, that two who share a door or a phone are one person.

    First names tell: of pairs that have nothing else in common than where and how they are reached, those of one person
    differ as often as elsewhere, those of housemates always. A register of residents and a shop's customers are far
    apart in this.
    """
    told: defaultdict[str, int] = defaultdict(int)
    differed: defaultdict[str, int] = defaultdict(int)
    for found in scores:
        levels = {evidence.feature: evidence.level for evidence in reversed(found.evidence)}
        linked = [link for link, (feature, level) in _LINKS.items() if levels.get(feature) == level]
        if len(linked) == 1 and levels.get("email") != "exact" and levels.get("first_name") in _CLEAR:
            told[linked[0]] += 1
            differed[linked[0]] += levels["first_name"] == "different"
    misnamed = 2**model.weights.first_different
    changed = {}
    for link in _LINKS:
        shipped: float = getattr(model.weights, link)
        same = 2**shipped / (1 + 2**shipped)
        agreed = told[link] - differed[link] + same * (1 - misnamed) * STRENGTH
        one = min(agreed / (told[link] + STRENGTH) / (1 - misnamed), _SUREST)
        changed[link] = max(log2(one / (1 - one)), shipped - 2.0)
    return replace(model, weights=replace(model.weights, **changed))
