"""How complete a value is. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hub.mapping.name import fold


def completeness(value: Any) -> tuple[int, int]:
    """How complete a value is: the number of its filled parts, and how many of these have more than one letter.

    A name's parts are first, middle and last (``full`` repeats them), an address's its lines, postal code, city, region
    and country, a text's its words, and a list's its items.
    """
    if isinstance(value, Mapping):
        parts = [str(part) for name, part in value.items() if part and name != "full"]
        parts = parts or [str(part) for part in value.values() if part][:1]
    else:
        parts = list(map(str, value)) if isinstance(value, list) else fold(str(value)).split()
    return len(parts), sum(len(fold(part)) > 1 for part in parts)
