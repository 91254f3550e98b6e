"""Mastodon as a source: mentions of an account and posts under hashtags, read on by id."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import quote

import httpx
import orjson

from hub.connectors.mastodon.manifest import MastodonSettings
from hub.connectors.mastodon.schemas import Status
from hub.errors import SkipEvent
from hub.mapping.payload import Reading
from hub.mapping.plain_text import from_html
from hub.mapping.said import Author, Said, said_events
from hub.mapping.time import instant
from hub.model.event import CanonicalEvent, Note
from hub.sdk.checked import Checked
from hub.sdk.http import HttpClient, json_of, retry_after
from hub.sdk.quota import resets_in
from hub.sdk.source import BackfillItem, BackfillPage, InboxEntry, Source

_PAGE = 40
_MENTIONS = "mentions"
_PRIVATE = frozenset({"direct", "private"})


def parse(entry: InboxEntry, settings: MastodonSettings) -> Sequence[CanonicalEvent | Note]:
    """Who wrote what. Raises SkipEvent for our own posts and for bots, PayloadError with a path."""
    if entry.topic == "gone":
        raise SkipEvent("a mention whose post was taken back, or whose author is gone")
    if entry.topic != "status":
        raise SkipEvent(f"topic not read: {entry.topic}")
    reading = Reading()
    status = reading.read(Status, entry.body)
    account = status.account
    if account.acct.lower() in {one.lower().removeprefix("@") for one in settings.own}:
        raise SkipEvent("a post of our own")
    if account.bot:
        raise SkipEvent("a post of a bot")
    edited = status.edited_at is not None
    author = Author("mastodon", account.url or account.acct, account.acct, {"full_name": account.display_name})
    private = (status.visibility or "").lower() in _PRIVATE
    name = status.uri or status.id
    said = Said(
        external_id=f"{name}:edited:{status.edited_at}" if edited else name,
        at=instant(status.edited_at or status.created_at, path="created_at"),
        kind="message" if private else "mention",
        text=from_html(status.content) if status.content else None,
        title=status.spoiler_text,
        url=None if private else status.url,
        reference=name if edited else status.in_reply_to_id,
        details={
            "language": status.language or "",
            "tags": "; ".join(tag.name for tag in status.tags),
            **({"edited": "true"} if edited else {}),
        },
    )
    return reading.of(said_events(author, said, region=settings.default_region))


def backfill(
    http: HttpClient, settings: MastodonSettings, since: datetime | None, cursor: Mapping[str, Any] | None
) -> Iterator[BackfillPage]:
    """Mentions, then each hashtag, from the last id that was read. Ids grow with time (the upper 48 bits are it)."""
    first = str(int(since.timestamp() * 1000) << 16) if since else "0"
    at = dict(cursor or {})
    for name in (_MENTIONS, *settings.hashtags):
        while True:
            found = _page(http, name, str(at.get(name, first)))
            ids = [str(one.get("id")) for one in found]
            newest = max(ids, key=lambda one: (len(one), one), default=None)
            ends = newest is None or newest == at.get(name)
            at = {**at, name: newest or at.get(name, first)}
            yield BackfillPage([_item(one) for one in found], at)
            if ends:
                break


def _page(http: HttpClient, name: str, after: str) -> list[dict[str, Any]]:
    query = {"min_id": after, "limit": str(_PAGE)}
    path = f"/api/v1/timelines/tag/{quote(name, safe='')}"
    if name == _MENTIONS:
        path, query = "/api/v1/notifications", {**query, "types[]": "mention"}
    answer = json_of(http.get(path, query))
    return [one for one in answer if isinstance(one, dict)] if isinstance(answer, list) else []


def _item(found: Mapping[str, Any]) -> BackfillItem:
    """The post of a mention is within its notification, and gone where its author took it back."""
    mention = "type" in found and "account" in found and "content" not in found
    status = found.get("status") if mention else found
    if not status:
        return BackfillItem(f"mention:{found.get('id')}", "gone", orjson.dumps({"id": found.get("id")}))
    name = f"status:{status.get('id')}:{status.get('edited_at') or ''}"
    return BackfillItem(name, "status", orjson.dumps(status))


def waits(response: httpx.Response) -> float | None:
    """How long a 429 is to be waited out: to the end of the five minutes, which a header tells."""
    seconds = resets_in(response.headers, "x-ratelimit-reset") if response.status_code == 429 else None
    return retry_after(response) if seconds is None else seconds


def check(http: HttpClient, settings: MastodonSettings) -> Checked:
    """Read a mention and a post of each hashtag."""
    found = Checked()
    found.reads(_MENTIONS, partial(_page, http, _MENTIONS, "0"))
    for name in settings.hashtags:
        found.reads(f"#{name}", partial(_page, http, name, "0"))
    return found


SOURCE = Source(
    parse=parse,
    backfill=backfill,
    changed=lambda settings, cursor: True,
    authorise=lambda settings: {"authorization": f"Bearer {settings.access_token.get_secret_value()}"},
    waits=waits,
    check=check,
)
