"""Records that are told alike, to the letter: however many there are, they are few to matching. Pure.

A till that writes a new customer at every sale, or a shop that does for every guest, tells one person ten thousand
times in the same words. Counted as so many records, that person's own e-mail would be one that everybody shares, and
the person would come apart into ten thousand. So of records told alike only the first ``MOST``, in order of id, stand
in buckets, and the others are where these are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import TypeVar
from uuid import UUID

from hub.matching.features import Features
from hub.matching.kinds import KINDS, values_of
from hub.matching.packing import packed

Id = TypeVar("Id", int, str, UUID)

_OWN = tuple(kind for kind in KINDS if kind.own)
_own_values = values_of(_OWN)

MOST = 3
"""Of records told alike so many are compared with others, and counted where an identifier is shared.

Fewer than any bucket holds before it is dead: equal rows of a file are no crowd.
"""


def alike(person: Features) -> tuple[str, str] | None:
    """The key of all that are told like this one; None without both names and an identifier or door of one's own."""
    if not any(first and last for first, last in person.names):
        return None
    return ("alike", packed(person)) if any(True for _ in _own(person)) or _lives_somewhere(person) else None


def _lives_somewhere(person: Features) -> bool:
    """A name written out, and a door: two such rows of a file, equal to the letter, are one row told twice."""
    written_out = any(len(first[0]) > 1 for first, _ in person.names if first)
    return written_out and any(place.street and place.numbers and place.postal for place in person.places)


def _own(person: Features) -> Iterator[str]:
    """Identifiers as crowds are counted."""
    for kind, values in zip(_OWN, _own_values(person), strict=True):
        yield from map(kind.key, values)


def proves(person: Features, crowd: Mapping[str, int], shared: int) -> bool:
    """Whether an identifier of theirs is not one of so many that it proves nothing."""
    own = list(_own(person))
    return any(crowd.get(value, 1) < shared for value in own) if own else _lives_somewhere(person)


def groups(people: Mapping[Id, Features], crowd: Mapping[str, int], shared: int) -> list[list[Id]]:
    """Those of more than ``MOST`` who are one person because they are told alike."""
    if len(people) <= MOST:
        return []
    found: defaultdict[Features, list[Id]] = defaultdict(list)
    for one, known in people.items():
        found[known].append(one)
    return sorted(
        sorted(members)
        for known, members in found.items()
        if len(members) > MOST and alike(known) and proves(known, crowd, shared)
    )
