"""What a pair's bits cannot exceed, told in a fraction of the time that to weigh the pair takes. Pure, symmetric."""

from __future__ import annotations

from math import inf

from hub.matching import name_weights, place_weights
from hub.matching.comparison import birth_level, email_level, phone_level
from hub.matching.features import Features
from hub.matching.scoring import BIRTH_WEIGHTS, DECIMALS, EQUAL, NONE_TOLD, TOO_MANY, TWINS, values_by_value
from hub.matching.weights import Model, Weights

_SLACK = 10.0**-DECIMALS
"""Bits that rounding adds at most."""

_NO_LINK = -9.0

_Most = tuple[float, float, float]
"""Of one part of a pair: the bits of its own, those of a link, and what the link proves by itself."""


def bound(one: Features, other: Features, model: Model) -> float:
    """Bits that ``score`` does not exceed, whatever the crowd is; infinite where to say so would take as long.

    Most pairs that share a key are two people, and cannot reach ``ask`` whatever else they share.
    """
    if (one.periods and other.periods) or (one.national_ids and other.national_ids):
        return inf
    if (values := values_by_value(one)) != NONE_TOLD and any(
        mine and theirs for mine, theirs in zip(values, values_by_value(other), strict=True)
    ):
        return inf
    w, prior = model.weights, model.prior
    own, shared, best = _SLACK, 0.0, _NO_LINK
    first, first_bits = "", 0.0
    if one.names and other.names:
        first_bits, last_bits, first, _ = name_weights.closest(one, other, model)
        own += first_bits
        if last_bits > 0:
            shared, best = last_bits, w.bound_area
        else:
            own += last_bits
    lesser = bool(one.weak or other.weak or (one.roles and other.roles))
    if lesser:
        shared, best = inf, max(best, w.bound_weak)
    if one.emails and other.emails:
        part = _emails(one, other, w, prior)
        own, shared, best = own + (max(part[0], 0.0) if lesser else part[0]), shared + part[1], max(best, part[2])
    if one.phones and other.phones:
        part = _phones(one, other, w, prior)
        own, shared, best = own + (max(part[0], 0.0) if lesser else part[0]), shared + part[1], max(best, part[2])
    if one.places and other.places:
        level, bits, link = place_weights.linked(one, other, model)
        if link is not None:
            shared, best = shared + bits, max(best, link)
        elif level:
            own += bits
    if one.companies and other.companies:
        own, best = own + max(w.company_different, 0.0), max(best, w.bound_company)
        shared += max(w.company, w.company_near, 0.0)
    if first in EQUAL and best > w.bound_area:
        own += max(w.household_first_least - first_bits, 0.0)
    if one.births and other.births:
        own += _births(one, other, w, first)
    if one.suffixes and other.suffixes:
        own += max(2 * w.suffix_different, 0.0)
    for name, _ in model.limited:
        own += max(getattr(w, TOO_MANY[name]), 0.0)
    # What a home says of a first name that is not as rare there is left to ``score``: it speaks against the two.
    return own + min(shared - prior, best + max(w.bound_second, 0.0))


def _emails(one: Features, other: Features, w: Weights, prior: float) -> _Most:
    level = email_level(one, other)[0]
    if level == "different":
        return w.email_different, 0.0, _NO_LINK
    if level == "exact":
        return 0.0, max(prior + w.bound_email, 0.0), w.bound_email
    if level == "near":
        return 0.0, max(min(w.email_near, prior + w.bound_email_near), 0.0), w.bound_email_near
    if level == "near_name":
        return 0.0, max(min(w.email_near_name, prior + w.bound_email_near_name), 0.0), w.bound_email_near_name
    if level == "local_number":
        return 0.0, w.email_local_number, w.bound_email_local
    return max(w.email_different / 2, 0.0), max(w.email_local, 0.0), w.bound_email_local


def _phones(one: Features, other: Features, w: Weights, prior: float) -> _Most:
    level = phone_level(one, other)[0]
    if level == "exact":
        return 0.0, max(prior + w.bound_phone, 0.0), w.bound_phone
    if level == "near":
        near = max(min(w.phone_near, prior + w.bound_phone_near), 0.0)
        return max(w.phone_different, 0.0), near, w.bound_phone_near
    return w.phone_different, 0.0, _NO_LINK


def _births(one: Features, other: Features, w: Weights, first: str) -> float:
    level = birth_level(one, other)
    bits: float = 0.0 if level == "filler" else getattr(w, BIRTH_WEIGHTS[level])
    return min(bits, w.birth_twin_most) if first in TWINS else bits
