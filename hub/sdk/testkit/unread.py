"""Which fields of a sample nobody reads: one look at all of them spares one at each.

Most fields of a large payload are read by nobody. Where many are changed at once and nothing differs, nothing differs
for any of them; where it does, the halves are looked at, and in the end each field by itself. The samples of a
connector are alike: what was read in one is looked at by itself in the next.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from itertools import groupby
from operator import itemgetter
from pathlib import Path as Folder
from typing import Any

from hub.sdk.testkit.documents import REMOVED, Embedded, Path, collapsed, with_value

Same = Callable[[Any], bool]
"""Whether a changed tree is read as the sample is; a law that is broken by it counts as no."""

Place = tuple[Path, Any]
"""A path, and what stands there."""

_NAME = re.compile(r"[A-Za-z_]\w*")
_LIKELY = 1 / 3
"""Of fields that are read so often, a look at several saves nothing."""
_SELDOM = 0.1


def unread(folder: Folder, tree: Any, places: Sequence[Place], value: Any, same: Same) -> set[Path]:
    """The places at which ``value`` changes nothing, as far as that shows for many at once.

    Places that are likely to be read are left to a look at each. A wrong guess costs time and nothing else.
    Containers are changed with those of their depth alone: what is in them could not be changed beside them.
    """
    guessed = [(_chance(folder, place, value), place) for place in places]
    worthy = [(_depth(place), chance > 0, chance, place[0]) for chance, place in guessed if chance < _LIKELY]
    found: set[Path] = set()
    for _, group in groupby(sorted(worthy, key=itemgetter(0, 1, 2)), key=itemgetter(0, 1)):
        found.update(_halved(tree, [path for *_, path in group], value, same))
    return found


def remember(folder: Folder, place: Place, value: Any, *, read: bool) -> None:
    """Say whether ``value`` at a place changed anything, for the samples to come."""
    _seen(folder)[_kind(place, value), read] += 1


def _chance(folder: Folder, place: Place, value: Any) -> float:
    """How likely it is that somebody reads what stands there."""
    for change in (value, REMOVED):
        read, idle = (_seen(folder)[_kind(place, change), told] for told in (True, False))
        if read or idle:
            return read / (read + idle)
    return 0.5 if all(_plain(step) in _told(folder) for step in place[0] if isinstance(step, str)) else _SELDOM


def _depth(place: Place) -> int:
    path, value = place
    return len(path) if isinstance(value, dict | list | Embedded) else 0


def _halved(tree: Any, paths: Sequence[Path], value: Any, same: Same) -> Sequence[Path]:
    if len(paths) < 3:
        return ()
    changed = tree
    for path in paths:
        changed = with_value(changed, path, value)
    if same(changed):
        return paths
    half = len(paths) // 2
    return [path for part in (paths[:half], paths[half:]) for path in _halved(tree, part, value, same)]


def _kind(place: Place, value: Any) -> tuple[Any, ...]:
    path, there = place
    return collapsed(path), type(there), not there, repr(value)


@cache
def _seen(folder: Folder) -> Counter[tuple[tuple[Any, ...], bool]]:
    """How often a kind of field was read and not read in this connector's samples so far."""
    return Counter()


@cache
def _told(folder: Folder) -> frozenset[str]:
    """The names in the connector's code."""
    code = "\n".join(file.read_text(encoding="utf-8") for file in sorted(folder.glob("*.py")))
    return frozenset(map(_plain, _NAME.findall(code)))


def _plain(name: str) -> str:
    """``givenName`` of the wire is ``given_name`` of a schema."""
    return name.replace("_", "").lower()
