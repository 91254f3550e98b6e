"""Bodies, headers and others' words as a reader may see them. Pure; nothing is ever cut where it may be shown."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import orjson

from hub.model.event import CanonicalEvent

DOTS = "•••••"
LONGEST = 200_000
"""Letters of a body in a page; the whole of a longer one is a file."""

_SECRET = re.compile(
    r"auth|token|secret|signature|cookie|(^|[-_])key|hmac|passw|session|credential|digest", re.IGNORECASE
)
_PLAIN = re.compile(r"^(content-.*|user-agent|host|accept.*|.*-(topic|event|event-type|api-version|version))$")
_CONTACT = re.compile(r"@|(?<!\d)\+?\d{9,15}(?!\d)")
_VALUES = re.compile(r"\"[^\"]*\"|'[^']*'|\S+@\S+|\+?\d[\d ()/-]{4,}\d")


def headers(told: Mapping[str, str], *, whole: bool) -> list[tuple[str, str]]:
    """Names and values: what proves or opens something is hidden from all, what may name a person from viewers."""
    return [
        (name, "[secret]" if _SECRET.search(name) else value if whole or _PLAIN.match(name.lower()) else DOTS)
        for name, value in sorted(told.items())
    ]


def body(raw: bytes, *, whole: bool) -> str | None:
    """The text: JSON in lines. Masked it keeps its form and loses its values; None where it has no such form."""
    try:
        tree = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return raw.decode("utf-8", errors="backslashreplace") if whole else None
    return orjson.dumps(tree if whole else masked(tree), option=orjson.OPT_INDENT_2).decode()


def masked(tree: Any) -> Any:
    """The same tree with dots for each value but true, false and nothing, and for a key that is a contact."""
    if isinstance(tree, dict):
        return {
            f"{DOTS} {place}" if _CONTACT.search(name) else name: masked(value)
            for place, (name, value) in enumerate(tree.items())
        }
    if isinstance(tree, list):
        return [masked(value) for value in tree]
    return tree if tree is None or isinstance(tree, bool) or tree == "" else DOTS


def words(text: str, *, whole: bool) -> str:
    """What an outside system said. It may repeat what was sent to it: masked it ends at the first colon."""
    return text if whole else _VALUES.sub(DOTS, text.partition(":")[0])


def value(told: Any, *, whole: bool) -> str:
    """One value in full."""
    if not whole:
        return DOTS
    return told if isinstance(told, str) else orjson.dumps(told, default=str).decode()


def values(event: CanonicalEvent) -> list[tuple[str, Any]]:
    """Each value of a canonical event with its path; its time stands apart."""
    document = event.model_dump(mode="json", exclude_defaults=True)
    document.pop("occurred_at", None)
    return _flat(document, "")


def _flat(value: Any, path: str) -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        return [found for name, inner in value.items() for found in _flat(inner, f"{path}.{name}" if path else name)]
    if isinstance(value, list):
        return [found for place, inner in enumerate(value) for found in _flat(inner, f"{path}.{place}")]
    return [(path, value)]
