"""Fit the model to the data at hand, without labels, and to what people answered. Pure.

How often one person's records differ in a feature is counted where all other evidence is beyond doubt (one round of
expectation and maximisation with hard assignment), and smoothed towards the shipped weights. Frequencies of names and
places are counted outright. All weights are rounded, so that the same data gives the same text.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from math import log2

from hub.matching.blocking import hashed
from hub.matching.comparison import BIRTH, BORN_ALIKE, birth_rank
from hub.matching.features import Birth, Features, compact
from hub.matching.kinds import BY_VALUE
from hub.matching.names import ALIKE, Tokens, likeness
from hub.matching.scoring import ALIKE_AT_HOME, Score
from hub.matching.weights import Model, bound_of, different_of

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
_PERSONAL = ("birth_different", "national_id_different")
_DIFFERS = frozenset({"different", "city_different", "moved_street", "moved_postal", "moved_city"})
_LINKS = {"bound_door": ("address", "door"), "bound_phone": ("phone", "exact")}
_NUMBERS = frozenset({"national_id", *(kind.name for kind in BY_VALUE if kind.strength != "weak")})
_BORN_APART = frozenset({"day_month", "two_parts", "near", "different"})
_BOUNDS = {
    ("email", "exact"): "bound_email", ("email", "weak"): "bound_weak", ("email", "role"): "bound_weak",
    ("email", "near"): "bound_email_near", ("email", "near_name"): "bound_email_near_name",
    ("email", "local"): "bound_email_local", ("email", "local_number"): "bound_email_local",
    ("phone", "exact"): "bound_phone", ("phone", "near"): "bound_phone_near", ("address", "door"): "bound_door",
    ("company", "exact"): "bound_company", ("company", "near"): "bound_company",
}  # fmt: skip
_PROOFS = frozenset({"bound_email", "bound_weak", "bound_phone", "bound_door"})
_AREA = frozenset({"address", "last_name"})
_NAMES = {
    **{(f"{kind}_name", level): f"{kind}_{level}" for kind in ("first", "last")
       for level in ("close", "far", "different")},
    **{(f"{kind}_name", level): level for kind in ("first", "last")
       for level in ("initial", "initial_different", "alias", "part", "typo")},
    **{("birth_date", level): f"birth_{level}" for level in
       ("exact", "january", "swapped", "digit", "day_month", "two_parts", "near", "different")},
    **{("email", level): f"email_{level}" for level in ("near", "near_name", "local_number", "local", "different")},
    **{("phone", level): f"phone_{level}" for level in ("near", "different")},
    **{("national_id", level): f"national_id_{level}" for level in ("near", "short", "different")},
    ("national_id", "exact"): bound_of("national_id"),
    **{(kind.name, "exact"): bound_of(kind.name) for kind in BY_VALUE},
    **{(kind.name, "other"): different_of(kind.name) for kind in BY_VALUE if kind.different is not None},
    ("first_name", ALIKE): "first_alike",
    ("first_name", "common in a household"): "household_first_least",
    ("first_name", "same in a household"): "household_first_most", ("suffix", "different"): "suffix_different",
    ("address", "street"): "street", ("address", "different"): "address_different",
    ("address", "city_different"): "city_different",
    ("company", "exact"): "company", ("company", "near"): "company_near", ("company", "different"): "company_different",
}  # fmt: skip
"""Which weight stands behind a level, where one does: frequencies of names and places are counted, not answered."""

_CLEAR = frozenset({"exact", "part", "alias", "typo", "different"})
_SUREST = 0.97
_IN_A_HOUSEHOLD = frozenset({"same in a household", "common in a household", ALIKE_AT_HOME})
_LENDERS = 10
"""Pairs that share a number under two first names, as which the shipped odds count."""
_MOST = -0.5
_LESS = 1.0

_NEAR_BIRTHS: Mapping[str, float] = {
    "swapped": 0.01, "digit": 0.03, "day_month": 0.01, "two_parts": 0.02, "near": 0.01,
}  # fmt: skip
"""How often two dates that one person told are so near."""

_NEAR_FIRSTS: Mapping[str, tuple[str, float]] = {
    "close": ("first_close", 0.005), "far": ("first_far", 0.003), ALIKE: ("first_alike", 0.002),
}  # fmt: skip
"""Weight of a level, and how often two first names that one person told are so near, and not equal."""

_STRANGERS = 2_000
"""Pairs of strangers that the shipped weights are worth."""

_DATES, _NEXT = 2_000, 20
_MOST_NEARER = 3.0
_NAMES_DRAWN = 1_000

_MOST_MATES = 8.0
"""Other records of the same person that a record has on average, at most."""

MOST_MOVED = 1.5
"""Bits by which people's answers move one weight at most."""

MOST_RAISED = 2.0
"""Bits by which people's answers raise a threshold at most."""

_DOUBT = 4.0
"""Answers of either kind that are taken as given: so many make no more than one bit."""

_BAND = 3.0
_DECIMALS = 6


def frequencies(people: Iterable[Features], model: Model) -> Model:
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


def near_births(scores: Iterable[Score], births: Collection[Birth], model: Model) -> Model:
    """The model with what a date of birth that is nearly another says, by how often strangers' dates are so near.

    ``births`` are dates of these records. A day and month in common are one in 365 of strangers' pairs, and nearer
    still where all are of one age. How often one person's own dates are so is counted where all else is beyond doubt.
    """
    strangers = _strangers(births)
    own: Counter[str] = Counter()
    for found in scores:
        for feature, level, weight in found.evidence:
            if feature == "birth_date" and found.weight - weight >= BEYOND_DOUBT:
                own[level] += 1
    changed = {}
    for level, usual in _NEAR_BIRTHS.items():
        name = f"birth_{level}"
        changed[name] = _against_strangers(level, usual, getattr(model.weights, name), own, strangers)
    return replace(model, weights=replace(model.weights, **changed))


def near_firsts(scores: Iterable[Score], firsts: Sequence[Tokens], model: Model) -> Model:
    """The model with what a first name that is nearly another says, by how often strangers' first names are so near.

    ``firsts`` are those of these records, as often as they are told. At one door another weight holds: there they are
    sisters and brothers.
    """
    ordered = sorted(firsts, key=lambda name: hashed(("first", " ".join(name))))
    number = min(len(ordered), _NAMES_DRAWN)
    drawn = [ordered[place * len(ordered) // number] for place in range(number)]
    # Equal names stand side by side: each is compared with names from all over.
    steps = sorted({step * len(drawn) // (_NEXT + 1) for step in range(1, _NEXT + 1)} - {0})
    strangers = Counter(likeness(one, drawn[place - step]) for place, one in enumerate(drawn) for step in steps)
    own: Counter[str] = Counter()
    for found in scores:
        lines = [(level, weight) for feature, level, weight in found.evidence if feature == "first_name"]
        if lines and found.weight - sum(weight for _, weight in lines) >= BEYOND_DOUBT:
            own[lines[0][0]] += 1
    changed = {}
    for level, (name, usual) in _NEAR_FIRSTS.items():
        changed[name] = _against_strangers(level, usual, getattr(model.weights, name), own, strangers)
    return replace(model, weights=replace(model.weights, **changed))


def _against_strangers(level: str, usual: float, shipped: float, own: Counter[str], strangers: Counter[str]) -> float:
    """Bits of a level: how often one person's values have it against how often strangers' have."""
    chance = (strangers[level] + usual / 2**shipped * _STRANGERS) / (strangers.total() + _STRANGERS)
    rate = (own[level] + usual * STRENGTH) / (own.total() + STRENGTH)
    return round(max(min(log2(rate / chance), shipped + _MOST_NEARER), shipped - _MOST_NEARER), _DECIMALS)


def _strangers(births: Collection[Birth]) -> Counter[str]:
    """How near the dates of strangers are: of distinct dates in an order that says nothing, each with the next ones."""
    shuffled = sorted(set(births), key=lambda born: hashed(("birth", compact(born))))[:_DATES]
    found: Counter[str] = Counter()
    for place, one in enumerate(shuffled):
        for other in shuffled[place + 1 : place + 1 + _NEXT]:
            found[BIRTH[birth_rank(one, other)]] += 1
    return found


def peopled(model: Model, pairs: float) -> Model:
    """The model of records of which so many pairs are one person, by ``model``; its population is that of records.

    Two records drawn at random are one person the more often, the more records a person has: of a shop's customers of
    five years each has six others of the same person. An estimate that is too high would make namesakes one, so that
    it counts up to ``_MOST_MATES``.
    """
    mates = min(max(2 * pairs / model.population, 1.0), _MOST_MATES)
    return replace(model, population=max(round(model.population / mates, _DECIMALS), 2.0))


def _bits(counted: Counter[str], usual: float) -> dict[str, float]:
    total = counted.total() + 1 / usual
    return {value: round(log2(0.85 * total / (count + 1)), _DECIMALS) for value, count in counted.items()}


def adjusted(scores: Iterable[Score], model: Model) -> Model:
    """The model with the weights of disagreement that these scored pairs teach.

    A mailbox with one first name in it is one person's: it teaches how often people's addresses differ where nothing
    else is told, such as a till's customers.
    """
    seen: defaultdict[str, int] = defaultdict(int)
    differed: defaultdict[str, int] = defaultdict(int)
    for found in scores:
        own = sum(evidence.weight for evidence in found.evidence if evidence.feature in _OWN) - model.prior
        mailed = _mailed(found, model)
        for feature, level, weight in found.evidence:
            if feature not in _LEARNED or not level or level in _IN_A_HOUSEHOLD:
                continue
            # What a household shares is capped together: such a feature is judged by the personal evidence alone.
            rest = found.weight - weight if feature in _OWN else max(own, mailed) if feature == "address" else own
            if rest >= BEYOND_DOUBT:
                seen[feature] += 1
                differed[feature] += level in _DIFFERS
    changed = {}
    for feature, name in _LEARNED.items():
        shipped: float = getattr(model.weights, name)
        rate = (differed[feature] + 2**shipped * STRENGTH) / (seen[feature] + STRENGTH)
        changed[name] = round(max(min(log2(rate), _MOST), shipped - _LESS), _DECIMALS)
    return replace(model, weights=replace(model.weights, **changed))


def _mailed(found: Score, model: Model) -> float:
    """Bits of a mailbox in common beside the personal evidence that no household shares."""
    bits, mailed = -model.prior, False
    for feature, level, weight in found.evidence:
        mailed = mailed or (feature == "email" and level == "exact")
        if (feature in _OWN or feature == "email") and feature != "last_name" and level not in _IN_A_HOUSEHOLD:
            bits += weight
    return bits if mailed else 0.0


def tempered(model: Model, other: Model, shipped: Model, *, alone: bool = False) -> Model:
    """The model with another's estimate of how often one person's own values differ: half each, or that ``alone``."""
    changed = {}
    for name in _LEARNED.values() if alone else _PERSONAL:
        told: float = getattr(other.weights, name)
        mean = told if alone else (told + getattr(model.weights, name)) / 2
        changed[name] = round(
            mean if alone else max(min(mean, _MOST), getattr(shipped.weights, name) - _LESS), _DECIMALS
        )
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
        changed[link] = round(max(log2(one / (1 - one)), shipped - 2.0), _DECIMALS)
    return replace(model, weights=replace(model.weights, **changed))


def lent(scores: Iterable[Score], model: Model) -> Model:
    """The model with the odds, in these data, that two who share a number and have other first names are one person.

    Dates of birth tell: those of one person whose name was mistyped or changed agree, those of a lender and a borrower
    do not.
    """
    alike, apart = 0, 0
    for found in scores:
        levels = {evidence.feature: evidence.level for evidence in reversed(found.evidence)}
        if levels.get("first_name") == "different" and any(levels.get(number) == "exact" for number in _NUMBERS):
            alike += levels.get("birth_date") in BORN_ALIKE
            apart += levels.get("birth_date") in _BORN_APART
    shipped = model.weights.bound_lent
    same = 2**shipped / (1 + 2**shipped)
    one = min((alike + same * _LENDERS) / (alike + apart + _LENDERS), _SUREST)
    return replace(model, weights=replace(model.weights, bound_lent=round(log2(one / (1 - one)), _DECIMALS)))


def refined(judged: Iterable[tuple[Score, bool]], model: Model) -> Model:
    """The model with what people answered: of each pair its score by ``model``, and whether it is one person.

    A pair that is one person speaks for every level that was weighed in it, one that is not against; opposite answers
    to alike pairs cancel. A pair's word is shared among its levels, and no weight moves by more than ``MOST_MOVED``
    bits: who is asked sees the doubtful pairs only, and may be wrong. The thresholds only ever rise: ``same`` where
    people refuse what is joined, ``ask`` where they refuse nearly all they are asked, by ``MOST_RAISED`` at most.
    """
    votes: defaultdict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    at_same, at_ask = [0, 0], [0, 0]
    for found, one in sorted(judged):
        names = _weighed(found, model)
        for name in names:
            votes[name][one] += 1 / len(names)
        if model.same <= found.weight < model.same + _BAND:
            at_same[one] += 1
        elif model.ask <= found.weight < min(model.ask + _BAND, model.same):
            at_ask[one] += 1
    moved = {
        name: round(getattr(model.weights, name) + max(min(_leaning(*told), MOST_MOVED), -MOST_MOVED), _DECIMALS)
        for name, told in sorted(votes.items())
    }
    same, ask = (round(min(max(-_leaning(*told), 0.0), MOST_RAISED), _DECIMALS) for told in (at_same, at_ask))
    return replace(model, same=model.same + same, ask=model.ask + ask, weights=replace(model.weights, **moved))


def _leaning(against: float, favour: float) -> float:
    """Bits by which these answers lean to one side."""
    return log2((favour + _DOUBT) / (against + _DOUBT))


def _weighed(found: Score, model: Model) -> list[str]:
    """The weights that decided this score: where a household's bound held, the bound and not what it held back."""
    held = any(evidence.feature == "household" for evidence in found.evidence)
    names: set[str] = set()
    bounds: list[tuple[float, str]] = []
    for feature, level, weight in found.evidence:
        bound = _BOUNDS.get((feature, level), "bound_area" if feature in _AREA and weight > 0 else "")
        name = _NAMES.get((feature, level), bound if bound in _PROOFS else "")
        if bound in _PROOFS and weight < model.prior + getattr(model.weights, bound):
            name = bound = "bound_shared"
        if bound:
            bounds.append((getattr(model.weights, bound), bound))
        if level == ALIKE_AT_HOME:
            # At one door that weight decided, and not the one among strangers; of well-known names it is another's.
            near = found.evidence[0].level
            names.discard(_NAMES["first_name", near])
            name = "" if near == ALIKE else f"household_first_{near}"
        if name and weight and not (held and bound):
            names.add(name)
    if held and bounds:
        names.add(max(bounds)[1])
    return sorted(names)
