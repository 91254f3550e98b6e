"""Two persons to a match weight: log2 odds that they are one, and the evidence it is the sum of. Pure, symmetric."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import log2
from typing import Literal, NamedTuple

from hub.matching import name_weights, place_weights
from hub.matching.comparison import (
    BIRTH,
    birth_level,
    born_alike,
    company_level,
    email_level,
    national_id_level,
    phone_level,
)
from hub.matching.contacts import crowd_key, in_common, mailboxes, numbers
from hub.matching.features import SALUTATIONS, Features
from hub.matching.kinds import BY_NAME, BY_VALUE, KINDS, Kind, grouped, values_of
from hub.matching.mailboxes import ROLE_PEOPLE, people_of
from hub.matching.names import ALIKE, COUPLE, Tokens
from hub.matching.weights import Model, bound_of, different_of
from hub.matching.windows import contemporary

Outcome = Literal["same", "ask", "different"]
Crowd = Mapping[str, int]
"""Value of a blocking key to the number of people it is known to have; one where it says nothing."""

SHARED = 1_000_000
"""The crowd of a value that so many carry that an agreement on it proves nothing."""

_SOMEBODY_ELSE = frozenset({"different", "initial_different", COUPLE})
_NOBODY_LENDS = 2.0
"""Odds from which a number beside another first name is one person's whose name was mistyped or changed."""
EQUAL = frozenset({"exact", "swapped exact"})
TWINS = frozenset({"different", ALIKE, COUPLE})
_DOUBT = 0.5
"""Bits below ``same`` at which a pair is certainly asked about."""

ALIKE_AT_HOME = "alike in a household"
"""Of first names that look alike and are not equal: among strangers one name mistyped, at one door two siblings'."""
DECIMALS = 6
"""Of a sum of bits: what is behind them is noise, and would decide about all pairs that stand at a limit."""
_IN_ONE_AREA = place_weights.MOVED | {"postal_city", "postal", "postal_near"}
BIRTH_WEIGHTS = {level: f"birth_{level}" for level in BIRTH}
_NO_CROWD: Crowd = {}
_NATIONAL_ID = BY_NAME["national_id"]


class Evidence(NamedTuple):
    """One line of the explanation; the weights of all lines and the prior add up to the score."""

    feature: str
    level: str
    weight: float


_line = tuple.__new__
"""Makes a line in half the time of its class: there are five to a pair, and millions."""


class Score(NamedTuple):
    weight: float
    evidence: tuple[Evidence, ...]

    @property
    def contradicts(self) -> bool:
        """Whether something personal differs, not only where or how they are reached."""
        return any(e.feature in _PERSONAL and "different" in e.level for e in self.evidence)

    @property
    def sisters(self) -> bool:
        """Whether it is open if these are two people or one whose name was mistyped: Lisa and Luisa."""
        return any(e.level == ALIKE for e in self.evidence)


TOO_MANY = {
    kind.name: different_of(kind.name) if kind.different and kind.max_per_person else "too_many" for kind in KINDS
}
"""Which weight more values speak with than one person has."""

values_by_value = values_of(BY_VALUE)
NONE_TOLD = ((),) * len(BY_VALUE)
_SALUTED = frozenset(SALUTATIONS.values())
_PERSONAL = frozenset({"first_name", "birth_date", "national_id", "suffix"})


def outcome(weight: float, model: Model) -> Outcome:
    """What to do about a pair of this weight."""
    return "same" if weight >= model.same else "ask" if weight >= model.ask else "different"


def score(one: Features, other: Features, model: Model, crowd: Crowd = _NO_CROWD) -> Score:
    """Weigh two persons."""
    if one.periods and other.periods:
        one, other = contemporary(one, other)
    pair = _Pair(model, crowd)
    if one.names and other.names:
        pair.names(one, other)
    if (one.emails or one.weak or one.roles) and (other.emails or other.weak or other.roles):
        pair.emails(one, other)
    if one.phones and other.phones:
        pair.phones(one, other)
    elif one.weak or other.weak:
        pair.former_phones(one, other)
    if one.places and other.places:
        pair.places(one, other)
    if one.companies and other.companies:
        pair.companies(one, other)
    lent = pair.first in _SOMEBODY_ELSE and model.weights.bound_lent < _NOBODY_LENDS and not born_alike(one, other)
    if lent:
        pair.add = pair.lend
        pair.numbers(one, other)
    pair.bind()
    if one.births and other.births:
        pair.births(one, other)
    if not lent:
        pair.numbers(one, other)
    if one.suffixes and other.suffixes and one.suffixes != other.suffixes:
        pair.suffixes(one.suffixes, other.suffixes)
    for name, most in model.limited:
        kind = BY_NAME[name]
        pair.limit(kind, most, getattr(one, kind.field_name), getattr(other, kind.field_name))
    return _line(Score, (round(pair.shared + pair.own - pair.prior, DECIMALS), tuple(pair.evidence)))


class _Pair:
    """The sum under way. ``shared`` is what a household has in common, ``own`` what is one's own, or speaks against."""

    __slots__ = (
        "add",
        "bound",
        "crowd",
        "evidence",
        "first",
        "first_bits",
        "links",
        "model",
        "own",
        "prior",
        "shared",
        "w",
    )

    def __init__(self, model: Model, crowd: Crowd) -> None:
        self.model, self.w, self.prior, self.crowd = model, model.weights, model.prior, crowd
        self.shared = self.own = self.first_bits = 0.0
        self.bound, self.links = -9.0, 0
        self.first = ""
        self.evidence: list[Evidence] = []
        self.add: Callable[[str, str, float, float], None] = self.prove

    def prove(self, feature: str, level: str, weight: float, bound: float) -> None:
        """A number that is one's own."""
        self.personal(feature, level, weight)

    def lend(self, feature: str, level: str, weight: float, bound: float) -> None:
        """A number beside another first name: a household lends it to one another, and no home or name adds to that."""
        bound = min(bound, self.w.bound_lent - self.first_bits)
        self.link(feature, level, min(weight, self.prior + bound), bound)

    def personal(self, feature: str, level: str, weight: float) -> None:
        self.own += weight
        self.evidence.append(_line(Evidence, (feature, level, weight)))

    def link(self, feature: str, level: str, weight: float, bound: float) -> None:
        self.shared += weight
        self.links += 1
        if bound > self.bound:
            self.bound = bound
        self.evidence.append(_line(Evidence, (feature, level, weight)))

    def names(self, one: Features, other: Features) -> None:
        first, last, self.first, level = name_weights.closest(one, other, self.model)
        if self.first:
            self.first_bits = first
            self.personal("first_name", self.first, first)
        if not level:
            return
        if last > 0:
            self.link("last_name", level, last, self.w.bound_area)
        else:
            self.personal("last_name", level, last)

    def emails(self, one: Features, other: Features) -> None:
        w = self.w
        level, a, b = email_level(one, other) if one.emails and other.emails else ("", "", "")
        if level == "exact":
            self.proof("email", level, one.emails, other.emails, w.bound_email)
        elif self.lesser_emails(one, other):
            return
        elif level in ("near", "near_name"):
            near = level == "near"
            bits, bound = (w.email_near, w.bound_email_near) if near else (w.email_near_name, w.bound_email_near_name)
            if not self.either_shared(a, b):
                self.link("email", level, min(bits, self.prior + bound), bound)
        elif level == "local_number":
            self.link("email", level, w.email_local_number, w.bound_email_local)
        elif level == "local":
            # A mailbox called after its owner says what the name says already.
            if self.first and self.first not in name_weights.MISMATCH:
                self.personal("email", level, w.email_different / 2)
            else:
                self.link("email", level, w.email_local, w.bound_email_local)
        elif level:
            self.personal("email", level, w.email_different)

    def lesser_emails(self, one: Features, other: Features) -> bool:
        """An agreement on an address that may be someone else's, or on a desk's."""
        if one.weak or other.weak:
            told, other_told = mailboxes(one.weak) + one.emails, mailboxes(other.weak) + other.emails
            if in_common(told, other_told):
                self.proof("email", "weak", told, other_told, self.w.bound_weak)
                return True
        if one.roles and other.roles and in_common(one.roles, other.roles):
            self.proof("email", "role", one.roles, other.roles, self.w.bound_weak, ROLE_PEOPLE)
            return True
        return False

    def proof(self, feature: str, level: str, one: Tokens, other: Tokens, bound: float, least: int = 1) -> None:
        """An agreement on something of one's own, or of as many as are known to share it, and of ``least`` anyhow."""
        common = (*one, *other)
        if len(common) > 2:  # of one value each it is these two, whatever they agree by
            common = (*in_common(one, other), *in_common(other, one)) or common
        people = max(least, min(people_of(value, self.crowd) for value in common))
        if people >= SHARED:
            self.evidence.append(Evidence(feature, "shared", 0.0))
            return
        if people > 1:
            bound = min(bound, self.w.bound_shared - log2(people))
        self.link(feature, level, self.prior + bound, bound)

    def phones(self, one: Features, other: Features) -> None:
        w = self.w
        level, a, b = phone_level(one, other)
        if level != "exact" and (one.weak or other.weak) and self.former_phones(one, other):
            return
        if level == "exact":
            self.proof("phone", level, one.phones, other.phones, w.bound_phone)
        elif level == "near" and not self.either_shared(a, b):
            self.link("phone", level, min(w.phone_near, self.prior + w.bound_phone_near), w.bound_phone_near)
        else:
            self.personal("phone", "different", w.phone_different)

    def former_phones(self, one: Features, other: Features) -> bool:
        """An agreement on a number that was one of theirs, and may be somebody else's by now."""
        told, other_told = numbers(one.weak) + one.phones, numbers(other.weak) + other.phones
        if not in_common(told, other_told):
            return False
        self.proof("phone", "weak", told, other_told, min(self.w.bound_weak, self.w.bound_phone))
        return True

    def either_shared(self, a: str, b: str) -> bool:
        crowd = self.crowd
        return bool(crowd) and (crowd.get(crowd_key(a), 1) >= SHARED or crowd.get(crowd_key(b), 1) >= SHARED)

    def places(self, one: Features, other: Features) -> None:
        level, bits, bound = place_weights.linked(one, other, self.model)
        if bound is not None:
            self.link("address", level, bits, bound)
        elif level:
            self.personal("address", level, bits)

    def companies(self, one: Features, other: Features) -> None:
        w = self.w
        level = company_level(one, other)
        if level == "different":
            self.personal("company", level, w.company_different)
        else:
            self.link("company", level, w.company if level == "exact" else w.company_near, w.bound_company)

    def bind(self) -> None:
        """Hold what a household shares to what it can prove, and an equal first name in it to father and son.

        A household hardly gives two of its members one name, however common the name is elsewhere.
        """
        most = self.prior + self.bound + (self.w.bound_second if self.links > 1 else 0.0)
        if not self.model.last and self.bound <= self.w.bound_area and _IN_ONE_AREA & {e.level for e in self.evidence}:
            # A city has thousands of one name, and the data has not told yet how common this one is.
            most = min(most, self.prior + self.model.same - _DOUBT - self.own)
        beyond = self.shared > most
        if beyond:
            self.evidence.append(Evidence("household", "bound", most - self.shared))
            self.shared = most
        excess = name_weights.at_home(self.first, self.w) - self.first_bits
        if excess < 0 and self.shared >= self.prior - 2:
            near = self.first in name_weights.NEARLY
            self.personal("first_name", ALIKE_AT_HOME if near else "same in a household", excess)
        elif beyond and self.bound > self.w.bound_area and self.first in EQUAL and most >= self.prior - _DOUBT:
            lacking = self.w.household_first_least - self.first_bits
            if lacking > 0:
                self.personal("first_name", "common in a household", lacking)

    def births(self, one: Features, other: Features) -> None:
        level = birth_level(one, other)
        bits = 0.0 if level == "filler" else getattr(self.w, BIRTH_WEIGHTS[level])
        if self.first in TWINS:
            bits = min(bits, self.w.birth_twin_most)
        if self.first == ALIKE and bits > 0:
            # Twins called Lisa and Luisa, or a name mistyped: that is for a person to say.
            short = self.model.same - _DOUBT - (self.shared + self.own - self.prior)
            bits = min(bits, max(short, 0.0))
        self.personal("birth_date", level, bits)

    def suffixes(self, one: Tokens, other: Tokens) -> None:
        """Father and son, and Herr and Frau Müller; what only one of the two tells is no evidence."""
        addressed = (set(one) & _SALUTED, set(other) & _SALUTED)
        if all(addressed) and addressed[0] != addressed[1]:
            self.personal("suffix", "salutation_different", self.w.suffix_different)
        generations = (set(one) - _SALUTED, set(other) - _SALUTED)
        if all(generations) and generations[0] != generations[1]:
            self.personal("suffix", "different", self.w.suffix_different)

    def numbers(self, one: Features, other: Features) -> None:
        """What a register, a card or an account gives to one person."""
        if one.national_ids and other.national_ids:
            self.national_ids(one, other)
        if (values := values_by_value(one)) != NONE_TOLD:
            self.by_value(values, values_by_value(other))

    def national_ids(self, one: Features, other: Features) -> None:
        level = national_id_level(one, other)
        if level == "exact" and self.alone(
            _NATIONAL_ID, one.national_ids, other.national_ids, self.w.bound_national_id
        ):
            return
        weight = getattr(self.w, f"national_id_{level}")
        if weight > 0:
            self.add("national_id", level, weight, self.w.bound_weak)
        else:
            self.personal("national_id", level, weight)

    def by_value(self, values: tuple[Tokens, ...], others: tuple[Tokens, ...]) -> None:
        """The kinds of identifier that are compared by equality."""
        per_person = self.model.per_person
        for kind, mine, theirs in zip(BY_VALUE, values, others, strict=True):
            if not (mine and theirs):
                continue
            agree = self.alone(kind, mine, theirs, getattr(self.w, bound_of(kind.name)))
            if kind.different is None:
                continue
            if kind.name in per_person:
                self.limit(kind, per_person[kind.name], mine, theirs)
            elif not (agree or kind.max_per_person or grouped(kind, mine).keys().isdisjoint(grouped(kind, theirs))):
                self.personal(kind.name, "other", getattr(self.w, different_of(kind.name)))

    def limit(self, kind: Kind, most: int, one: Tokens, other: Tokens) -> None:
        """What speaks against one person who would have more values of a kind than the rules give to one."""
        mine, theirs = grouped(kind, one), grouped(kind, other)
        for group in mine.keys() & theirs.keys():
            some, others = mine[group], theirs[group]
            # What one side has by itself is no news about the two.
            if len(some | others) > max(most, len(some), len(others)):
                weight = getattr(self.w, TOO_MANY[kind.name])
                self.personal(kind.name, "other" if most == 1 else "too_many", weight)
                return

    def alone(self, kind: Kind, one: Tokens, other: Tokens, bound: float) -> bool:
        """An agreement on what says by itself who it is; whether there is one."""
        common = set(one).intersection(other)
        if not common:
            return False
        if any(self.crowd.get(kind.key(value), 1) < SHARED for value in common):
            self.add(kind.name, "exact", self.prior + bound, bound)
        else:
            self.evidence.append(Evidence(kind.name, "shared", 0.0))
        return True
