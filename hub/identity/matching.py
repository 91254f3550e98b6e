"""Do two names contradict? Pure, and symmetric."""

from __future__ import annotations

from functools import lru_cache

from rapidfuzz.distance import JaroWinkler

SIMILAR = 0.88
"""Jaro-Winkler similarity from which two spellings are one name ("Katharina"/"Katarina" 0.97, "Anna"/"Anja" 0.87)."""

Name = tuple[str, str]
"""Folded first and last name; empty when not told."""


@lru_cache(maxsize=16_384)
def contradict(one: Name, other: Name) -> bool:
    """True when both names are told and cannot be one person's.

    First names decide: equal, an initial, a short form ("Alex"/"Alexander"), a spelling apart, or swapped with the last
    name are compatible. A different last name alone is no contradiction (marriage) while first names agree; where a
    first name is missing, the last names have to agree.
    """
    first, last = one
    other_first, other_last = other
    if not (first or last) or not (other_first or other_last):
        return False
    if first and other_first:
        if _same(first, other_first):
            return False
        return not (last and other_last and _same(first, other_last) and _same(last, other_first))
    if last and other_last:
        return not _same(last, other_last)
    return False


def _same(one: str, other: str) -> bool:
    if one == other:
        return True
    head, other_head = one.split(" ")[0], other.split(" ")[0]
    short, long = sorted((head, other_head), key=len)
    if long.startswith(short) and (len(short) == 1 or len(short) >= 3):
        return True
    return JaroWinkler.similarity(head, other_head) >= SIMILAR
