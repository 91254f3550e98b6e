"""Reads a payload of which a part is odd: the part is left out, and the rest is read. Pure.

What is left out is as small as the schema allows. An optional value goes alone; a member of a list, or an optional
object, goes as a whole when it lacks something it cannot do without. Only where that reaches the payload itself is the
payload unreadable. PHP writes an empty array for an empty object, and an object for a list whose keys have gaps:
https://www.php.net/manual/en/function.json-encode.php (``JSON_FORCE_OBJECT``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from hub.errors import PayloadError
from hub.model.event import Note

TOLD, UNTOLD = "<told>", "<untold>"
"""How pydantic's errors name the two ways to read an optional field (``hub.mapping.payload``)."""

_LISTS = frozenset({"tuple_type", "list_type", "set_type", "frozen_set_type"})
_MOST_FAULTS = 10_000
_MOST_PASSES = 32
_GONE: Any = object()
_Path = tuple[str | int, ...]
_Schema = TypeVar("_Schema", bound=BaseModel)


def repaired(schema: type[_Schema], tree: Any) -> tuple[_Schema, tuple[Note, ...]]:
    """The payload without its odd parts, and a note for each; ``tree`` is left as it is.

    Raises PayloadError with the path of what is needed and cannot be read, never with a value.
    """
    repair: _Repair | None = None
    for _ in range(_MOST_PASSES):
        try:
            if repair is None:
                return schema.model_validate(tree), ()
            return schema.model_validate(repair.rest()), repair.told()
        except ValidationError as error:
            faults = error.errors(include_url=False, include_context=False, include_input=False)
        repair = repair or _Repair(tree)
        repair.take_out(faults)  # not above: the text of pydantic's error quotes the payload
    raise PayloadError("not readable")


class _Repair:
    """One payload on its way. Places keep their numbers: a member that is gone stays behind as a mark."""

    def __init__(self, tree: Any) -> None:
        self._tree = _copied(tree)
        self._notes: dict[_Path, Note] = {}
        self._noted: dict[_Path, list[_Path]] = {}
        """Where below a place notes were made: looking through all of them for each would take their number squared."""
        self._causes: dict[_Path, tuple[_Path, str]] = {}
        self._live: dict[int, list[int]] = {}
        self._emptied: set[_Path] = set()
        self._marked = False

    def rest(self) -> Any:
        """The payload as it is now. It is copied only where it holds marks."""
        self._live = {}
        return _without_gone(self._tree) if self._marked else self._tree

    def told(self) -> tuple[Note, ...]:
        return tuple(self._notes.values())

    def take_out(self, found: list[ErrorDetails]) -> None:
        """Take out what the faults name, or raise PayloadError."""
        faults = [fault for fault in found if UNTOLD not in fault["loc"]]
        places = [self._place(fault) for fault in faults]
        for fault, (path, exists) in zip(faults, places, strict=True):
            if len(faults) > _MOST_FAULTS or not path:
                raise PayloadError("missing" if fault["type"] == "missing" else "not readable", path=_dotted(path))
            if not exists:
                self._miss(path)
            elif self._at(path) is not _GONE:
                self._mend(path, listed=fault["type"] in _LISTS)

    def _place(self, fault: ErrorDetails) -> tuple[_Path, bool]:
        """Where the fault is, in the numbers of the whole payload, and whether anything is there."""
        node: Any = self._tree
        path: _Path = ()
        steps = [step for step in fault["loc"] if step != TOLD]
        for step in steps:
            if isinstance(node, dict) and step in node:
                node, path = node[step], (*path, step)
            elif isinstance(node, list) and isinstance(step, int):
                place = self._numbers(node)[step]
                node, path = node[place], (*path, place)
            elif isinstance(node, dict) and fault["type"] == "missing" and step == steps[-1]:
                return (*path, step), False
            # else it is pydantic's own name of a way to read the value
        return path, True

    def _numbers(self, node: list[Any]) -> list[int]:
        found = self._live.get(id(node))
        if found is None:
            found = self._live[id(node)] = [place for place, item in enumerate(node) if item is not _GONE]
        return found

    def _mend(self, path: _Path, *, listed: bool) -> None:
        value = self._at(path)
        if _is_empty(value):
            self._remove(path, (path, "missing"))
        elif listed and not isinstance(value, list):
            self._put(path, _as_list(value))
        else:
            self._remove(path, (path, "not readable"))
            self._note(path, Note(path=_dotted(path), reason="not readable, left out"))

    def _miss(self, path: _Path) -> None:
        """Something that is needed is not there: what needs it goes too."""
        cause = self._causes.get(path, (path, "missing"))
        owner = path[:-1]
        if not owner:
            raise PayloadError(cause[1], path=_dotted(cause[0]))
        value = self._at(owner)
        if value is _GONE:
            return
        self._remove(owner, cause)
        for place in self._noted.pop(owner, ()):
            self._notes.pop(place, None)
        if owner in self._emptied or not _is_empty(value):
            reason = f"{cause[1]}, so {_dotted(owner)} is left out"
            self._note(owner, Note(path=_dotted(cause[0]), reason=reason))

    def _note(self, path: _Path, note: Note) -> None:
        self._notes[path] = note
        for length in range(len(path) + 1):
            self._noted.setdefault(path[:length], []).append(path)

    def _at(self, path: _Path) -> Any:
        node = self._tree
        for step in path:
            if node is _GONE or (isinstance(node, dict) and step not in node):
                return _GONE
            node = node[step]
        return node

    def _put(self, path: _Path, value: Any) -> None:
        owner = self._at(path[:-1])
        owner[path[-1]] = value

    def _remove(self, path: _Path, cause: tuple[_Path, str]) -> None:
        owner = self._at(path[:-1])
        if isinstance(owner, dict):
            del owner[path[-1]]
            self._emptied.add(path[:-1])
        else:
            owner[path[-1]], self._marked = _GONE, True
        self._causes.setdefault(path, cause)


def _is_empty(value: Any) -> bool:
    """What PHP and others write for "nothing", where another kind of value belongs."""
    return value is None or value is False or value in ("", [], {})


def _as_list(value: Any) -> list[Any]:
    """PHP's object of numbered members, or the only member."""
    if isinstance(value, Mapping) and all(str(name).isdigit() for name in value):
        return list(value.values())
    return [value]


def _copied(node: Any) -> Any:
    if isinstance(node, dict):
        return {name: _copied(value) for name, value in node.items()}
    return [_copied(value) for value in node] if isinstance(node, list) else node


def _without_gone(node: Any) -> Any:
    if isinstance(node, dict):
        return {name: _without_gone(value) for name, value in node.items()}
    return [_without_gone(item) for item in node if item is not _GONE] if isinstance(node, list) else node


def _dotted(path: _Path) -> str:
    return ".".join(map(str, path))
