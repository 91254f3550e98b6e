"""Etsy as a source: signed webhooks that only point, receipts by their last change, and reviews."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import orjson

from hub.connectors.etsy import mapping, schemas
from hub.connectors.etsy.manifest import API, EtsySettings
from hub.errors import SkipEvent
from hub.mapping.payload import Reading, read
from hub.model.event import CanonicalEvent, Note
from hub.sdk.checked import Checked
from hub.sdk.completing import fetched
from hub.sdk.http import HttpClient, json_of
from hub.sdk.lists import in_turn
from hub.sdk.paginate import by_moment
from hub.sdk.signatures import StandardWebhooks
from hub.sdk.source import BackfillItem, Completion, EventName, InboxEntry, Listed, Part, RawDelivery, Source

CHANGED, RECEIPT, REVIEW = "receipt.changed", "receipt", "review"
_PAGE = 100
_EARLIEST = 946684800
"""The earliest time that Etsy takes."""
_AGAIN = timedelta(days=90)
"""Refunds change no time of a receipt: those of receipts as young as this are looked for."""
SIGNATURE: StandardWebhooks[EtsySettings] = StandardWebhooks(lambda settings: settings.signing_secret or ())


def name_event(delivery: RawDelivery, settings: EtsySettings) -> EventName:
    """The call's own id; whichever event of an order comes, the receipt is fetched."""
    kind = read(schemas.Event, delivery.body).kind
    return EventName(SIGNATURE.name(delivery), CHANGED if kind.startswith("order.") else kind)


def completions(entry: InboxEntry, settings: EtsySettings) -> Sequence[Completion]:
    """The receipt that an event points to, of this shop and at Etsy: the URL in the event is not called."""
    if entry.topic != CHANGED or entry.completions:
        return ()
    event = read(schemas.Event, entry.body)
    ours = event.number and event.shop in (None, settings.shop_id)
    return (Completion("receipt", f"{settings.shop}/receipts/{event.number}"),) if ours else ()


def parse(entry: InboxEntry, settings: EtsySettings) -> Sequence[CanonicalEvent | Note]:
    """The order and its buyer, or a review. Raises SkipEvent for other topics and shops, PayloadError with a path."""
    if entry.topic not in (CHANGED, RECEIPT, REVIEW):
        raise SkipEvent(f"topic not read: {entry.topic}")
    reading = Reading()
    told, fetched_body = reading.read(schemas.Event, entry.body), entry.completions.get("receipt")
    if told.review:
        return reading.of(mapping.review(told.review, settings.default_region))
    receipt = reading.read(schemas.Receipt, fetched_body) if fetched_body else told.receipt
    if receipt is None:
        raise SkipEvent("the receipt is not there any more")
    return reading.of(mapping.events(receipt, settings.default_region))


def _receipts(back: timedelta = timedelta(0), **asks: str) -> Callable[..., Part]:
    sort, begins = ("created", "min_created") if back else ("updated", "min_last_modified")

    def page(http: HttpClient, settings: EtsySettings, since: datetime | None, at: Any) -> Part:
        first = str(int((since - back).timestamp()) if since else _EARLIEST)
        number, begin, again = at or (1, first, False)
        query = {**asks, begins: begin, "sort_on": sort, "sort_order": "asc", "limit": str(_PAGE)}
        query["offset"] = str(_PAGE * (number - 1))
        rows = json_of(http.get(f"{settings.shop}/receipts", query)).get("results") or []
        told = [_item(RECEIPT, row) for row in rows if row.get("refunds") or not back]
        last = str(rows[-1].get(f"{sort}_timestamp")) if rows else None
        return Part(told, by_moment((number, begin, again), last, full=len(rows) == _PAGE))

    return page


def _item(topic: str, row: Mapping[str, Any]) -> BackfillItem:
    """As an event of its own topic. A refund is in the name as well, as it changes no time."""
    body = orjson.dumps({"event_type": topic, topic: row})
    number, refunds = row.get("receipt_id") or row.get("transaction_id"), len(row.get("refunds") or ())
    return BackfillItem(f"{topic}:{number}:{row.get('updated_timestamp')}:{refunds}", topic, body)


def _reviews(http: HttpClient, settings: EtsySettings, since: datetime | None, at: Any) -> Part:
    begin = str(int(since.timestamp()) if since else _EARLIEST)
    query = {"limit": str(_PAGE), "offset": str(at or 0), "min_created": begin}
    rows = json_of(http.get(f"{settings.shop}/reviews", query)).get("results") or []
    told = [_item(REVIEW, row) for row in rows]
    return Part(told, int(at or 0) + _PAGE if len(rows) == _PAGE else None)


LISTS: Mapping[str, Listed[EtsySettings]] = {
    "receipts": Listed(_receipts(), quiet=timedelta(0)),
    "cancelled": Listed(_receipts(was_canceled="true")),
    "refunded": Listed(_receipts(_AGAIN), least=timedelta(hours=6), late=True),
    "reviews": Listed(_reviews, spare=True),
}
"""Cancelled ones are not in the list by last change (https://github.com/etsy/open-api/issues/604)."""


def check(http: HttpClient, settings: EtsySettings) -> Checked:
    """Read one receipt."""
    found = Checked(untested=["signing_secret: only a real event can tell"])
    return found.reads("receipts", partial(http.get, f"{settings.shop}/receipts", {"limit": "1"}))


SOURCE = Source(
    parse=parse,
    verify=SIGNATURE.verify,
    sign=SIGNATURE.sign,
    name_event=name_event,
    completions=completions,
    complete=fetched,
    backfill=partial(in_turn, LISTS),
    lists=LISTS,
    check=check,
    api_root=lambda settings: API,
)
