"""The model: match weights in bits (log2 of a Bayes factor), frequencies, thresholds. Data, and how data adjusts it.

Shipped for day one from how people's data behaves, one table for all data; ``training`` adjusts it without labels.
Three ideas carry it (Fellegi and Sunter 1969; Splink's term-frequency adjustment):

* What a household shares (last name, address, phone, mailbox) may together say "this household" and no more: the sum
  is capped at the prior plus ``bound_*`` of its strongest link. First name, birth and ids then tell who it is.
* A link's weight is given as the odds that two who share it are one person, so that it holds for a thousand records
  and for a million; only what is not unique (names, cities, dates) is weighed against the population.
* Missing is neutral, contradiction is strong but no veto.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, make_dataclass, replace
from math import log2
from typing import TYPE_CHECKING

from hub.matching.kinds import BY_NAME, BY_VALUE, COUNTED, KINDS
from hub.matching.rules import IdentityRules


def bound_of(kind: str) -> str:
    """The weight of a shared value of this kind."""
    return f"bound_{kind}"


def different_of(kind: str) -> str:
    """The weight of different values of this kind."""
    return f"{kind}_different"


if TYPE_CHECKING:

    class _OfKinds:
        """``bound`` and ``different`` of the kinds that are compared by equality, under the names above."""

else:
    _BITS = {
        **{bound_of(kind.name): kind.bound for kind in BY_VALUE},
        **{different_of(kind.name): kind.different for kind in BY_VALUE if kind.different is not None},
    }
    _OfKinds = make_dataclass(
        "_OfKinds", [(name, float, bits) for name, bits in _BITS.items()], frozen=True, slots=True
    )


@dataclass(frozen=True, slots=True)
class Weights(_OfKinds):
    """Bits by level. ``bound_x``: log2 odds that two who share x, and nothing else is known, are one person.

    Those of the kinds of identifier that are compared by equality are in the rows of ``kinds``.
    """

    first_exact: float = 7.0
    last_exact: float = 9.5
    alias: float = -4.0
    part: float = -1.0
    typo: float = -2.0
    first_typo_most: float = 6.0
    last_typo_most: float = 8.0
    first_close: float = 2.5
    last_close: float = 3.0
    first_far: float = 0.5
    first_alike: float = 0.5
    last_far: float = -1.0
    initial: float = 2.0
    initial_different: float = -5.0
    first_different: float = -8.0
    first_two_names: float = -4.0
    last_different: float = -4.5
    swapped: float = 0.0
    household_first_least: float = 4.5
    household_first_most: float = 6.5
    household_first_close: float = -1.0
    household_first_far: float = -3.0
    suffix_different: float = -8.0
    email_near: float = 17.0
    email_near_name: float = 11.0
    email_local_number: float = 13.0
    email_local: float = 5.0
    email_different: float = -2.0
    phone_near: float = 12.0
    phone_different: float = -1.5
    street: float = 13.0
    postal: float = 9.0
    city: float = 0.5
    address_different: float = -2.0
    city_different: float = -1.0
    moved: float = -1.5
    birth_exact: float = 14.0
    birth_twin_most: float = 7.0
    birth_january: float = 6.0
    birth_swapped: float = 9.0
    birth_digit: float = 5.5
    birth_day_month: float = 2.5
    birth_two_parts: float = 3.5
    birth_near: float = 0.5
    birth_different: float = -6.1
    national_id_near: float = 13.0
    national_id_short: float = 8.0
    national_id_different: float = -5.0
    bound_email: float = 7.5
    bound_email_near: float = 3.0
    bound_email_near_name: float = 2.0
    bound_email_local: float = 2.0
    bound_phone: float = 2.5
    bound_phone_near: float = 1.0
    bound_door: float = 0.0
    bound_area: float = -1.0
    bound_shared: float = 0.5
    bound_second: float = 1.0
    bound_national_id: float = 6.0
    bound_weak: float = 2.5
    bound_lent: float = -1.0
    too_many: float = -3.0
    company: float = 8.0
    company_near: float = 5.0
    company_different: float = -0.5
    bound_company: float = -2.0


def _per_person() -> dict[str, int]:
    return {kind.name: kind.max_per_person for kind in KINDS if kind.max_per_person is not None}


@dataclass(frozen=True, slots=True)
class Model:
    """Everything scoring depends on beside the two persons.

    ``population``: about how many people the data is about. ``first``, ``last``, ``postal``, ``city``: bits of an exact
    agreement on this value, where data told how frequent it is. A pair of ``same`` bits or more is one person, one of
    ``ask`` or more is for a human to look at. ``per_person``: how many values of a kind of identifier one person has,
    where the rules say so.
    """

    weights: Weights = field(default_factory=Weights)
    population: float = 10_000.0
    first: Mapping[str, float] = field(default_factory=dict)
    last: Mapping[str, float] = field(default_factory=dict)
    postal: Mapping[str, float] = field(default_factory=dict)
    city: Mapping[str, float] = field(default_factory=dict)
    same: float = 4.0
    ask: float = 0.0
    per_person: Mapping[str, int] = field(default_factory=_per_person)
    prior: float = field(init=False)
    limited: tuple[tuple[str, int], ...] = field(init=False)
    """Bits against two records, drawn at random, being one person. ``limited``: ``per_person`` of the kinds without a
    weight of their own for different values."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "prior", log2(self.population))
        others = {kind: most for kind, most in self.per_person.items() if BY_NAME[kind].different is None}
        object.__setattr__(self, "limited", tuple(sorted(others.items())))


_STRONG = 6.0
"""What a kind proves at least that the rules call strong, and that is weak by default."""


def trusted(model: Model, rules: IdentityRules) -> Model:
    """The model with each kind of identifier proving as much as the rules trust it, where they differ from default.

    And with as many values of each to a person as they say.
    """
    changed = {}
    for kind, usual in IdentityRules().identifiers.items():
        strength = rules.identifiers[kind].strength if kind in rules.identifiers else usual.strength
        if kind in COUNTED and strength != usual.strength:
            bound: float = getattr(model.weights, bound_of(kind))
            if strength == "weak":
                changed[bound_of(kind)] = min(bound, model.weights.bound_weak)
            elif strength == "strong":
                changed[bound_of(kind)] = max(bound, _STRONG)
    most = {
        str(kind): rule.max_per_person
        for kind, rule in rules.identifiers.items()
        if rule.max_per_person is not None and rule.strength != "off"
    }
    if not changed and most == model.per_person:
        return model
    return replace(model, weights=replace(model.weights, **changed), per_person=most)
