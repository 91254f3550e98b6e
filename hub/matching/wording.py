"""Evidence in words that somebody understands who never heard of weights. Pure.

One sentence per feature and level of ``comparison`` and ``scoring``; ``{both}`` stands for the two values, or for the
one they agree on. A bit doubles the odds that two records are one person.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from hub.mapping.record_state import State
from hub.matching.blocking import keys
from hub.matching.features import Features, features_of
from hub.matching.kinds import BY_VALUE, KINDS, Kind
from hub.matching.rules import IdentityRules
from hub.matching.scoring import SHARED, Crowd, Evidence, Score, score
from hub.matching.weights import Model

Reader = Callable[[State], Iterator[tuple[str, State]]]

_NO_CROWD: Crowd = {}

_NAMES: Mapping[str, str] = {
    "exact": "{name}s agree: {both}",
    "part": "{name}s agree in part: {both}",
    "alias": "{name}s agree, one is a short or other form: {both}",
    "typo": "{name}s agree but for a typing error: {both}",
    "close": "{name}s are much alike: {both}",
    "initial": "{name}s agree as far as told, one is an initial: {both}",
    "far": "{name}s are hardly alike: {both}",
    "different": "{name}s differ: {both}",
    "two_names": "one first name is Chinese and the other is not, as who has both tells either: {both}",
    "couple_different": "{name}s are alike, and a man's and a woman's: {both}",
    "alike_different": "{name}s are alike, and two well-known names: {both}",
    "initial_different": "{name}s differ already in the initial: {both}",
}
_SWAPPED = "first and last name stand the other way round: {both}"

_SHARED = "the same {noun}, but so many share it that it proves nothing"


def _of_kind(kind: Kind) -> dict[str, str]:
    """The sentences that all kinds of identifier have, by level."""
    sentences = {
        "shared": _SHARED.format(noun=kind.noun),
        "other": f"two {kind.plural}",
        "too_many": f"more {kind.plural} than one person has",
        **({"exact": f"the same {kind.noun}"} if kind in BY_VALUE else {}),
        **kind.words,
    }
    return {level: f"{text}: {{both}}" if kind.shown else text for level, text in sentences.items()}


SENTENCES: Mapping[tuple[str, str], str] = {
    **{(kind.name, level): text for kind in KINDS if kind.counted for level, text in _of_kind(kind).items()},
    **{("first_name", level): text.replace("{name}", "first name") for level, text in _NAMES.items()},
    **{("last_name", level): text.replace("{name}", "last name") for level, text in _NAMES.items()},
    **{
        (name, f"swapped {level}"): f"{_SWAPPED}; so read, "
        + text.replace("{name}", name.replace("_", " ")).replace(": {both}", "")
        for name in ("first_name", "last_name")
        for level, text in _NAMES.items()
    },
    ("last_name", "swapped"): "one of the names stands once as first and once as last name: {both}",
    (
        "first_name",
        "same in a household",
    ): "an equal first name says less beside it: father and son share one, namesakes too",
    (
        "first_name",
        "common in a household",
    ): "an equal first name says more beside it, however common: two of one household hardly share one",
    (
        "first_name",
        "alike in a household",
    ): "names that look alike say less beside it: brothers and sisters may be called so",
    ("email", "exact"): "the same e-mail: {both}",
    ("email", "near"): "the same e-mail but for a typing error: {both}",
    ("email", "near_name"): "the same e-mail but for a typing error, in a mailbox without digits: {both}",
    ("email", "local_number"): "the same name with digits before the @, at another provider: {both}",
    ("email", "local"): "the same name before the @, at another provider: {both}",
    ("email", "different"): "e-mails differ: {both}",
    (
        "email",
        "weak",
    ): "the same e-mail, which may be somebody else's (an order's contact, or one that was replaced): {both}",
    ("email", "role"): "the same mailbox of a desk, not of a person: {both}",
    ("phone", "exact"): "the same phone: {both}",
    ("phone", "weak"): "the same phone, which was replaced at a source and may be somebody else's now: {both}",
    ("phone", "near"): "the same phone but for a digit or the area code: {both}",
    ("phone", "different"): "phones differ: {both}",
    ("address", "door"): "the same street and house number: {both}",
    ("address", "street"): "the same street: {both}",
    ("address", "postal_city"): "the same postal code and city: {both}",
    ("address", "postal"): "the same postal code: {both}",
    ("address", "postal_near"): "the same city, and a postal code but for a typing error: {both}",
    ("address", "city"): "the same city: {both}",
    ("address", "neighbours"): "the same street, and house numbers that are near: {both}",
    ("address", "moved_street"): "the same street and city, and another postal code: {both}",
    ("address", "moved_postal"): "the same postal code, and another door: {both}",
    ("address", "moved_city"): "the same city, and another door: {both}",
    ("address", "city_different"): "cities differ: {both}",
    ("address", "different"): "addresses differ: {both}",
    ("household", "bound"): "but family, housemates or neighbours have all this in common too, so it counts for less",
    ("birth_date", "exact"): "the same date of birth: {both}",
    ("birth_date", "swapped"): "the same date of birth, day and month the other way round: {both}",
    ("birth_date", "digit"): "the same date of birth but for one digit: {both}",
    ("birth_date", "day_month"): "the same birthday in another year: {both}",
    ("birth_date", "two_parts"): "the same year of birth, and day or month: {both}",
    ("birth_date", "near"): "dates of birth are near: {both}",
    ("birth_date", "january"): "the same first of January, which forms fill in for an unknown birthday: {both}",
    ("birth_date", "filler"): "one date of birth is a first of January, which forms fill in: {both}",
    ("birth_date", "different"): "dates of birth differ: {both}",
    ("national_id", "exact"): "the same national id",
    ("national_id", "near"): "the same national id but for a typing error",
    ("national_id", "short"): "the same national id, too short to be unique",
    ("national_id", "different"): "national ids differ",
    ("suffix", "different"): "one is senior and one is junior: {both}",
    ("suffix", "salutation_different"): "one is addressed as a man, and one as a woman",
    ("prior", "random"): "before any evidence: two records taken at random are hardly ever one person",
}


class Line(NamedTuple):
    """One line of evidence; ``one`` and ``other`` are the values it is about, as their sources told them."""

    feature: str
    level: str
    weight: float
    one: str | None
    other: str | None

    @property
    def text(self) -> str:
        """The line in words."""
        return f"{sentence(self.feature, self.level, self.one, self.other)} ({self.weight:+.1f} bits)"

    def as_json(self) -> dict[str, Any]:
        """The same for machines."""
        weight = round(self.weight, 2)
        values = {"one": self.one, "other": self.other}
        return {"feature": self.feature, "level": self.level, "weight": weight, **values, "text": self.text}


def sentence(feature: str, level: str, one: str | None = None, other: str | None = None) -> str:
    """A level in words, with the values."""
    text = SENTENCES.get((feature, level), f"{feature.replace('_', ' ')}: {level.replace('_', ' ')}" + ": {both}")
    both = " and ".join(dict.fromkeys(value for value in (one, other) if value))
    return text.replace("{both}", both) if both else text.replace(": {both}", "")


def lines(
    one: State, other: State, scored: Score, model: Model, rules: IdentityRules, crowd: Crowd = _NO_CROWD
) -> list[Line]:
    """A score of two records' states line by line, which add up to it; ``crowd`` is what it was made with.

    Identifiers come in the rules' order of trust, in the places that lines about identifiers have.
    """
    shown = [_line(one, other, line, model, rules, crowd) for line in trusted_first(scored.evidence, rules)]
    return [*shown, Line("prior", "random", -model.prior, None, None)]


def trusted_first(evidence: Sequence[Evidence], rules: IdentityRules) -> list[Evidence]:
    """The lines with those about identifiers in the order of trust, and all others where they were."""
    trusted = iter(
        sorted((line for line in evidence if line.feature in rules.order), key=lambda line: rules.order[line.feature])
    )
    return [next(trusted) if line.feature in rules.order else line for line in evidence]


def _line(one: State, other: State, line: Evidence, model: Model, rules: IdentityRules, known: Crowd) -> Line:
    """The two values behind a line are those that give its level when nothing else is told of the two records."""
    best: tuple[float, str | None, str | None] = (0.0, None, None)
    crossed = line.level.startswith("swapped") and line.feature in ("first_name", "last_name")
    kind = "swapped" if crossed else line.feature
    for value, mine in _values(one, kind, rules):
        crowd = {key: SHARED for _, key in keys(mine)} if line.level == "shared" else known
        for other_value, theirs in _values(other, kind, rules):
            weights = [
                evidence.weight
                for evidence in score(mine, theirs, model, crowd).evidence
                if (evidence.feature, evidence.level) == (line.feature, line.level)
            ]
            if weights and (best[1] is None or weights[0] > best[0]):
                best = weights[0], value, other_value
    return Line(line.feature, line.level, line.weight, best[1], best[2])


MOST = 12
"""Values of one kind that are looked through for those behind a line."""


def _values(state: State, kind: str, rules: IdentityRules) -> list[tuple[str, Features]]:
    """Every value of a kind that a record tells, as spelled there, and as a person of whom nothing else is told."""
    values = _READERS[kind](state) if kind in _READERS else iter(())
    return [(text, features_of(part, rules)) for _, (text, part) in zip(range(MOST), values, strict=False)]


def _told_names(*parts: str) -> Reader:
    def read(state: State) -> Iterator[tuple[str, State]]:
        # With the mailboxes: of somebody told by initial and last name they tell the first name.
        emails = {"emails": state["emails"]} if "emails" in state else {}
        if "name" in state:
            name, stamp = state["name"]
            text = " ".join(name[part] for part in parts if name.get(part))
            yield text or name.get("full") or "", {"name": [name, stamp], **emails}
        for first, last in state.get("other_names", ()):
            earlier = {"first": first, "last": last}
            text = " ".join(earlier[part] for part in parts if earlier.get(part))
            yield (text or f"{first} {last}".strip()).title(), {"name": [earlier, [0, 0, 0]], **emails}

    return read


def _items(attribute: str, kind: str) -> Reader:
    def read(state: State) -> Iterator[tuple[str, State]]:
        whole = {"whole": state["whole"]} if "whole" in state else {}
        for key, item in state.get(attribute, {}).items():
            yield key, {attribute: {key: item}, **whole}
        for key, item in state.get("identifiers", {}).items():
            if key.startswith(f"{kind}:"):
                yield key.partition(":")[2], {"identifiers": {key: item}}

    return read


def _addresses(state: State) -> Iterator[tuple[str, State]]:
    for key, (address, stamp) in state.get("addresses", {}).items():
        parts = (address.get(part) for part in ("line1", "line2", "postal_code", "city"))
        yield ", ".join(part for part in parts if part), {"addresses": {key: [address, stamp]}}


def _births(state: State) -> Iterator[tuple[str, State]]:
    if "birth_date" in state:
        yield state["birth_date"][0], {"birth_date": state["birth_date"]}


_READERS: Mapping[str, Reader] = {
    "first_name": _told_names("first", "middle"),
    "last_name": _told_names("last"),
    "swapped": _told_names("first", "middle", "last"),
    "suffix": _told_names("first", "middle", "last"),
    "address": _addresses,
    "birth_date": _births,
    **{kind.name: _items(kind.attribute, kind.name) for kind in KINDS if kind.counted and kind.shown},
}
"""Without the kinds whose values are compared and never shown."""
