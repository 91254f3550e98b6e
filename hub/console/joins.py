"""The records of one person and what joins them, as a picture: a tree from the record that joins the most. Pure.

Coordinates are those of the picture's ``viewBox``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MOST = 16
"""Records that are drawn; of more the table tells."""

WIDTH, HEIGHT, ACROSS, DOWN = 214.0, 54.0, 132.0, 14.0

Json = Mapping[str, Any]
Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Node:
    """A record and its upper left corner."""

    record: Json
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Join:
    """What joins two records: an SVG path, and where its label stands."""

    pair: Json
    path: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Joins:
    """The picture. ``left_out`` records are not in it."""

    width: float
    height: float
    nodes: tuple[Node, ...]
    joins: tuple[Join, ...]
    left_out: int


def joins(pairs: Sequence[Json], records: int) -> Joins:
    """The picture of these pairs (``hub.application.explain.one_person``), of a profile of so many records."""
    across: defaultdict[Key, list[tuple[Key, Json]]] = defaultdict(list)
    named: dict[Key, Json] = {}
    for pair in pairs:
        one, other = _key(pair["one"]), _key(pair["other"])
        named |= {one: pair["one"], other: pair["other"]}
        across[one].append((other, pair))
        across[other].append((one, pair))
    drawing = _Drawing(named, across)
    for key in sorted(across, key=lambda key: (-len(across[key]), key)):
        if key not in drawing.placed and len(drawing.placed) < MOST:
            drawing.branch(key, 0)
    places = drawing.placed
    nodes = tuple(Node(named[key], x, y) for key, (x, y) in places.items())
    width = max((node.x for node in nodes), default=0.0) + WIDTH
    height = max((node.y for node in nodes), default=0.0) + HEIGHT
    return Joins(width + 2, height + 2, nodes, tuple(drawing.joins), max(0, records - len(nodes)))


def _key(record: Json) -> Key:
    return str(record["connection"]), str(record["kind"]), str(record["external_id"])


class _Drawing:
    """Places records row by row: a record stands in the middle of those that it joins."""

    def __init__(self, named: Mapping[Key, Json], across: Mapping[Key, Sequence[tuple[Key, Json]]]) -> None:
        self._named, self._across = named, across
        self._seen: set[Key] = set()
        self._row = 1.0
        self.placed: dict[Key, tuple[float, float]] = {}
        self.joins: list[Join] = []

    def branch(self, key: Key, depth: int) -> float:
        """Place a record and all that hangs on it; gives its ``y``."""
        self._seen.add(key)
        x = 1.0 + depth * (WIDTH + ACROSS)
        below: list[tuple[Key, Json]] = []
        for other, pair in self._across[key]:
            if other not in self._seen and len(self._seen) < MOST:
                self._seen.add(other)
                below.append((other, pair))
        rows = [self.branch(other, depth + 1) for other, _ in below]
        if rows:
            y = (rows[0] + rows[-1]) / 2
        else:
            y = self._row
            self._row += HEIGHT + DOWN
        self.placed[key] = x, y
        for (_, pair), row in zip(below, rows, strict=True):
            self.joins.append(_join(pair, x + WIDTH, y + HEIGHT / 2, x + WIDTH + ACROSS, row + HEIGHT / 2))
        return y


def _join(pair: Json, x1: float, y1: float, x2: float, y2: float) -> Join:
    bend = (x1 + x2) / 2
    path = f"M{x1:.1f} {y1:.1f} C{bend:.1f} {y1:.1f} {bend:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"
    return Join(pair, path, x1 + 0.62 * (x2 - x1), y1 + 0.68 * (y2 - y1))
