"""Where people of a group live and when they were born, as far as they told: nothing is guessed. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

FEWEST = 5
"""People without whom nothing is said of them."""

LIFT = 1.2
"""So much more of a group than of everybody live in an area that is told."""

MOST = 3
AREA = 2
"""First characters of a postal code: an area of some hundred thousand people in most countries."""


@dataclass(frozen=True, slots=True)
class Home:
    """What somebody told of themselves; None where they did not."""

    country: str | None = None
    area: str | None = None
    born: int | None = None


def home_of(golden: Mapping[str, Any]) -> Home:
    """Of a golden profile: the newest address, and the year of birth."""
    address = next((one for one in golden.get("addresses") or () if isinstance(one, dict)), {})
    country, code = address.get("country"), str(address.get("postal_code") or "").replace(" ", "")
    area = f"{country} {code[:AREA]}…" if country and len(code) > AREA else None
    year = str(golden.get("birth_date") or "")[:4]
    return Home(country, area, int(year) if year.isdigit() and int(year) > 1900 else None)


def in_words(mine: Sequence[Home], everybody: Sequence[Home]) -> tuple[str, str]:
    """Where a group lives, and when it was born; each empty where too few told it."""
    return _lives([one.country for one in mine], [one.area for one in mine], [one.area for one in everybody]), _born(
        [one.born for one in mine if one.born is not None], len(mine)
    )


def _lives(countries: Sequence[str | None], areas: Sequence[str | None], everywhere: Sequence[str | None]) -> str:
    named = Counter(one for one in countries if one)
    known = sum(named.values())
    if known < FEWEST:
        return ""
    country, number = min(named.items(), key=lambda one: (-one[1], one[0]))
    told = [f"{country} {number / known:.0%}"]
    here, there = Counter(one for one in areas if one), Counter(one for one in everywhere if one)
    total, whole = sum(here.values()), sum(there.values())
    lifted = [
        (many / total, area)
        for area, many in here.items()
        if many >= FEWEST and many / total >= LIFT * there[area] / whole
    ]
    told += [f"{area} {share:.0%}" for share, area in sorted(lifted, key=lambda one: (-one[0], one[1]))[:MOST]]
    return f"{', '.join(told)} (known of {known / len(countries):.0%})"


def _born(years: Sequence[int], size: int) -> str:
    if len(years) < FEWEST:
        return ""
    low, high = (int(year) for year in np.quantile(years, [0.25, 0.75], method="nearest"))
    return f"half from {low} to {high} (known of {len(years) / size:.0%})"
