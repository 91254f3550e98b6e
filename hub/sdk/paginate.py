"""Pagination: walks that end on an empty page and on a repeated cursor, never in a loop."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

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


def keyset(found: Sequence[Mapping[str, Any]], field: str, state: Mapping[str, Any]) -> dict[str, Any] | None:
    """Where a list ordered by a time is gone on with; None at its end.

    What changes meanwhile moves to the end and the others forward. So the next page begins at the last time of this
    one (``from``), past those of that time that were read (``seen``). ``head`` is the first row: a vendor that heeds
    no offset gives the same page again, and would be asked on and on.
    """
    head = f"{found[0].get('id')} {found[0].get(field)}" if found else ""
    if not found or head == state.get("head"):
        return None
    last = found[-1].get(field) or state["from"]
    if last > state["from"]:
        return {"from": last, "seen": sum(one.get(field) == last for one in found), "head": head}
    return {"from": state["from"], "seen": state["seen"] + len(found), "head": head}


def following(lists: Iterable[str], name: str) -> str:
    """The list that is read after ``name``; ``DONE`` after the last."""
    names = [*lists, DONE]
    return names[names.index(name) + 1]
