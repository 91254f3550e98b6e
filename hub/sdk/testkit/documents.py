"""Bodies as trees that can be changed in one place: JSON, forms, and JSON inside a form field.

A form is read as an object of its fields; a field whose text is a JSON object or list is a tree of its own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from copy import deepcopy
from typing import Any
from urllib.parse import parse_qsl, urlencode

import orjson

Path = tuple[str | int, ...]
REMOVED: Any = object()
"""Put this value at a path to remove the field."""

UNKNOWN = "hub_unknown_field"


class Embedded:
    """JSON that was found as the text of a form field."""

    def __init__(self, value: Any) -> None:
        self.value = value


def decode(body: bytes, *, form: bool) -> Any:
    """The tree of a body."""
    if not form:
        return json.loads(body)
    return {name: _embedded(text) for name, text in parse_qsl(body.decode(), keep_blank_values=True)}


def encode(tree: Any, *, form: bool) -> bytes:
    """The inverse of ``decode``, up to white space."""
    if not form:
        return _dumps(tree)
    flat = {
        name: _dumps(value.value).decode() if isinstance(value, Embedded) else value for name, value in tree.items()
    }
    return urlencode({name: "" if value is None else value for name, value in flat.items()}).encode()


def respelt(body: bytes, *, form: bool) -> bytes:
    """Other bytes with the same meaning."""
    if form:
        return body + b"&"
    tree = json.loads(body)
    compact = _dumps(tree)
    return compact if compact != body else compact + b"\n"


def fields(tree: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every object field at any depth, with its value; list items are walked through, not given."""
    inner = tree.value if isinstance(tree, Embedded) else tree
    if isinstance(inner, dict):
        for name, value in inner.items():
            yield (*path, name), value
            yield from fields(value, (*path, name))
    elif isinstance(inner, list):
        for index, value in enumerate(inner):
            yield from fields(value, (*path, index))


def kinds(tree: Any) -> Iterator[tuple[Path, Any]]:
    """``fields``, but each kind once: members of one list are read by the same code.

    A place in another member is of a kind of its own where the type of its value is another one, or it is empty there.
    """
    seen: set[tuple[Path, type, bool]] = set()
    for path, value in fields(tree):
        kind = (collapsed(path), type(value), not value)
        if kind not in seen:
            seen.add(kind)
            yield path, value


def collapsed(path: Path) -> Path:
    """``line_items.*.id``: the same for all members of a list."""
    return tuple("*" if isinstance(step, int) else step for step in path)


def with_value(tree: Any, path: Path, value: Any) -> Any:
    """The tree with ``value`` at ``path`` (``REMOVED`` takes the field away); only what is above it is copied."""
    if isinstance(tree, Embedded):
        return Embedded(with_value(tree.value, path, value))
    step, *below = path
    changed = tree.copy()
    if below:
        changed[step] = with_value(tree[step], tuple(below), value)
    elif value is REMOVED:
        del changed[step]
    else:
        changed[step] = value
    return changed


def with_unknown_fields(tree: Any, *, form: bool) -> Any:
    """A copy with an unknown field in every object."""
    changed = deepcopy(tree)
    for node in _objects(changed):
        node[UNKNOWN] = "unknown" if form and node is changed else {"depth": [1, None, "unknown"]}
    return changed


def replace_leaves(tree: Any, new: Callable[[Any], Any]) -> Any:
    """A copy with every leaf value replaced."""
    if isinstance(tree, Embedded):
        return Embedded(replace_leaves(tree.value, new))
    if isinstance(tree, dict):
        return {name: replace_leaves(value, new) for name, value in tree.items()}
    if isinstance(tree, list):
        return [replace_leaves(value, new) for value in tree]
    return new(tree)


def dotted(path: Path) -> str:
    """``line_items.0.id``."""
    return ".".join(map(str, path))


def _objects(tree: Any) -> Iterator[dict[str, Any]]:
    inner = _inner(tree)
    if isinstance(inner, dict):
        children = list(inner.values())
        yield inner
    else:
        children = inner if isinstance(inner, list) else []
    for child in children:
        yield from _objects(child)


def _inner(node: Any) -> Any:
    return node.value if isinstance(node, Embedded) else node


def _embedded(text: str) -> Any:
    if text[:1] in ("{", "["):
        try:
            return Embedded(json.loads(text))
        except ValueError:
            return text
    return text


def _dumps(tree: Any) -> bytes:
    with suppress(TypeError):
        return orjson.dumps(tree)
    # numbers of more than 64 bits
    return json.dumps(tree, ensure_ascii=False, separators=(",", ":")).encode()
