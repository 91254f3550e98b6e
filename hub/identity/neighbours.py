"""Who stands next to whom in a bucket that is too large to compare all, before a batch and after it. Pure.

Records stand in the order of their ids. Of such a bucket only stretches are read: those around the records of the
batch. A record that comes or goes changes the neighbours of those ``NEIGHBOURS`` places away at most, and whose
neighbours these are stands in the same stretch.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence, Set
from dataclasses import dataclass
from uuid import UUID

from hub.matching.blocking import NEIGHBOURS


def width(moving: int) -> int:
    """Stored records to read on either side of one, where so many came to the bucket or left it in the batch."""
    return 2 * NEIGHBOURS + moving


@dataclass(frozen=True, slots=True)
class Stretch:
    """Records that follow one another in order of id.

    ``first`` and ``last``: whether the bucket begins with it, and ends with it.
    """

    records: Sequence[UUID]
    first: bool
    last: bool

    def changed_by(self, coming: Sequence[UUID], going: Set[UUID]) -> list[UUID]:
        """The same stretch with these, in order of id, and without those."""
        begin = 0 if self.first else bisect_left(coming, self.records[0])
        end = len(coming) if self.last else bisect_left(coming, self.records[-1])
        return sorted({*self.records, *coming[begin:end]} - going)


def stretch(anchor: UUID, read: Collection[UUID], wanted: int) -> Stretch:
    """What was read around one record: up to ``wanted`` before it and after it, and itself if it stood there."""
    ordered = sorted(read)
    place = bisect_left(ordered, anchor)
    behind = len(ordered) - place - (place < len(ordered) and ordered[place] == anchor)
    return Stretch(ordered, first=place < wanted, last=behind < wanted)


def near(ordered: Sequence[UUID], one: UUID) -> list[UUID]:
    """The neighbours of one record, where it stands among these."""
    place = bisect_left(ordered, one)
    if place == len(ordered) or ordered[place] != one:
        return []
    return [*ordered[max(0, place - NEIGHBOURS) : place], *ordered[place + 1 : place + 1 + NEIGHBOURS]]


def changed(before: Sequence[UUID], after: Sequence[UUID], anchor: UUID) -> Iterator[UUID]:
    """Who of a stretch has other neighbours because this one came or went."""
    around = {one for side in (before, after) for one in _around(side, anchor)}
    for one in around:
        if one != anchor and near(before, one) != near(after, one):
            yield one


def _around(ordered: Sequence[UUID], anchor: UUID) -> Sequence[UUID]:
    place = bisect_left(ordered, anchor)
    return ordered[max(0, place - NEIGHBOURS) : place + NEIGHBOURS + 1]
