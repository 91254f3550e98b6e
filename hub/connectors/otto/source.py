"""OTTO Market as a source: Orders v4, asked by the last change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson

from hub.connectors.otto import mapping, schemas
from hub.connectors.otto.manifest import API, OttoSettings
from hub.errors import SkipEvent
from hub.mapping.payload import Reading
from hub.model.event import CanonicalEvent, Note
from hub.sdk.checked import Checked
from hub.sdk.http import HttpClient, json_of
from hub.sdk.paginate import walk
from hub.sdk.source import BackfillItem, BackfillPage, InboxEntry, Source

_PATH = "/v4/orders"
_PAGE = 128


def parse(entry: InboxEntry, settings: OttoSettings) -> Sequence[CanonicalEvent | Note]:
    """The order and its buyer. Raises SkipEvent for other topics, PayloadError with a path."""
    if entry.topic != "order":
        raise SkipEvent(f"topic not read: {entry.topic}")
    reading = Reading()
    return reading.of(mapping.events(reading.read(schemas.Order, entry.body), settings.default_region))


def backfill(
    http: HttpClient, settings: OttoSettings, since: datetime | None, cursor: Mapping[str, Any] | None
) -> Iterator[BackfillPage]:
    """Orders that changed since, in pages; beside a cursor OTTO heeds the limit only."""
    first = {"fromDate": since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")} if since else {}

    def fetch(at: str | None) -> tuple[Sequence[Mapping[str, Any]], str | None]:
        answer = json_of(http.get(_PATH, {"limit": str(_PAGE), **({"nextcursor": at} if at else first)}))
        rows = answer.get("resources") or []
        return rows, _following(answer.get("links") or ()) if rows else None

    if not (cursor and cursor["done"]):
        for rows, following in walk(cursor["at"] if cursor else None, fetch):
            yield BackfillPage([_item(row) for row in rows], {"at": following, "done": following is None})


def _following(links: Sequence[Mapping[str, Any]]) -> str | None:
    """The cursor in the link to the next page: of the link nothing else is taken over."""
    href = next((str(link.get("href")) for link in links if link.get("rel") == "next"), "")
    return next(iter(parse_qs(urlsplit(href).query).get("nextcursor", ())), None)


def _item(found: Mapping[str, Any]) -> BackfillItem:
    name = f"order:{found.get('salesOrderId')}:{found.get('lastModifiedDate')}"
    return BackfillItem(name, "order", orjson.dumps(found))


def check(http: HttpClient, settings: OttoSettings) -> Checked:
    """Read one order."""
    return Checked().reads("orders", lambda: http.get(_PATH, {"limit": "1"}))


SOURCE = Source(parse=parse, backfill=backfill, check=check, api_root=lambda settings: API)
