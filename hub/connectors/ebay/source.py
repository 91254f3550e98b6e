"""eBay as a source: the Fulfillment API's list of orders, asked by their last change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson

from hub.connectors.ebay import mapping, schemas
from hub.connectors.ebay.manifest import EbaySettings
from hub.errors import SkipEvent
from hub.mapping.payload import Reading
from hub.model.event import CanonicalEvent, Note
from hub.sdk.checked import Checked
from hub.sdk.http import HttpClient, json_of
from hub.sdk.source import BackfillItem, BackfillPage, InboxEntry, Source

_PATH = "/sell/fulfillment/v1/order"
_PAGE = 200


def parse(entry: InboxEntry, settings: EbaySettings) -> Sequence[CanonicalEvent | Note]:
    """The buyer and the order. Raises SkipEvent for other topics, PayloadError with a path."""
    if entry.topic != "order":
        raise SkipEvent(f"topic not read: {entry.topic}")
    reading = Reading()
    return reading.of(mapping.events(reading.read(schemas.Order, entry.body), settings.default_region))


def backfill(
    http: HttpClient, settings: EbaySettings, since: datetime | None, cursor: Mapping[str, Any] | None
) -> Iterator[BackfillPage]:
    """Orders that changed since, in pages; without a time those of the last 90 days, as eBay gives them then.

    The list has no order that eBay promises. An order that changes meanwhile may move, and then is among those of the
    next poll, which asks since an hour before this one.
    """
    state = dict(cursor or {"since": _zulu(since) if since else None, "offset": 0})
    while state["offset"] is not None:
        query = {"limit": str(_PAGE), "offset": str(state["offset"])}
        if state["since"]:
            query["filter"] = f"lastmodifieddate:[{state['since']}..]"
        answer = json_of(http.get(_PATH, query))
        orders = answer.get("orders") or []
        following = state["offset"] + len(orders)
        more = bool(orders) and bool(answer.get("next")) and following < int(answer.get("total") or 0)
        state = {**state, "offset": following if more else None}
        yield BackfillPage([_item(one) for one in orders], state, answer.get("total"))


def _zulu(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _item(found: Mapping[str, Any]) -> BackfillItem:
    name = f"order:{found.get('orderId')}:{found.get('lastModifiedDate')}"
    return BackfillItem(name, "order", orjson.dumps(found))


def check(http: HttpClient, settings: EbaySettings) -> Checked:
    """Read one order."""
    return Checked().reads("orders", lambda: http.get(_PATH, {"limit": "1"}))


SOURCE = Source(parse=parse, backfill=backfill, check=check, api_root=lambda settings: settings.host)
