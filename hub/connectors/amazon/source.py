"""Amazon as a source: searchOrders, asked by the last change, with all that is read of an order in one call."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import httpx
import orjson

from hub.connectors.amazon import mapping, schemas
from hub.connectors.amazon.manifest import AmazonSettings
from hub.errors import RejectedError, SkipEvent
from hub.mapping.payload import Reading
from hub.model.event import CanonicalEvent, Note
from hub.sdk.checked import Checked
from hub.sdk.http import HttpClient, json_of
from hub.sdk.source import BackfillItem, BackfillPage, InboxEntry, Source

_PATH = "/orders/2026-01-01/orders"
_PAGE = 100
_PEOPLE = ("BUYER", "RECIPIENT")
_FACTS = ("PROCEEDS", "FULFILLMENT", "PACKAGES")
_USUAL_RATE = 0.0056
_RATE = re.compile(r"0\.0*[1-9]\d*|[1-9]\d*(\.\d*)?")
_EARLIEST = "2016-01-01T00:00:00Z"
"""Before the oldest order that Amazon gives: two years, in Japan, Australia and Singapore from 2016 on."""


def parse(entry: InboxEntry, settings: AmazonSettings) -> Sequence[CanonicalEvent | Note]:
    """The buyer and the order. Raises SkipEvent for other topics and sales elsewhere, PayloadError with a path."""
    if entry.topic != "order":
        raise SkipEvent(f"topic not read: {entry.topic}")
    reading = Reading()
    return reading.of(mapping.events(reading.read(schemas.Order, entry.body), settings.default_region))


def backfill(
    http: HttpClient, settings: AmazonSettings, since: datetime | None, cursor: Mapping[str, Any] | None
) -> Iterator[BackfillPage]:
    """Orders that changed since, in pages. A token that a walk is resumed with begins it anew once it is refused."""
    begin = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if since else _EARLIEST
    state = dict(cursor or {"since": begin, "token": None, "done": False})
    came: set[str | None] = {None}
    while not state["done"]:
        try:
            answer = json_of(http.get(_PATH, _query(settings, state)))
        except RejectedError:
            if not state["token"] or len(came) > 1:
                raise
            state["token"] = None
            continue
        orders, following = answer.get("orders") or [], (answer.get("pagination") or {}).get("nextToken")
        ends = not orders or following in came
        came.add(following)
        state = {**state, "token": None if ends else following, "done": ends}
        yield BackfillPage([_item(one) for one in orders], state)


def _query(settings: AmazonSettings, state: Mapping[str, Any]) -> dict[str, str]:
    """The filters stand beside a page token, too: without them Amazon calls the input invalid."""
    query = {"lastUpdatedAfter": str(state["since"]), "maxResultsPerPage": str(_PAGE)}
    query["includedData"] = ",".join((*(_PEOPLE if settings.people else ()), *_FACTS))
    if settings.marketplaces:
        query["marketplaceIds"] = ",".join(settings.marketplaces)
    return {**query, "paginationToken": state["token"]} if state["token"] else query


def _item(found: Mapping[str, Any]) -> BackfillItem:
    name = f"order:{found.get('orderId')}:{found.get('lastUpdatedTime')}"
    return BackfillItem(name, "order", orjson.dumps(found))


def waits(response: httpx.Response) -> float | None:
    """Seconds until one more call is allowed: Amazon tells calls a second, and no Retry-After."""
    rate = _RATE.fullmatch(response.headers.get("x-amzn-ratelimit-limit", ""))
    return 1 / float(rate[0] if rate else _USUAL_RATE) if response.status_code == 429 else None


def check(http: HttpClient, settings: AmazonSettings) -> Checked:
    """Read one order, and one with its buyer."""
    query = _query(settings, {"since": _EARLIEST, "token": None}) | {"maxResultsPerPage": "1"}
    found = Checked().reads("orders", lambda: http.get(_PATH, query | {"includedData": ",".join(_FACTS)}))
    return found.reads("buyers and addresses", lambda: http.get(_PATH, query)) if settings.people else found


def api_root(settings: AmazonSettings) -> str:
    """The address of the region."""
    return f"https://sellingpartnerapi-{settings.selling_region}.amazon.com"


SOURCE = Source(parse=parse, backfill=backfill, waits=waits, check=check, api_root=api_root)
