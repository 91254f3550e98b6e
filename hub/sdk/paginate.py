"""Pagination: walks that end on an empty page and on a repeated cursor, never in a loop."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

Page = TypeVar("Page")
DONE = "done"
"""Behind the last of several lists that a history is read from, one after the other."""

_LINK = re.compile(r'<([^>]*)>\s*;[^,]*\brel="?next"?')


def next_link(header: str | None) -> str | None:
    """The ``rel="next"`` URL of a Link header (RFC 8288), or None."""
    match = _LINK.search(header or "")
    return match.group(1) if match else None


def walk(
    first: str | None,
    fetch: Callable[[str | None], tuple[Page, str | None]],
) -> Iterator[tuple[Page, str | None]]:
    """Yield (page, next cursor), starting at cursor ``first`` (None: the beginning).

    Ends when a page names no next cursor, or one that was used before.
    """
    seen: set[str | None] = set()
    cursor = first
    while cursor not in seen:
        seen.add(cursor)
        page, following = fetch(cursor)
        ends = following is None or following in seen
        yield page, None if ends else following
        if ends:
            return
        cursor = following


def following(lists: Iterable[str], name: str) -> str:
    """The list that is read after ``name``; ``DONE`` after the last."""
    names = [*lists, DONE]
    return names[names.index(name) + 1]
