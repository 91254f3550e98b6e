"""A feed as a source. It is read whole each time; what was read already has the same event id and is dropped."""

from __future__ import annotations

import calendar
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import feedparser
import orjson

from hub.connectors.rss.manifest import RssSettings
from hub.connectors.rss.schemas import Entry
from hub.errors import RejectedError, SkipEvent
from hub.mapping.customer import CustomerField
from hub.mapping.payload import Reading
from hub.mapping.plain_text import from_html
from hub.mapping.said import Author, Said, said_events
from hub.mapping.time import maybe_instant
from hub.model.event import CanonicalEvent, Note
from hub.model.text import tidy
from hub.sdk.checked import Checked
from hub.sdk.http import HttpClient
from hub.sdk.source import BackfillItem, BackfillPage, InboxEntry, Source

_LONGEST = 20_000
_NAMED = re.compile(r"\S+@\S+\s+\((.+)\)|(.+?)\s*<\S+@\S+>")


def parse(entry: InboxEntry, settings: RssSettings) -> Sequence[CanonicalEvent | Note]:
    """Who wrote what: the author where one is named, else the site. Without a time, the time it was read."""
    if entry.topic != "entry":
        raise SkipEvent(f"topic not read: {entry.topic}")
    reading = Reading()
    told = reading.read(Entry, entry.body)
    name = f"{told.site}:{told.author.lower()}" if told.author else told.site
    fields: Mapping[CustomerField, str | None] = {
        "full_name": told.author,
        "company": told.site,
        "contact_kind": settings.contact_kind,
    }
    said = Said(
        external_id=hashlib.blake2b(f"{told.site}\x1f{told.id}".encode(), digest_size=16).hexdigest(),
        at=maybe_instant(told.published, path="published") or entry.received_at,
        kind="mention",
        title=from_html(told.title) if told.title else None,
        text=from_html(told.summary) if told.summary else None,
        url=told.link,
        details={"language": told.language or "", "feed": told.feed or ""},
    )
    return reading.of(said_events(Author("feed", name, None, fields), said, region=settings.default_region))


def backfill(
    http: HttpClient, settings: RssSettings, since: datetime | None, cursor: Mapping[str, Any] | None
) -> Iterator[BackfillPage]:
    """The entries that are in the feed now, oldest first. Raises RejectedError for what is no feed, such as HTML."""
    items = [item for item in map(_item, _read(http, settings)) if item]
    yield BackfillPage(items[::-1], {"read": len(items)})


def _read(http: HttpClient, settings: RssSettings) -> Iterator[dict[str, Any]]:
    parts = urlsplit(settings.url)
    query = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
    answer = http.get(
        parts.path or "/", query or None, headers={"accept": "application/rss+xml, application/atom+xml, */*"}
    )
    kind = answer.headers.get("content-type", "")
    found = feedparser.parse(answer.content, response_headers={"content-type": kind, "content-location": settings.url})
    if not found.get("version") and not found.entries:
        raise RejectedError("the address gives no feed; a page of HTML is none")
    feed = found.feed
    for one in found.entries:
        yield {
            "id": one.get("id") or one.get("link"),
            "link": _meant(one.get("link")),
            "title": one.get("title"),
            "summary": _text(one),
            "author": _author(one),
            "published": _time(one),
            "language": feed.get("language"),
            "feed": feed.get("title"),
        }


def _author(one: Any) -> str | None:
    """The name of ``redaktion@zeitung.example (Ida Sommer)``; an address alone names nobody."""
    text = str(one.get("author") or "").strip()
    named = _NAMED.fullmatch(text)
    name = (named[1] or named[2]).strip(' "') if named else text
    return name if name and "@" not in name else None


def _text(one: Any) -> str | None:
    found = one.get("summary") or next((part.get("value") for part in one.get("content") or ()), None)
    return found[:_LONGEST] if isinstance(found, str) else None


def _time(one: Any) -> str | None:
    for name in ("updated_parsed", "published_parsed"):
        if told := dict.get(one, name):  # its own way gives the one for the other, and warns of it
            try:
                return datetime.fromtimestamp(calendar.timegm(told), UTC).isoformat()
            except (ValueError, OverflowError, TypeError):
                continue
    return None


def _meant(link: str | None) -> str | None:
    """Where a link leads that goes round by a search engine, as Google Alerts writes them."""
    parts = urlsplit(link or "")
    if parts.path == "/url" and ".google." in f".{parts.hostname or ''}":
        told = parse_qs(parts.query)
        return next(iter(told.get("url") or told.get("q") or ()), link)
    return link


def _item(told: dict[str, Any]) -> BackfillItem | None:
    """One without a link or an id names nothing that could be found again: left out."""
    host = urlsplit(told["link"] or "").hostname
    if not told["id"] or not host:
        return None
    kept = {**told, "site": host.removeprefix("www.")}
    body = orjson.dumps({name: tidy(value).strip() for name, value in kept.items() if value})
    version = hashlib.blake2b(body, digest_size=12).hexdigest()
    return BackfillItem(f"entry:{version}", "entry", body)


def check(http: HttpClient, settings: RssSettings) -> Checked:
    """Read the feed."""
    count = len(list(_read(http, settings)))
    return Checked(works=[f"the feed can be read, with {count} entries"])


def api_root(settings: RssSettings) -> str:
    parts = urlsplit(settings.url)
    return f"{parts.scheme}://{parts.netloc}"


SOURCE = Source(
    parse=parse,
    backfill=backfill,
    changed=lambda settings, cursor: True,
    api_root=api_root,
    check=check,
    walks_json=False,
)
