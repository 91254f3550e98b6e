"""RFM: how recently, how often and how much, each from 1 to 5 within the business, and the group that makes.

Scores go by quintiles of the business with all ties in the same one: half of all customers ordered once, and none of
them is better than another by chance. The groups have the names that merchants know from Shopify
(https://shopify.dev/docs/api/admin-graphql/latest/enums/customerrfmgroup), told apart as there: by recency, and by the
mean of frequency and money. Amounts of different currencies are never compared.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from hub.insight.customers import Ints
from hub.insight.special_functions import Floats

FEWEST = 50
"""Customers that a business needs before a fifth of them says something."""

_SHARES = (0.2, 0.4, 0.6, 0.8)
MAP: tuple[tuple[str, ...], ...] = (
    # by recency 1..5; within it by the mean of frequency and money, rounded: 1 .. 5
    ("dormant", "dormant", "at_risk", "previously_loyal", "previously_loyal"),
    ("almost_lost", "almost_lost", "at_risk", "previously_loyal", "previously_loyal"),
    ("almost_lost", "needs_attention", "needs_attention", "loyal", "loyal"),
    ("promising", "promising", "active", "loyal", "loyal"),
    ("new", "promising", "active", "champions", "champions"),
)
"""The group by recency (rows), and by the mean of frequency and money (columns), each from 1 to 5."""

GROUPS = tuple(dict.fromkeys(name for row in MAP for name in row))


@dataclass(frozen=True, slots=True)
class RfmLimits:
    """Four values each, between the fifths: days since the last order, order days, and money by currency."""

    recency: tuple[float, ...]
    frequency: tuple[float, ...]
    money: Mapping[str, tuple[float, ...]]


def limits(recency: Floats, frequency: Floats, money: Mapping[str, Floats]) -> RfmLimits | None:
    """The limits of a business; None where it has too few customers. A currency of too few has no limits."""
    if len(recency) < FEWEST:
        return None
    return RfmLimits(
        _fifths(recency),
        _fifths(frequency),
        {currency: _fifths(paid) for currency, paid in money.items() if len(paid) >= FEWEST},
    )


def scores(held: RfmLimits, recency: Floats, frequency: Floats, money: Floats, currencies: list[str]) -> Ints:
    """Recency, frequency and money of each customer, from 1 to 5; money is 0 where its currency has no limits."""
    told = np.zeros((len(recency), 3), dtype=np.int64)
    told[:, 0] = 5 - np.searchsorted(held.recency, recency, side="left")
    told[:, 1] = 1 + np.searchsorted(held.frequency, frequency, side="left")
    named = np.array(currencies, dtype=object)
    for currency, between in held.money.items():
        of_it = named == currency
        told[of_it, 2] = 1 + np.searchsorted(between, money[of_it], side="left")
    return told


def group(recency: int, frequency: int, money: int) -> str:
    """The group of three scores; without one for money, frequency stands for both."""
    mean = (frequency + money + 1) // 2 if money else frequency
    return MAP[recency - 1][mean - 1]


def _fifths(values: Floats) -> tuple[float, ...]:
    return tuple(float(one) for one in np.quantile(values, _SHARES, method="lower"))
