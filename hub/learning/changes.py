"""What training changed in the weights: whether any score can change, and the changes in words. Pure.

``{bits}`` are the bits that a level speaks with; of a ``bound_*`` they are the odds that two who share such a thing,
and of whom nothing else is known, are one person.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from hub.matching.kinds import BY_VALUE
from hub.matching.weights import Model, Weights, bound_of, different_of

ROUNDING = 0.005
"""Bits. Two weights that differ by no more are equal: the difference comes from rounding."""

TOLD = 0.05
"""Bits. A smaller change of a weight is not reported."""

_TABLES: Mapping[str, str] = {
    "first": "first names", "last": "last names", "postal": "postal codes", "city": "cities",
}  # fmt: skip
_NAMES: Mapping[str, str] = {
    **{
        f"{kind}_{level}": text.format(kind=kind)
        for kind in ("first", "last")
        for level, text in {
            "exact": "an equal {kind} name of usual frequency",
            "typo_most": "a {kind} name with a typing error, at most",
            "close": "much alike {kind} names",
            "far": "hardly alike {kind} names",
            "different": "a different {kind} name",
        }.items()
    },
    "alias": "a short or other form of the name, compared with an equal one,",
    "part": "one of several names, compared with all of them,",
    "typo": "a typing error in a name, compared with an equal one,",
    "first_alike": "two well-known first names that look alike",
    "first_two_names": "a Chinese first name beside another, with one last name,",
    "initial": "an initial that fits",
    "initial_different": "another initial",
    "swapped": "first and last name the other way round",
    "household_first_least": "an equal first name in one household, at least",
    "household_first_most": "an equal first name in one household, at most",
    "household_first_close": "much alike first names in one household, at most",
    "household_first_far": "hardly alike first names in one household, at most",
    "suffix_different": "a senior and a junior",
    "email_near": "an e-mail with a typing error",
    "email_near_name": "an e-mail with a typing error, without digits in it,",
    "email_local_number": "the same name with digits before the @, at another provider,",
    "email_local": "the same name before the @, at another provider,",
    "email_different": "a different e-mail",
    "phone_near": "a phone but for a digit",
    "phone_different": "a different phone",
    "street": "the same street",
    "postal": "the same postal code of usual frequency",
    "city": "the same city of usual frequency",
    "address_different": "a different address",
    "city_different": "a different city",
    "moved": "a door near the other's, beside a different address,",
    "company": "the same company",
    "company_near": "much alike companies",
    "company_different": "a different company",
    "bound_company": "a shared company on its own",
    "birth_exact": "an equal birth date",
    "birth_twin_most": "an equal birth date of possible twins, at most",
    "birth_january": "an equal first of January as birth date",
    "birth_swapped": "a birth date with day and month the other way round",
    "birth_digit": "a birth date but for one digit",
    "birth_day_month": "the same birthday in another year",
    "birth_two_parts": "the same year of birth, and day or month,",
    "birth_near": "a birth date that is near",
    "birth_different": "a different birth date",
    "national_id_near": "a national id with a typing error",
    "national_id_short": "an equal, short national id",
    "national_id_different": "a different national id",
    "bound_email": "a shared e-mail on its own",
    "bound_email_near": "a shared e-mail with a typing error, on its own,",
    "bound_email_near_name": "a shared e-mail with a typing error and without digits, on its own,",
    "bound_email_local": "a shared name before the @, on its own,",
    "bound_phone": "a shared phone on its own",
    "bound_phone_near": "a shared phone but for a digit, on its own,",
    "bound_door": "a shared front door on its own",
    "bound_area": "a shared last name and neighbourhood on their own",
    "bound_shared": "something that several people use, on its own,",
    "bound_second": "a second thing in common that a household shares",
    "bound_national_id": "a shared national id on its own",
    **{bound_of(kind.name): f"a shared {kind.noun} on its own" for kind in BY_VALUE},
    "bound_lent": "a shared number beside another first name",
    "bound_weak": "a shared weak identifier on its own",
    **{different_of(kind.name): f"another {kind.noun}" for kind in BY_VALUE if kind.different is not None},
    "account_different": "another account at one network",
    "too_many": "more identifiers of a kind than one person has",
}
"""Every weight in words, as the subject of a sentence; a comma at its end closes what was inserted."""

_SHIPPED = Model()


@dataclass(frozen=True, slots=True)
class WeightChange:
    """One number of the model, before and after."""

    name: str
    before: float
    after: float

    @property
    def text(self) -> str:
        """The change in words."""
        if self.name == "population":
            return f"the weights are now for {self.after:,.0f} records (before {self.before:,.0f})"
        if self.name in ("same", "ask"):
            outcome = "one person" if self.name == "same" else "asked about"
            above, before = (each - getattr(_SHIPPED, self.name) for each in (self.after, self.before))
            return f"two records are {outcome} {above:+.1f} bits from the threshold of the rules (before {before:+.1f})"
        way = "for" if self.after > 0 else "against"
        subject = _NAMES.get(self.name, self.name.replace("_", " "))
        return f"{subject} now speaks {way} with {self.after:+.1f} bits (before {self.before:+.1f})"

    def document(self) -> dict[str, Any]:
        """The same for machines."""
        return {"name": self.name, "before": self.before, "after": self.after, "text": self.text}


def moved(before: Model, after: Model) -> bool:
    """Whether any pair of records could be weighed differently, beyond rounding."""
    if any(abs(each.after - each.before) > ROUNDING for each in _numbers(before, after)):
        return True
    return any(_differ(getattr(before, table), getattr(after, table)) for table in _TABLES)


def changes(before: Model, after: Model) -> list[WeightChange]:
    """The changes of ``TOLD`` bits or more: weights first, the largest change first, then population and thresholds."""
    large = [each for each in _numbers(before, after) if abs(each.after - each.before) >= TOLD]
    weights = {field.name for field in fields(Weights)}
    return sorted(large, key=lambda each: (each.name not in weights, -abs(each.after - each.before), each.name))


def counted(model: Model) -> str:
    """The tables of frequencies that the model has, in words; "" for the shipped model, which has none."""
    tables = [f"{len(getattr(model, table)):,} {name}" for table, name in _TABLES.items() if getattr(model, table)]
    return f"counted how frequent {', '.join(tables)} are" if tables else ""


def _numbers(before: Model, after: Model) -> Iterator[WeightChange]:
    for field in fields(Weights):
        yield WeightChange(field.name, getattr(before.weights, field.name), getattr(after.weights, field.name))
    for name in ("population", "same", "ask"):
        yield WeightChange(name, getattr(before, name), getattr(after, name))


def _differ(before: Mapping[str, float], after: Mapping[str, float]) -> bool:
    return before.keys() != after.keys() or any(abs(after[key] - bits) > ROUNDING for key, bits in before.items())
