"""What people decided about who is who: what contradicts it, what it implies, what clustering has to keep to. Pure.

``same`` carries on: who is one with B, and B with C, is one with C. A judgement is refused when that would make one of
whom another tells apart. ``hold`` counts as ``different`` throughout: who ends a hold by a judgement of their own
leaves it out of the existing ones. Withdrawn judgements count for nothing.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from uuid import UUID

from hub.matching.clustering import Constraints
from hub.model.judgement import Judgement


@dataclass(frozen=True, slots=True)
class Conflict:
    """Why a judgement cannot stand beside the existing ones.

    ``records``: one of each side, who would be both one person and two; the same one twice where ``new`` names it on
    both sides. ``chain``: the judgements ``same`` that lead from the first of them to the second, ``new`` among them
    when it is one. ``different``: the existing judgement that tells them apart; None when ``new`` itself does.
    """

    new: Judgement
    records: tuple[UUID, UUID]
    chain: tuple[Judgement, ...] = ()
    different: Judgement | None = None

    @property
    def cyclic(self) -> bool:
        """Whether the new judgement contradicts itself."""
        return self.records[0] == self.records[1]

    @property
    def against(self) -> tuple[Judgement, ...]:
        """The existing judgements that contradict the new one: the chain, and at last the one that tells apart."""
        chain = tuple(judgement for judgement in self.chain if judgement is not self.new)
        return chain if self.different is None else (*chain, self.different)


def conflict(new: Judgement, existing: Iterable[Judgement]) -> Conflict | None:
    """What a judgement contradicts, the first by the order of ``existing``; None when it can stand beside all."""
    twice = new.one & new.other
    if twice:
        return Conflict(new, (min(twice), min(twice)))
    sames, aparts = _sorted_out(existing)
    if new.verdict == "same":
        return _joined_wrongly(new, sames, aparts)
    home = _homes(sames)
    ours = {home.get(record, record): record for record in sorted(new.one, reverse=True)}
    for record in sorted(new.other):
        fellow = ours.get(home.get(record, record))
        if fellow is not None:
            return Conflict(new, (fellow, record), _Chains(sames, fellow).to(record))
    return None


def _joined_wrongly(new: Judgement, sames: Sequence[Judgement], aparts: Iterable[Judgement]) -> Conflict | None:
    if not new.records:
        return None
    steps = [*sames, new]
    home = _homes(steps)
    joined = home[min(new.records)]
    for apart in aparts:
        one = min((record for record in apart.one if home.get(record) == joined), default=None)
        other = min((record for record in apart.other if home.get(record) == joined), default=None)
        if one is not None and other is not None:
            return Conflict(new, (one, other), _Chains(steps, one).to(other), apart)
    return None


def implied_by(new: Judgement, existing: Iterable[Judgement]) -> tuple[Judgement, ...]:
    """The existing judgements that say the same already, together; none when the new one says more.

    Where ``different`` follows by chains of ``same`` only, all ``same`` about the persons it names are among them.
    ``different`` is not implied by a ``hold``, which ends when a person looks.
    """
    sames, aparts = _sorted_out(existing)
    home = _homes(sames)
    if new.verdict == "same":
        if len({home.get(record, record) for record in new.records}) != 1:
            return ()
        first, *others = sorted(new.records)
        chains = _Chains(sames, first)
        needed = {step.id for record in others for step in chains.to(record)}
        return tuple(judgement for judgement in sames if judgement.id in needed)
    separating = [apart for apart in aparts if apart.verdict == "different" or new.verdict == "hold"]
    directly = _telling(new, separating, {})
    if directly:
        return tuple(separating[place] for place in sorted(directly))
    by_chains = _telling(new, separating, home)
    if not by_chains:
        return ()
    people = {home.get(record, record) for record in new.records}
    chained = [judgement for judgement in sames if home[min(judgement.records)] in people]
    return (*chained, *(separating[place] for place in sorted(by_chains)))


def _telling(new: Judgement, separating: Sequence[Judgement], home: Mapping[UUID, UUID]) -> set[int]:
    """The judgements that keep every record of one side apart from every record of the other; none if a pair is left.

    Both sides' persons are grouped by the judgements that name them, so that thousands against thousands are few.
    """
    sides: defaultdict[UUID, set[int]] = defaultdict(set)
    for number, apart in enumerate(separating, 1):
        for mark, side in ((number, apart.one), (-number, apart.other)):
            for record in side:
                sides[home.get(record, record)].add(mark)
    ours, theirs = (
        {frozenset(sides.get(home.get(record, record), ())) for record in side} for side in (new.one, new.other)
    )
    deciding: set[int] = set()
    for marks in ours:
        for others in theirs:
            telling = {abs(mark) - 1 for mark in marks if -mark in others}
            if not telling:
                return set()
            deciding.add(min(telling))
    return deciding


def together_apart(judgements: Iterable[Judgement], records: Collection[UUID]) -> Constraints[UUID]:
    """The constraints of these records for clustering: groups that are one person, and sides that never meet.

    Linear in what the judgements name: a side stays one set, however many pairs it stands for.
    """
    known = records if isinstance(records, Set) else frozenset(records)
    together: list[list[UUID]] = []
    apart: list[tuple[list[UUID], list[UUID]]] = []
    for judgement in judgements:
        if judgement.withdrawn_at is not None:
            continue
        one, other = (sorted(r for r in side if r in known) for side in (judgement.one, judgement.other))
        if judgement.verdict != "same":
            if one and other:
                apart.append((one, other))
        elif len(one) + len(other) > 1:
            together.append(one + other)
    return Constraints(together, apart)


def undone_by_split(split: Judgement, existing: Iterable[Judgement]) -> list[tuple[Judgement, tuple[Judgement, ...]]]:
    """The judgements ``same`` that a split contradicts, each with what remains of it; ``split`` is the ``different``.

    Of each the records that were split off stay one, and so do the others; who is left alone is tied to nobody. Only
    judgements that name records of both sides are undone: ``conflict`` with the rest tells what stands in the way.
    """
    undone = []
    for judgement in _sorted_out(existing)[0]:
        out = judgement.records & split.one
        if out and judgement.records & split.other:
            parts = (_part(judgement, records) for records in (out, judgement.records - out))
            undone.append((judgement, tuple(part for part in parts if part)))
    return undone


def _part(judgement: Judgement, records: frozenset[UUID]) -> Judgement | None:
    """The judgement narrowed to these records, not stored yet; None for fewer than two records."""
    if len(records) < 2:
        return None
    one, other = records & judgement.one, records & judgement.other
    if not one or not other:
        one = frozenset([min(records)])
        other = records - one
    return replace(judgement, id=0, one=one, other=other)


def _sorted_out(existing: Iterable[Judgement]) -> tuple[list[Judgement], list[Judgement]]:
    """The judgements in force: those that join (``same``), and those that keep apart."""
    in_force = [judgement for judgement in existing if judgement.withdrawn_at is None]
    return [each for each in in_force if each.verdict == "same"], [each for each in in_force if each.verdict != "same"]


def _homes(sames: Iterable[Judgement]) -> dict[UUID, UUID]:
    """Each named record to one record that stands for everybody who is one person with it."""
    home: dict[UUID, UUID] = {}
    members: dict[UUID, list[UUID]] = {}
    for judgement in sames:
        places = {home.get(record, record) for record in judgement.records}
        if places:
            target = max(places, key=lambda place: len(members.get(place, ())))
            gathered = members.setdefault(target, [target])
            home[target] = target
            for place in places - {target}:
                moved = members.pop(place, [place])
                gathered += moved
                home.update(dict.fromkeys(moved, target))
    return home


class _Chains:
    """The shortest chains of ``same`` judgements from one record to each record it is one person with."""

    def __init__(self, sames: Iterable[Judgement], start: UUID) -> None:
        naming: defaultdict[UUID, list[Judgement]] = defaultdict(list)
        for judgement in sames:
            for record in judgement.records:
                naming[record].append(judgement)
        self._came: dict[UUID, tuple[Judgement, UUID] | None] = {start: None}
        used: set[int] = set()
        waiting = deque([start])
        while waiting:
            record = waiting.popleft()
            for judgement in naming[record]:
                if id(judgement) not in used:
                    used.add(id(judgement))
                    for other in sorted(one for one in judgement.records if one not in self._came):
                        self._came[other] = (judgement, record)
                        waiting.append(other)

    def to(self, record: UUID) -> tuple[Judgement, ...]:
        """The judgements of the chain, in order from its start."""
        return tuple(self._back(record))[::-1]

    def _back(self, record: UUID) -> Iterator[Judgement]:
        while (came := self._came[record]) is not None:
            yield came[0]
            record = came[1]
