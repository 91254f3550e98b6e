"""Public holidays of a country, by PyPI ``holidays`` (MIT): those of the whole country, none of its regions alone."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from hub.insight.customers import date_of

Flags = NDArray[np.bool_]


def holidays_of(country: str, first: int, number: int) -> Flags:
    """For ``number`` days from ``first`` on, which are public holidays. None are where the country is not known."""
    days = _named(country, date_of(first).year, date_of(first + number).year)
    return np.fromiter((date_of(first + place) in days for place in range(number)), dtype=bool, count=number)


@lru_cache(maxsize=50)
def _named(country: str, first: int, last: int) -> frozenset[object]:
    import holidays

    try:
        return frozenset(holidays.country_holidays(country, years=range(first, last + 1)))
    except NotImplementedError:
        return frozenset()
