"""Templates of requests: where a declaration leaves room for values, and what goes there. Pure.

``{name}`` within a text is that value as text; a text that is ``$name`` and nothing else is the value itself, with its
type. In a path values are escaped. Nothing else is a template: no loops, no conditions, no code.
"""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

_NAME = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_WHOLE = re.compile(r"\$([a-z][a-z0-9_]*)")

Values = Mapping[str, Any]


def fill(template: Any, values: Values) -> Any:
    """A template with its values, whatever it is made of."""
    if isinstance(template, str):
        if whole := _WHOLE.fullmatch(template):
            return values[whole[1]]
        return _filled(template, values, str)
    if isinstance(template, Mapping):
        return {name: fill(part, values) for name, part in template.items()}
    if isinstance(template, list | tuple):
        return [fill(part, values) for part in template]
    return template


def fill_path(template: str, values: Values) -> str:
    """A path with its values, each of which stays one part of it."""
    return _filled(template, values, lambda value: quote(str(value), safe=""))


def escaped(value: str, characters: Mapping[str, str]) -> str:
    """A value for a language of a system's own: each of these characters as it is written there."""
    return "".join(characters.get(one, one) for one in value)


def encoded(template: Any, values: Values, *, base64: bool) -> str:
    """A template with its values, as JSON in a text; with ``base64`` as URLs bear it."""
    text = json.dumps(fill(template, values), ensure_ascii=False, separators=(",", ":"))
    return urlsafe_b64encode(text.encode()).decode() if base64 else text


def decoded(text: str, *, base64: bool) -> Any:
    """What such a text holds; None where it is none."""
    try:
        return json.loads(urlsafe_b64decode(text) if base64 else text)
    except ValueError:
        return None


def names_in(template: Any) -> Iterator[str]:
    """The values a template asks for."""
    if isinstance(template, str):
        whole = _WHOLE.fullmatch(template)
        yield from [whole[1]] if whole else _NAME.findall(template)
    elif isinstance(template, Mapping):
        for part in template.values():
            yield from names_in(part)
    elif isinstance(template, list | tuple):
        for part in template:
            yield from names_in(part)


def values_in(template: Any, actual: Any) -> dict[str, Any] | None:
    """Which values make ``template`` what ``actual`` is; None where none do. For the double of the contract kit."""
    if isinstance(template, str):
        if whole := _WHOLE.fullmatch(template):
            return {whole[1]: actual}
        found = _pattern(template).fullmatch(actual) if isinstance(actual, str) else None
        return found.groupdict() if found else None
    if isinstance(template, Mapping):
        same = isinstance(actual, Mapping) and actual.keys() == template.keys()
        pairs = [(part, actual[name]) for name, part in template.items()] if same else None
    elif isinstance(template, list | tuple):
        same = isinstance(actual, list | tuple) and len(actual) == len(template)
        pairs = list(zip(template, actual, strict=True)) if same else None
    else:
        return {} if template == actual else None
    if pairs is None:
        return None
    together: dict[str, Any] = {}
    for part, value in pairs:
        own = values_in(part, value)
        if own is None:
            return None
        together |= own
    return together


def _filled(template: str, values: Values, shown: Callable[[Any], str]) -> str:
    return _NAME.sub(lambda found: shown(values[found[1]]), template)


def _pattern(template: str) -> re.Pattern[str]:
    parts, seen, at = [], set[str](), 0
    for found in _NAME.finditer(template):
        parts.append(re.escape(template[at : found.start()]))
        parts.append(f"(?P={found[1]})" if found[1] in seen else f"(?P<{found[1]}>.*?)")
        seen.add(found[1])
        at = found.end()
    return re.compile("".join([*parts, re.escape(template[at:])]), re.DOTALL)
