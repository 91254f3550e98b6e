"""What a pair's bits cannot exceed, told in a fraction of the time that to weigh the pair takes. Pure, symmetric."""

from __future__ import annotations

from math import inf

from hub.matching import name_weights
from hub.matching.comparison import EMAIL, birth_level, email_level, phone_level
from hub.matching.features import Features
from hub.matching.scoring import BIRTH_WEIGHTS, DECIMALS, NONE_TOLD, TOO_MANY, values_by_value
from hub.matching.weights import Model

_EMAIL_BOUNDS = {
    level: f"bound_email_{level}".removesuffix("_exact").removesuffix("_number")
    for level in EMAIL
    if level != "different"
}
_SLACK = 10.0**-DECIMALS
"""Bits that rounding adds at most."""


def bound(one: Features, other: Features, model: Model) -> float:
    """Bits that ``score`` does not exceed, whatever the crowd is; infinite where to say so would take as long.

    Most pairs that share a key are two people with two first names, and cannot reach ``ask`` whatever else they share.
    """
    if (one.periods and other.periods) or (one.national_ids and other.national_ids):
        return inf
    if (values := values_by_value(one)) != NONE_TOLD and any(
        mine and theirs for mine, theirs in zip(values, values_by_value(other), strict=True)
    ):
        return inf
    w = model.weights
    own, best = _SLACK, -9.0
    first = ""
    if one.names and other.names:
        first_bits, last_bits, first, _ = name_weights.closest(one, other, model)
        if first not in name_weights.MISMATCH:
            return inf
        own += first_bits + min(last_bits, 0.0)
        if last_bits > 0:
            best = w.bound_area
    if one.emails and other.emails:
        level = email_level(one, other)[0]
        if level != "different":
            best = max(best, getattr(w, _EMAIL_BOUNDS[level]))
        own += max(w.email_different, w.email_different / 2, 0.0)
    if one.phones and other.phones:
        level = phone_level(one, other)[0]
        if level != "different":
            best = max(best, w.bound_phone if level == "exact" else w.bound_phone_near)
        own += max(w.phone_different, 0.0)
    if one.weak or other.weak or (one.roles and other.roles):
        best = max(best, w.bound_weak)
    if one.places and other.places:
        away = w.address_different + w.moved
        best = max(best, w.bound_door, w.bound_area, w.bound_area + away)
        own += max(w.address_different, w.city_different, 0.0)
    if one.companies and other.companies:
        best = max(best, w.bound_company)
        own += max(w.company_different, 0.0)
    if one.births and other.births:
        level = birth_level(one, other)
        own += 0.0 if level == "filler" else getattr(w, BIRTH_WEIGHTS[level])
    if one.suffixes and other.suffixes:
        own += max(2 * w.suffix_different, 0.0)
    for name, _ in model.limited:
        own += max(getattr(w, TOO_MANY[name]), 0.0)
    # What a home says of an equal first name is left to ``score``. What it says of another speaks against it.
    return best + max(w.bound_second, 0.0) + own
