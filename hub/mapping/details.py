"""The content of a message that is more than plain text, as texts by name. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from hub.mapping.custom import text as text_of
from hub.mapping.custom import texts
from hub.model.text import tidy

_SECRET = ("token", "secret", "password", "signature")
_DEEPEST = 4


def picked(content: Mapping[str, Any] | None, names: Iterable[str]) -> dict[str, str]:
    """The named members (dotted paths) of an object that tell something, by their own names."""
    return dict(texts((name.rpartition(".")[2], _at(content, name)) for name in names)) if content else {}


def answers(told: str | Mapping[str, Any] | None) -> dict[str, str]:
    """The answers of a form, from JSON text or an object: scalars by dotted name, lists joined; no credentials.

    Text that is no JSON object is kept as it is, under the name ``answers``.
    """
    try:
        tree = json.loads(told) if isinstance(told, str) else told
    except (ValueError, RecursionError):
        tree = told
    if isinstance(tree, Mapping):
        return {tidy(name): value for name, value in _flat(tree, "", 0)}
    return {"answers": str(told)} if told and not _is_secret(str(told)) else {}


def _at(content: Any, path: str) -> Any:
    for step in path.split("."):
        content = content.get(step) if isinstance(content, Mapping) else None
    return content


def _is_secret(name: str) -> bool:
    return any(word in name.lower() for word in _SECRET)


def _flat(node: Any, name: str, depth: int) -> Iterator[tuple[str, str]]:
    if isinstance(node, Mapping) and depth < _DEEPEST:
        for key, value in node.items():
            if not _is_secret(key):
                yield from _flat(value, f"{name}.{key}" if name else key, depth + 1)
    elif told := text_of(node):
        yield name, told
