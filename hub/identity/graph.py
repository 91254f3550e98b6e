"""Records and identifiers to clusters, and clusters to profile ids. Pure, and free of order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from hub.identity.matching import Name, contradict
from hub.model.keys import profile_id

MOST_RECORDS = 200
"""With more records than this an identifier is shared whoever they are: a till's default phone, on customers without
names, is nobody's. It also bounds what one event can cost."""

MOST_NAMES = 50
"""The same for different names, contradicting or not: telling which are clear takes the cube of their number."""


@dataclass(slots=True)
class Node:
    """A record, as identity sees it: its name, and identifier id to strength."""

    id: UUID
    name: Name = ("", "")
    links: dict[UUID, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Edge:
    """Two records that are one person, and the identifier that says so."""

    one: UUID
    other: UUID
    identifier: UUID


def carried_by_too_many(limit: int, names: Collection[Name], records: int) -> bool:
    """True when an identifier proves nothing: more people, names or records than one person can have.

    One more record or name never makes it false again.
    """
    if records > max(MOST_RECORDS, limit) or len(names) > max(MOST_NAMES, limit):
        return True
    return len(names) > limit and more_people_than(limit, names)


def more_people_than(limit: int, names: Iterable[Name]) -> bool:
    """True when more than ``limit`` persons are behind these names: so many first names contradict one another.

    One more name never makes it false again, whatever the order in which names become known.
    """
    return _all_apart(sorted({name for name in names if name[0]}), limit + 1)


def _all_apart(names: Sequence[Name], wanted: int) -> bool:
    """Whether ``wanted`` of these names contradict each other, every pair of them."""
    if wanted == 0:
        return True
    alike: list[list[Name]] = []
    for name in names:
        group = next((group for group in alike if not any(contradict(name, other) for other in group)), None)
        if group is None:
            alike.append([name])
        else:
            group.append(name)
    if len(alike) < wanted:
        return False  # at most one of each group: without this bound, the search below could take for ever
    return any(
        _all_apart([other for other in names[place + 1 :] if contradict(name, other)], wanted - 1)
        for place, name in enumerate(names)
    )


def edges(nodes: Iterable[Node], shared: frozenset[UUID] | set[UUID]) -> Iterator[Edge]:
    """The evidence among these records; identifiers in ``shared`` prove nothing.

    A strong identifier joins all that carry it. A weak link joins two records whose names do not contradict, unless
    one of them could be either of two others that contradict each other (an initial, or no name at all, on a family's
    phone): who it is cannot be told, so it stays apart.
    """
    carriers: defaultdict[UUID, list[Node]] = defaultdict(list)
    for node in nodes:
        for identifier in node.links:
            if identifier not in shared:
                carriers[identifier].append(node)
    for identifier, members in carriers.items():
        if len(members) > 1:
            yield from _edges_of(identifier, members)


def _edges_of(identifier: UUID, members: Sequence[Node]) -> Iterator[Edge]:
    strong = [node for node in members if node.links[identifier] == "strong"]
    for node in strong[1:]:
        yield Edge(strong[0].id, node.id, identifier)
    if len(strong) == len(members):
        return
    by_name: defaultdict[Name, list[Node]] = defaultdict(list)
    for node in members:
        by_name[node.name].append(node)
    names = sorted(by_name)
    compatible = {name: [n for n in names if not contradict(name, n)] for name in names}
    clear = [name for name in names if not _ambiguous(compatible[name])]
    for name in names:
        same = by_name[name]
        for node in same[1:]:
            yield Edge(same[0].id, node.id, identifier)
    for name in clear:
        for other in compatible[name]:
            if other > name and other in clear:
                yield Edge(by_name[name][0].id, by_name[other][0].id, identifier)


def _ambiguous(compatible: Sequence[Name]) -> bool:
    return any(contradict(a, b) for i, a in enumerate(compatible) for b in compatible[i + 1 :])


def clusters(nodes: Sequence[Node], evidence: Iterable[Edge]) -> list[list[UUID]]:
    """Connected components, each sorted, in order of their first record."""
    parent = {node.id: node.id for node in nodes}

    def find(item: UUID) -> UUID:
        while parent[item] != item:
            parent[item] = parent[parent[item]]
            item = parent[item]
        return item

    for edge in evidence:
        one, other = find(edge.one), find(edge.other)
        if one != other:
            parent[max(one, other)] = min(one, other)
    groups: defaultdict[UUID, list[UUID]] = defaultdict(list)
    for item in parent:
        groups[find(item)].append(item)
    return sorted(sorted(group) for group in groups.values())


def assign(
    groups: Sequence[Sequence[UUID]], active: Mapping[UUID, datetime], retired: Mapping[UUID, datetime]
) -> list[UUID]:
    """A profile id for each cluster; ``active`` and ``retired`` map ids to the time the profile was created.

    The cluster keeps the oldest active profile that one of its records seeded; without one, it takes back the oldest
    retired id seeded here (a merge undone); else its first record seeds a new one.
    """
    chosen: list[UUID] = []
    for group in groups:
        seeds = [profile_id(record) for record in group]
        for known in (active, retired):
            held = [(known[seed], seed) for seed in seeds if seed in known]
            if held:
                chosen.append(min(held)[1])
                break
        else:
            chosen.append(seeds[0])
    return chosen
