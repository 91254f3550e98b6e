"""Which fields of a sample nobody reads: one look at all of them spares one at each.

Most fields of a large payload are read by nobody. Where many are changed at once and nothing differs, nothing differs
for any of them; where it does, the halves are looked at, and in the end each field by itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from itertools import groupby
from pathlib import Path as Folder
from typing import Any

from hub.sdk.testkit.documents import Embedded, Path, collapsed, with_value

Same = Callable[[Any], bool]
"""Whether a changed tree is read as the sample is; a law that is broken by it counts as no."""

_NAME = re.compile(r"[A-Za-z_]\w*")


def unread(folder: Folder, tree: Any, places: Sequence[tuple[Path, Any]], value: Any, same: Same) -> set[Path]:
    """The places (path, what stands there) at which ``value`` changes nothing, as far as that shows for many at once.

    Containers are changed with those of their depth alone: what is in them could not be changed beside them.
    """
    known, found = _known(folder), set[Path]()
    ordered = sorted(places, key=partial(_group, known))
    for _, group in groupby(ordered, key=partial(_group, known)):
        found.update(_halved(tree, [path for path, _ in group], value, same))
    known.update(map(collapsed, found))
    return found


def suspects(folder: Folder, places: Sequence[tuple[Path, Any]]) -> list[tuple[Path, Any]]:
    """The places worth a look together: unread in another sample, or named nowhere in the connector's code.

    A wrong guess costs time and nothing else.
    """
    told, known = _told(folder), _known(folder)
    return [
        (path, value)
        for path, value in places
        if collapsed(path) in known or not all(_plain(step) in told for step in _names(path))
    ]


def _group(known: set[Path], place: tuple[Path, Any]) -> tuple[int, bool]:
    path, value = place
    return len(path) if isinstance(value, dict | list | Embedded) else 0, collapsed(path) in known


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


def _names(path: Path) -> Iterator[str]:
    return (step for step in path if isinstance(step, str))


@cache
def _known(folder: Folder) -> set[Path]:
    """What was found so far of this connector's samples; it grows."""
    return set()


@cache
def _told(folder: Folder) -> frozenset[str]:
    code = "\n".join(file.read_text(encoding="utf-8") for file in sorted(folder.glob("*.py")))
    return frozenset(map(_plain, _NAME.findall(code)))


def _plain(name: str) -> str:
    """``givenName`` of the wire is ``given_name`` of a schema."""
    return name.replace("_", "").lower()
