"""X as a source: what a search finds, read on by id."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from html import unescape
from typing import Any

import httpx
import orjson

from hub.connectors.x.manifest import API, XSettings
from hub.connectors.x.schemas import Found
from hub.errors import LONGEST_RETRY_AFTER, SkipEvent
from hub.mapping.payload import Reading
from hub.mapping.said import Author, Said, said_events
from hub.mapping.time import instant
from hub.model.event import CanonicalEvent, Note
from hub.sdk.checked import Checked
from hub.sdk.http import HttpClient, error_of, json_of, retry_after
from hub.sdk.quota import resets_in
from hub.sdk.source import BackfillItem, BackfillPage, InboxEntry, Source

_SEARCH = "/2/tweets/search/recent"
_FIELDS = {
    "tweet.fields": "author_id,created_at,edit_history_tweet_ids,entities,lang,note_tweet,referenced_tweets",
    "expansions": "author_id",
    "user.fields": "name,username",
}
_PAGE = "100"
_REPEATED = "retweeted"
_NO_LANGUAGE = re.compile(r"und|zxx|art|q[a-z]{2}")
"""What X says of posts of a link, a picture or hashtags alone (FxEmbed/FxEmbed#2151)."""


def parse(entry: InboxEntry, settings: XSettings) -> Sequence[CanonicalEvent | Note]:
    """Who wrote what. Raises SkipEvent for reposts, our own posts and those of nobody, PayloadError with a path."""
    if entry.topic != "post":
        raise SkipEvent(f"topic not read: {entry.topic}")
    reading = Reading()
    found = reading.read(Found, entry.body)
    post, author = found.post, found.author
    if author is None:
        raise SkipEvent("a post whose author's account is gone")
    if author.username.lower() in {one.lower().removeprefix("@") for one in settings.own}:
        raise SkipEvent("a post of our own")
    if any(one.type == _REPEATED for one in post.referenced):
        raise SkipEvent("a repost: nothing is said in it")
    told = post.note_tweet or post
    first = next(iter(post.history), post.id)
    edited = first != post.id
    said = Said(
        external_id=post.id,
        at=instant(post.created_at, path="post.created_at"),
        kind="mention",
        text=unescape(told.text),
        url=f"https://x.com/{author.username}/status/{post.id}",
        reference=first if edited else next((one.id for one in post.referenced), None),
        details={
            "language": "" if _NO_LANGUAGE.fullmatch(post.lang or "") else post.lang or "",
            "tags": "; ".join(one.tag for one in told.entities.hashtags),
            "edited": "true" if edited else "",
        },
    )
    who = Author("x", author.id, author.username, {"full_name": author.name})
    return reading.of(said_events(who, said, region=settings.default_region))


def backfill(
    http: HttpClient, settings: XSettings, since: datetime | None, cursor: Mapping[str, Any] | None
) -> Iterator[BackfillPage]:
    """Posts newest first, down to the newest that the run before has read; seven days of them at most.

    The newest id stands on the first page, and is the beginning of the next run once the last page is read.
    """
    start = {"start_time": since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")} if since else {}
    at: dict[str, Any] = dict(cursor or {"begin": start})
    while True:
        answer, begin = _page(http, settings, at.get("begin") or {}, at.get("token"))
        told = answer.get("meta") or {}
        newest, token = at.get("newest") or told.get("newest_id"), told.get("next_token")
        ends = token is None or token == at.get("token")
        if ends:
            at = {"begin": {"since_id": newest} if newest else begin}
        else:
            at = {"begin": begin, "newest": newest, "token": token}
        yield BackfillPage(_items(answer), at)
        if ends:
            return


def _page(
    http: HttpClient, settings: XSettings, begin: Mapping[str, str], token: str | None
) -> tuple[Mapping[str, Any], Mapping[str, str]]:
    """A page of the search, and what it begins with: one before the last seven days is refused, and left out."""
    query = {"query": settings.query, "max_results": _PAGE, **_FIELDS}
    asked = {**query, **begin, **({"next_token": token} if token else {})}
    response = http.get(_SEARCH, asked, accept=frozenset({400}))
    if response.status_code == 400:
        if not begin or not begin.keys() & _refused(response):
            raise error_of(response)
        response, begin = http.get(_SEARCH, query), {}
    answer = json_of(response)
    return (answer if isinstance(answer, dict) else {}), begin


def _refused(response: httpx.Response) -> set[str]:
    """The parameters that a 400 is about: ``{"errors": [{"parameters": {"since_id": ["…"]}, "message": "…"}]}``."""
    errors = json_of(response).get("errors") or ()
    return {name for one in errors for name in one.get("parameters") or ()}


def _items(answer: Mapping[str, Any]) -> list[BackfillItem]:
    users = {user.get("id"): user for user in (answer.get("includes") or {}).get("users") or ()}
    return [
        BackfillItem(
            f"post:{one.get('id')}", "post", orjson.dumps({"post": one, "author": users.get(one.get("author_id"))})
        )
        for one in answer.get("data") or ()
    ]


def waits(response: httpx.Response) -> float | None:
    """How long a 429 is to be waited out: to the end of the quarter of an hour, and as long as may be at a cap's."""
    if response.status_code != 429:
        return retry_after(response)
    if b"usage-capped" in response.content or b"UsageCapExceeded" in response.content:
        return LONGEST_RETRY_AFTER
    seconds = resets_in(response.headers, "x-rate-limit-reset")
    return retry_after(response) if seconds is None else seconds


def check(http: HttpClient, settings: XSettings) -> Checked:
    """Search for ten posts, the fewest a page may have."""
    return Checked().reads("the search", partial(http.get, _SEARCH, {"query": settings.query, "max_results": "10"}))


SOURCE = Source(
    parse=parse,
    backfill=backfill,
    changed=lambda settings, cursor: True,
    authorise=lambda settings: {"authorization": f"Bearer {settings.bearer_token.get_secret_value()}"},
    api_root=lambda settings: API,
    waits=waits,
    check=check,
)
