"""Reddit as a source: what a search finds, newest first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import httpx
import orjson

from hub.connectors.reddit.manifest import API, RedditSettings
from hub.connectors.reddit.schemas import Post
from hub.errors import SkipEvent
from hub.mapping.payload import Reading
from hub.mapping.said import Author, Said, said_events
from hub.mapping.time import epoch
from hub.model.event import CanonicalEvent, Note
from hub.sdk.checked import Checked
from hub.sdk.http import HttpClient, error_of, json_of, retry_after
from hub.sdk.paginate import DONE, following
from hub.sdk.source import BackfillItem, BackfillPage, InboxEntry, Source

_ALL = ""
_PAGE = "100"
_DELETED, _REMOVED = "[deleted]", "[removed]"
_BOTS = frozenset({"automoderator"})
_LATE = timedelta(days=1)
"""A post may be let through, or be edited, long after it was written: those of a day come again."""
_CLOSED = frozenset({302, 403, 404})


def parse(entry: InboxEntry, settings: RedditSettings) -> Sequence[CanonicalEvent | Note]:
    """Who wrote what. Raises SkipEvent for what was deleted, our own posts and bots, PayloadError with a path."""
    if entry.topic != "post":
        raise SkipEvent(f"topic not read: {entry.topic}")
    reading = Reading()
    post = reading.read(Post, entry.body)
    if post.author is None or post.author == _DELETED:
        raise SkipEvent("a post whose author deleted the account")
    if post.removed or post.text in (_DELETED, _REMOVED):
        raise SkipEvent("a post that was deleted or removed")
    if post.author.lower() in _BOTS | {one.lower().removeprefix("u/") for one in settings.own}:
        raise SkipEvent("a post of our own, or of a bot")
    edited = post.edited > 1
    said = Said(
        external_id=f"{post.name}:edited:{int(post.edited)}" if edited else post.name,
        at=epoch(post.edited if edited else post.created, path="edited" if edited else "created_utc"),
        kind="mention",
        title=post.title,
        text=post.text,
        url=f"https://www.reddit.com{post.permalink}" if post.permalink else None,
        reference=post.name if edited else post.crosspost_of,
        details={
            "community": f"r/{post.community}" if post.community else "",
            "link": post.url if post.url and not post.is_self else "",
            "edited": "true" if edited else "",
        },
    )
    author = Author("reddit", post.author_id, post.author)
    return reading.of(said_events(author, said, region=settings.default_region))


def backfill(
    http: HttpClient, settings: RedditSettings, since: datetime | None, cursor: Mapping[str, Any] | None
) -> Iterator[BackfillPage]:
    """Posts newest first, down to those of a day before ``since``: each community by itself, or all of Reddit.

    Reddit lists a thousand at most. A page that comes again ends a list.
    """
    oldest = (since - _LATE).timestamp() if since else 0.0
    lists = settings.communities or (_ALL,)
    name, after = (cursor["list"], cursor["after"]) if cursor else (lists[0], None)
    seen: set[str] = set()
    while name != DONE and name in lists:
        told = _page(http, settings, name, after)
        found = [one.get("data") or {} for one in told.get("children") or ()]
        new = [one for one in found if (one.get("created_utc") or 0) >= oldest]
        before, after = after, told.get("after")
        if not found or len(new) < len(found) or after is None or after in seen or after == before:
            name, after = following(lists, name), None
        seen.add(after or "")
        yield BackfillPage([_item(one) for one in new], {"list": name, "after": after})


def _page(http: HttpClient, settings: RedditSettings, community: str, after: str | None) -> Mapping[str, Any]:
    """A page of a listing; nothing of a community that is private, banned or not there."""
    response = http.get(*_asked(settings, community, after), accept=_CLOSED if community else frozenset())
    if response.status_code in _CLOSED and not _is_closed(response):
        raise error_of(response)
    if response.status_code in _CLOSED:
        return {}
    answer = json_of(response)
    told = answer.get("data") if isinstance(answer, dict) else None
    return told if isinstance(told, dict) else {}


def _asked(settings: RedditSettings, community: str, after: str | None) -> tuple[str, dict[str, str]]:
    query = {"q": settings.query, "sort": "new", "type": "link", "limit": _PAGE, "raw_json": "1"}
    if after:
        query["after"] = after
    return (f"/r/{community}/search", {**query, "restrict_sr": "true"}) if community else ("/search", query)


def _is_closed(response: httpx.Response) -> bool:
    """Reddit says ``{"reason": "private", "error": 403}``, and leads from one that is not there to a search for it."""
    if response.status_code == 302:
        return "/subreddits/search" in response.headers.get("location", "")
    try:
        told = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        return False
    return isinstance(told, dict) and bool(told.get("reason"))


def _item(found: Mapping[str, Any]) -> BackfillItem:
    name = f"post:{found.get('name')}:{found.get('edited') or ''}"
    return BackfillItem(name, "post", orjson.dumps(found))


def waits(response: httpx.Response) -> float | None:
    """How long a 429 is to be waited out: the seconds to the end of the ten minutes."""
    try:
        return float(response.headers["x-ratelimit-reset"]) if response.status_code == 429 else retry_after(response)
    except (KeyError, ValueError):
        return retry_after(response)


def check(http: HttpClient, settings: RedditSettings) -> Checked:
    """Search each community, or everywhere."""
    found = Checked()
    for name in settings.communities:
        path, query = _asked(settings, name, None)
        answer = http.get(path, query, accept=_CLOSED)
        if answer.status_code in _CLOSED and not _is_closed(answer):
            raise error_of(answer)
        closed = answer.status_code in _CLOSED
        said = f"r/{name} is private, banned or not there" if closed else f"r/{name} can be read"
        (found.wrong if closed else found.works).append(said)
    return (
        found if settings.communities else found.reads("the search", partial(http.get, *_asked(settings, _ALL, None)))
    )


SOURCE = Source(parse=parse, backfill=backfill, api_root=lambda settings: API, waits=waits, check=check)
