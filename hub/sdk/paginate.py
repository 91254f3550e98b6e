"""Pagination: walks that end on an empty page and on a repeated cursor, never in a loop."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import count
from typing import Any, TypeVar

Page = TypeVar("Page")
Row = TypeVar("Row")
Moment = tuple[int, str | None, bool]
"""Page number, the time from which on is asked, and whether that moment is read for the second time."""
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


def numbered(rows: Callable[[int], Sequence[Row]], size: int) -> Iterator[Row]:
    """The rows of pages 1, 2, …, up to one with fewer than ``size``: for short lists, that nobody changes meanwhile."""
    for number in count(1):
        found = rows(number)
        yield from found
        if len(found) < size:
            return


_AGAIN = 3
"""How often one moment is read anew, at most: a vendor may give rows of one time in any order."""


def offset(state: Mapping[str, Any]) -> int:
    """What a page of ``keyset`` is asked for with: the last row that was read comes once more, to be known again."""
    return max(0, int(state["seen"]) - 1)


def keyset(
    found: Sequence[Mapping[str, Any]], field: str, state: Mapping[str, Any], *, size: int | None = None
) -> tuple[Sequence[Mapping[str, Any]], dict[str, Any] | None]:
    """The rows of a page that are news, and where a list ordered by a time is gone on with; None at its end.

    What changes meanwhile moves to the end and the others forward. So the next page begins at the last time of this
    one (``from``), past those of that time that were read (``seen``). Where the last row that was read (``last``) does
    not come again at its place, one before it moved, and the moment is read anew. ``span`` is the first and last row:
    a vendor that heeds no offset gives the same page again, and would be asked on and on. A page of fewer than
    ``size`` rows is the last, where the vendor says so.
    """
    span = f"{found[0].get('id')} {found[-1].get('id')} {found[-1].get(field)}" if found else ""
    if found and span == state.get("span"):
        return (), None
    known = state.get("last")
    moved = known is not None and not (found and str(found[0].get("id")) == known)
    if moved and state.get("again", 0) < _AGAIN:
        return found, {"from": state["from"], "seen": 0, "again": state.get("again", 0) + 1}
    rows = found[1:] if known is not None and not moved else found
    if not rows or (size is not None and len(found) < size):
        return rows, None
    last = rows[-1].get(field) or state["from"]
    told = {"last": str(rows[-1].get("id")), "span": span}
    if last > state["from"]:
        return rows, {"from": last, "seen": sum(one.get(field) == last for one in found), **told}
    return rows, {**state, "seen": int(state["seen"]) + len(rows), **told}


def by_time(begin: str) -> str:
    """The cursor of a list that is asked for from a time on (no blanks in it), as ``walk`` takes it."""
    return _written((1, begin, False))


def asked_from(cursor: str) -> tuple[str, str]:
    """The time and the page of such a cursor."""
    begin, number = cursor.split(" ")[:2]
    return begin, number


def moved_on(rows: Sequence[Mapping[str, Any]], field: str, cursor: str, *, size: int) -> str | None:
    """Where such a list is gone on with by ``by_moment``; None behind its last page, with fewer rows than ``size``."""
    begin, number = asked_from(cursor)
    at = (int(number), begin, cursor.endswith(_SECOND))
    last = rows[-1].get(field) if rows else None
    following = by_moment(at, str(last) if last else None, full=len(rows) >= size)
    return _written(following) if following else None


_SECOND = " again"


def _written(at: Moment) -> str:
    number, begin, again = at
    return f"{begin} {number}{_SECOND if again else ''}"


def by_moment(at: Moment, last: str | None, *, full: bool) -> Moment | None:
    """Where a list by time goes on that begins at any time, and within a moment goes by numbers; None at its end.

    ``last`` is the time of the last row of the page at ``at``, which is ``full`` unless the list ends with it. What
    changes meanwhile moves to the end, and what is behind it forward: so the next page is the first one from the last
    time on. Rows of that time come twice. A moment of several pages is read twice: what leaves it meanwhile moves the
    others a place forward, past the next page, and an import writes thousands of rows within one.
    """
    number, begin, again = at
    if full and (not last or last == begin):
        return number + 1, begin, again
    if number > 1 and not again:
        return 1, begin, True
    return (1, last, False) if full else None


def following(lists: Iterable[str], name: str) -> str:
    """The list that is read after ``name``; ``DONE`` after the last."""
    names = [*lists, DONE]
    return names[names.index(name) + 1]
