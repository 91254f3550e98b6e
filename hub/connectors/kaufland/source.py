"""Kaufland as a source: orders and tickets by their last change, each fetched whole."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import quote

import httpx
import orjson

from hub.connectors.kaufland import mapping, schemas
from hub.connectors.kaufland.manifest import KauflandSettings
from hub.errors import SkipEvent
from hub.mapping.payload import Reading
from hub.mapping.ticket import ticket_events
from hub.model.event import CanonicalEvent, Note
from hub.sdk.checked import Checked
from hub.sdk.completing import fetched
from hub.sdk.http import HttpClient, json_of
from hub.sdk.lists import in_turn
from hub.sdk.source import BackfillItem, Completion, InboxEntry, Listed, Part, Source

ORDER, TICKET = "order", "ticket"
_PAGE = 30
"""Tickets come by 30 at most."""
_OVERLAP = 5
"""Rows that are asked for again with each page: what changes meanwhile moves, and the lists have no order by time."""


def signed(settings: KauflandSettings, now: Callable[[], float], request: httpx.Request) -> Mapping[str, str]:
    """The headers of one request, signed for this second; ``now`` gives seconds since 1970."""
    at = str(int(now()))
    text = "\n".join((request.method, str(request.url), request.content.decode(), at))
    digest = hmac.digest(settings.secret_key.get_secret_value().encode(), text.encode(), hashlib.sha256).hex()
    return {"shop-client-key": settings.client_key, "shop-timestamp": at, "shop-signature": digest}


def completions(entry: InboxEntry, settings: KauflandSettings) -> Sequence[Completion]:
    """The order or ticket, as the lists tell neither addresses nor messages."""
    row = Reading().read(schemas.Row, entry.body)
    if entry.completions or not row.id:
        return ()
    asks = {"embedded": "messages,buyer"} if entry.topic == TICKET else {}
    return (Completion(entry.topic, f"/v2/{entry.topic}s/{quote(row.id, safe='')}", asks),)


def parse(entry: InboxEntry, settings: KauflandSettings) -> Sequence[CanonicalEvent | Note]:
    """The order and its buyer, or the ticket. Raises SkipEvent where there is none, PayloadError with a path."""
    if entry.topic not in (ORDER, TICKET):
        raise SkipEvent(f"topic not read: {entry.topic}")
    body, reading = entry.completions.get(entry.topic), Reading()
    if not body:
        raise SkipEvent(f"the {entry.topic} is not there any more")
    if entry.topic == ORDER:
        return reading.of(mapping.events(reading.read(schemas.WithOrder, body).data, settings.default_region))
    told = mapping.ticket(reading.read(schemas.WithTicket, body).data)
    return reading.of(ticket_events(told, region=settings.default_region, own=settings.own))


def _listed(topic: str, since_name: str, changed: str) -> Callable[..., Part]:
    def page(http: HttpClient, settings: KauflandSettings, since: datetime | None, at: Any) -> Part:
        query = {"limit": str(_PAGE), "offset": str(at or 0)}
        if since:
            query[since_name] = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        rows = json_of(http.get(f"/v2/{topic}s", query)).get("data") or []
        names = [f"{topic}:{row.get(f'id_{topic}')}:{row.get(changed)}" for row in rows]
        items = [BackfillItem(name, topic, orjson.dumps(row)) for name, row in zip(names, rows, strict=True)]
        return Part(items, int(at or 0) + _PAGE - _OVERLAP if len(rows) == _PAGE else None)

    return page


LISTS: Mapping[str, Listed[KauflandSettings]] = {
    "orders": Listed(_listed(ORDER, "ts_units_updated_from_iso", "ts_units_updated_iso"), quiet=timedelta(0)),
    "tickets": Listed(_listed(TICKET, "ts_updated_from_iso", "ts_updated_iso")),
}


def check(http: HttpClient, settings: KauflandSettings) -> Checked:
    """Read one order and one ticket."""
    found = Checked().reads("orders", partial(http.get, "/v2/orders", {"limit": "1"}))
    return found.reads("tickets", partial(http.get, "/v2/tickets", {"limit": "1"}))


SOURCE = Source(
    parse=parse,
    completions=completions,
    complete=fetched,
    backfill=partial(in_turn, LISTS),
    lists=LISTS,
    authorise=lambda settings: partial(signed, settings, time.time),
    api_root=lambda settings: "https://sellerapi.kaufland.com",
    check=check,
)
