"""Which records and pairs an estimate is made from: all of a small base, of a large one as many as tell enough. Pure.

Drawing records at random would lose the pairs, of which few are of one person. So keys are drawn, by their hash: every
record under a drawn key is kept, and with it every pair under that key. A pair with many keys in common would be drawn
more often than one with a single one, and look more frequent than it is; it therefore counts only under one of them,
chosen by another part of the hash. What is drawn depends on the values alone, never on ids or on any order.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Generic

from hub.matching.blocking import Id, Key, buckets, candidates, hashed, keys
from hub.matching.features import Features

MOST = 60_000
"""Records kept at most; so many hold about 100,000 pairs, and less than 300 MB."""

_ALL = 1 << 32
_UNKNOWN = -1


class Sample(Generic[Id]):
    """Records, added one by one, of which those under drawn keys are kept in ``people``.

    ``wanted`` are kept in ``judged``, whatever is drawn.
    """

    def __init__(self, wanted: Collection[Id] = (), most: int = MOST) -> None:
        self._wanted: frozenset[Id] = frozenset(wanted)
        self._most = most
        self._drawn = _ALL
        self._lowest: dict[Id, int] = {}
        self.people: dict[Id, Features] = {}
        self.judged: dict[Id, Features] = {}

    @property
    def whole(self) -> bool:
        """Whether nothing was left out."""
        return self._drawn == _ALL

    @property
    def share(self) -> float:
        """The share of all pairs that is drawn."""
        return self._drawn / _ALL

    def add(self, one: Id, person: Features) -> None:
        """Look at one more record."""
        if one in self._wanted:
            self.judged[one] = person
        lowest = _UNKNOWN if self.whole else _lowest(person)
        if lowest < self._drawn:
            self.people[one], self._lowest[one] = person, lowest
        while len(self.people) > self._most:
            self._thin()

    def _thin(self) -> None:
        """Draw half as many keys. How often depends on what was added, and not on when."""
        self._drawn //= 2
        for one, lowest in list(self._lowest.items()):
            if lowest == _UNKNOWN:
                lowest = self._lowest[one] = _lowest(self.people[one])
            if lowest >= self._drawn:
                del self._lowest[one], self.people[one]

    def found(self) -> dict[Key, list[Id]]:
        """Every kept record by key."""
        return buckets(self.people)

    def pairs(self, found: dict[Key, list[Id]]) -> list[tuple[Id, Id]]:
        """The pairs that were drawn, in order."""
        if self.whole:
            return sorted(candidates(found))
        drawn = {key: members for key, members in found.items() if _place(key)[0] < self._drawn}
        return sorted(pair for pair in candidates(drawn) if self._counts(pair))

    def _counts(self, pair: tuple[Id, Id]) -> bool:
        common = keys(self.people[pair[0]]) & keys(self.people[pair[1]])
        return min(_place(key)[::-1] for key in common)[1] < self._drawn


def _place(key: Key) -> tuple[int, int]:
    """Two independent numbers of a key, each below 2**32: by the first it is drawn, by the other chosen of many."""
    number = hashed(key)
    return number & (_ALL - 1), number >> 32


def _lowest(person: Features) -> int:
    return min((_place(key)[0] for key in keys(person)), default=_ALL)
