"""Histories that stand in several lists: read one after the other, and in a poll the quiet ones less often. Pure.

Few vendors can be asked in one call whether anything changed. Elsewhere each list costs a call, so a poll asks for what
is sold every time, and for a list that brought nothing after twice the time each time, ``quiet`` at most. Each list
is asked for what changed since it was asked last, so that nothing is lost by it.

The cursor is ``{"list", "at", "found"}``; that of a poll also has ``asked`` (since when, for each list that this poll
reads) and ``heard`` (when each list was last read, and how often in a row it brought nothing).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from hub.errors import AuthError, NotFound
from hub.sdk.http import HttpClient
from hub.sdk.manifest import Settings
from hub.sdk.paginate import DONE
from hub.sdk.source import BackfillPage, Listed, Part


def in_turn(
    lists: Mapping[str, Listed[Settings]],
    http: HttpClient,
    settings: Settings,
    since: datetime | None,
    cursor: Mapping[str, Any] | None,
) -> Iterator[BackfillPage]:
    """What ``Source.backfill`` gives. A cursor of an earlier version begins anew; a page that comes again ends a list.

    The last page of all is followed by the name ``DONE`` in the cursor.
    """
    held = cursor if cursor and "found" in cursor else {}
    asked = held.get("asked") or {
        name: since.isoformat() if since else None for name, one in lists.items() if since or not one.late
    }
    carried = {name: held[name] for name in ("asked", "heard") if name in held}
    found: dict[str, int] = dict(held.get("found") or {})
    names = [*(name for name in lists if name in asked), DONE]
    name, at = str(held.get("list") or names[0]), held.get("at")
    came: set[str] = set()
    while name in asked:
        begin = datetime.fromisoformat(asked[name]) if asked[name] else None
        part = _read(lists[name], http, settings, begin, at)
        found[name] = found.get(name, 0) + len(part.items)
        ends = part.at is None or (coming := f"{name} {part.at}") in came
        came.add("" if ends else coming)
        name, at = (names[names.index(name) + 1], None) if ends else (name, part.at)
        yield BackfillPage(part.items, {"list": name, "at": at, "found": found.copy(), **carried}, part.total)


def _read(one: Listed[Settings], http: HttpClient, settings: Settings, since: datetime | None, at: Any) -> Part:
    try:
        return one.page(http, settings, since, at)
    except (AuthError, NotFound):
        if not one.spare:
            raise
        return Part(())


def next_poll(
    lists: Mapping[str, Listed[Any]],
    last: Mapping[str, Any] | None,
    *,
    began: datetime,
    now: datetime,
    every: timedelta,
    overlap: timedelta,
) -> Mapping[str, Any]:
    """The cursor of the poll after a finished run, which ``began`` then and ended with the cursor ``last``.

    A list is asked for since ``overlap`` before the run that read it last.
    """
    heard = _heard(lists, last or {}, began)
    due = [name for name, one in lists.items() if _is_due(one, heard[name], now, every)]
    since = {name: (datetime.fromisoformat(heard[name]["at"]) - overlap).isoformat() for name in due}
    return {"list": next(iter(due), DONE), "at": None, "found": {}, "asked": since, "heard": heard}


def _heard(lists: Mapping[str, Listed[Any]], last: Mapping[str, Any], began: datetime) -> dict[str, dict[str, Any]]:
    before, found = last.get("heard") or {}, last.get("found") or {}
    read = last.get("asked") or lists
    heard = {}
    for name in lists:
        held = before.get(name) or {"at": began.isoformat(), "quiet": 0}
        news = found.get(name, 0) > 0
        told = {"at": began.isoformat(), "quiet": 0 if news else held["quiet"] + 1}
        heard[name] = told if name in read else held
    return heard


_MOST_DOUBLED = 16


def _is_due(one: Listed[Any], heard: Mapping[str, Any], now: datetime, every: timedelta) -> bool:
    """Half an ``every`` early is in time: the runs themselves are not to the second."""
    patience = min(one.quiet, every * (2 ** min(heard["quiet"], _MOST_DOUBLED) - 1))
    waited: timedelta = now - datetime.fromisoformat(heard["at"])
    return bool(waited + every / 2 >= max(patience, one.least))
