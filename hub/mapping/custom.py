"""What a source tells beyond the canonical fields, as texts by the source's own names. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hub.model.base import FrozenTexts

_LONGEST_NAME = 100
_NOTHING = FrozenTexts()


def texts(*groups: Iterable[tuple[str | None, Any]]) -> FrozenTexts:
    """Pairs of name and value as texts; several values of one name are joined by "; ".

    Left out are names that are empty or hidden (a leading underscore, the sign of WordPress and Shopify for what is
    not for people), empty values, and objects, which hold a program's own state.
    """
    found: dict[str, list[str]] = {}
    for group in groups:
        for name, value in group:
            if value is None or not name:
                continue
            label = " ".join(name.split())[:_LONGEST_NAME]
            if not label or label.startswith("_"):
                continue
            values = found.setdefault(label, [])
            values += [text for text in _texts(value) if text not in values]
    return FrozenTexts({name: "; ".join(values) for name, values in found.items() if values}) if found else _NOTHING


def text(value: Any) -> str | None:
    """One value as text, a list with commas; None for what tells nothing (null, empty, an object)."""
    return ", ".join(_texts(value)) or None


def note(*parts: str | None) -> str | None:
    """What people wrote, one paragraph each; None where nobody wrote anything."""
    told = [part.strip() for part in parts if part and part.strip()]
    return "\n".join(dict.fromkeys(told)) if told else None


def labels(text: str | Iterable[str] | None) -> tuple[str, ...]:
    """Tags from a list, or from a text with commas; each once."""
    if not text:
        return ()
    parts = text.split(",") if isinstance(text, str) else text
    return tuple(dict.fromkeys(part.strip() for part in parts if part and part.strip()))


def _texts(value: Any) -> list[str]:
    if isinstance(value, list | tuple):
        return [text for item in value for text in _texts(item)]
    if isinstance(value, bool):
        return ["true" if value else "false"]
    if value is None or isinstance(value, dict):
        return []
    told = str(int(value) if isinstance(value, float) and value.is_integer() else value).strip()
    return [told] if told else []
