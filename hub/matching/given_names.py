"""Which given names are a man's and which a woman's, as far as many countries agree. A constant that a package holds.

The names are those of ``mimesis`` (MIT; mimesis.name, ``datasets/<locale>/person.json``): lists of usual first names by
country and gender. They are data, read once where they are needed first; the package's own code is never loaded.
"""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import orjson

from hub.mapping.name import fold
from hub.matching.short_forms import shortest

Gender = Literal["male", "female"]

COUNTRIES = (
    "cs", "da", "de", "de-at", "de-ch", "en", "en-ca", "es", "fi", "fr", "hr", "hu", "it", "nl", "nl-be", "no", "pl",
    "pt", "sk", "sv", "tr",
)  # fmt: skip
"""Languages in Latin letters; the British and the Australian list repeat that of ``en``."""

_SURE = 2
"""A name is one gender's where more than so many times as many lists have it there than have it with the other."""

_SEVERAL = 3
"""Lists that have a name which is taken for a name of its own."""

_WOMANS = frozenset({"a", "e", "ia", "in", "ina", "ine", "ette", "ella", "elle"})
"""What makes a woman's name of a man's."""


@lru_cache(maxsize=32_768)
def gender(name: str) -> Gender | None:
    """Whose a name is in most lists that know it; None where they are of two minds, or none does.

    ``name`` is folded, and in its shortest form.
    """
    men, women = (known[name] for known in _known())
    if men > _SURE * women:
        return "male"
    return "female" if women > _SURE * men else None


@lru_cache(maxsize=32_768)
def womans_form(name: str, other: str) -> bool:
    """Whether ``other`` is a woman's form of a man's ``name``, which it begins with: Kai and Kaia, Gabriel, Gabriele.

    Lists may be of two minds about either, such as Kai or Gabriele: enough that one has the name so.
    """
    men, women = _known()
    if not other.startswith(name) or other[len(name) :] not in _WOMANS:
        return False
    return men[name] >= max(women[name], 1) and women[other] > 0 and gender(other) != "male"


@lru_cache(maxsize=32_768)
def known(name: str) -> bool:
    """Whether a name is one in several lists: what a single list has may be a misspelling that was given once."""
    return max(names[name] for names in _known()) >= _SEVERAL


@lru_cache(maxsize=1)
def _known() -> tuple[Counter[str], Counter[str]]:
    """How many lists hold each name, the men's and the women's."""
    lists: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
    for country in COUNTRIES:
        names = orjson.loads((_datasets() / country / "person.json").read_bytes()).get("names")
        for counted, gender_key in zip(lists, ("male", "female"), strict=True):
            counted.update(map(_folded, set(names[gender_key])) if isinstance(names, dict) else ())
    return lists


def _folded(name: str) -> str:
    # To fold 20,000 names takes half a second, and most are plain.
    return shortest(name.lower() if name.isascii() and name.isalpha() else fold(name))


def _datasets() -> Path:
    spec = find_spec("mimesis")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("mimesis", name="mimesis")
    return Path(spec.submodule_search_locations[0]) / "datasets"
