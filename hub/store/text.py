"""Text on its way into PostgreSQL and out of it: the one place that knows what its columns hold, and what may be wrong.

Into it: PostgreSQL's text holds no NUL, and UTF-8 no lone surrogate. Out of it: a text of a broken row, or one that a
newer Hub wrote, fails alone and with its reason, whatever it was read with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from hashlib import sha256
from typing import Any, TypeVar

import orjson
import structlog

from hub.errors import UnreadableError

log = structlog.get_logger()

LONGEST_ID = 500

Row = TypeVar("Row")
Made = TypeVar("Made")


def storable(text: str) -> str:
    """The text without NUL, and with a question mark for each lone surrogate."""
    if "\x00" in text:
        text = text.replace("\x00", "")
    return text if text.isascii() else text.encode(errors="replace").decode()


def key(text: str) -> str:
    """An id of any length as one that an index takes: PostgreSQL's hold no key beyond some 2,700 bytes."""
    held = storable(text)
    return held if len(held) <= LONGEST_ID else f"digest:{sha256(held.encode()).hexdigest()}"


def read(text: str, what: str) -> Any:
    """The value of a stored JSON text. Raises UnreadableError, which names ``what`` it was and no value."""
    try:
        return orjson.loads(text)
    except ValueError:
        raise UnreadableError(f"{what} cannot be read: it is no JSON") from None


def or_else(text: str, fallback: Any) -> Any:
    """The value of a stored JSON text, or ``fallback`` where it is only shown and cannot be read."""
    try:
        return orjson.loads(text)
    except ValueError:
        return fallback


def readable(rows: Iterable[Row], make: Callable[[Row], Made]) -> list[Made]:
    """What ``make`` makes of each row; rows that it cannot read are left out, and logged."""
    found: list[Made] = []
    for row in rows:
        try:
            found.append(make(row))
        except UnreadableError as error:
            log.warning("store.unreadable", reason=str(error))
    return found
