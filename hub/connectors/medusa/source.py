"""Medusa v2 as a source: events that name ids, each fetched by the Admin API, and history by the same API.

Sources: https://docs.medusajs.com/api/admin (authentication by a secret API key, fields, pagination, orders, customers,
payments), https://docs.medusajs.com/resources/references/events (events and what they hold),
https://docs.medusajs.com/learn/fundamentals/events-and-subscribers (the subscriber in the shop).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import quote

import orjson

from hub.connectors.medusa import mapping, schemas
from hub.connectors.medusa.manifest import MANIFEST, MedusaSettings
from hub.errors import PayloadError, SkipEvent
from hub.mapping.payload import Reading, read
from hub.model.event import CanonicalEvent, DeletionEvent, Note
from hub.sdk.checked import Checked
from hub.sdk.completing import fetched
from hub.sdk.http import HttpClient, basic, json_of
from hub.sdk.lists import in_turn
from hub.sdk.signatures import BodyHmac
from hub.sdk.source import BackfillItem, Completion, EventName, InboxEntry, Listed, Part, RawDelivery, Source

SIGNATURE: BodyHmac[MedusaSettings] = BodyHmac(
    "x-hub-signature-256", encoding="hex", prefix="sha256=", secrets=lambda settings: settings.webhook_secret
)
ORDER_FIELDS = ",".join(
    (
        "id,display_id,status,payment_status,fulfillment_status,is_draft_order,email,currency_code,customer_id",
        "total,tax_total,discount_total,shipping_total,credit_line_total,created_at,updated_at,canceled_at,metadata",
        "*customer,*billing_address,*shipping_address,*items,*items.tax_lines,*items.adjustments,*items.detail",
        "*shipping_methods,*shipping_methods.tax_lines,*payment_collections.payments",
        "*payment_collections.payments.captures,*payment_collections.payments.refunds",
        "*fulfillments,*fulfillments.labels",
    )
)
CUSTOMER_FIELDS = "*addresses"
PRODUCT_FIELDS = "*categories,*tags,*variants,*variants.prices"
_FIELDS = {"customer": CUSTOMER_FIELDS, "product": PRODUCT_FIELDS}
_PER_PAGE = 100


def name_event(delivery: RawDelivery, settings: MedusaSettings) -> EventName:
    """The id that the subscriber gave the event, the same on every try of it."""
    event = read(schemas.Event, delivery.body)
    return EventName(event_id=event.id, topic=event.name)


def completions(entry: InboxEntry, settings: MedusaSettings) -> Sequence[Completion]:
    kind, _, what = entry.topic.partition(".")
    if entry.topic not in MANIFEST.topics or what == "deleted" or _is_whole(entry):
        return ()
    told = read(schemas.Event, entry.body).data
    if kind in ("customer", "product"):
        return () if kind in entry.completions else (_fetch(kind, f"{kind}s", told.id, _FIELDS[kind]),)
    order_id = told.order_id or told.id
    if kind == "payment":
        if "payment" not in entry.completions:
            return (_fetch("payment", "payments", told.id, "id,payment_collection.order.id"),)
        order_id = _paid_for(entry.completions["payment"])
        if order_id is None:
            return ()
    return () if "order" in entry.completions else (_fetch("order", "orders", order_id, ORDER_FIELDS),)


def _is_whole(entry: InboxEntry) -> bool:
    """True of what a backfill brought: the answer of the API itself."""
    whole = read(schemas.Answer, entry.body)
    return any((whole.order, whole.customer, whole.product))


def _fetch(name: str, collection: str, identifier: str | None, fields: str) -> Completion:
    if not identifier:
        raise PayloadError("missing", path="data.id")
    return Completion(name, f"/admin/{collection}/{quote(identifier, safe='')}", {"fields": fields})


def _paid_for(body: bytes) -> str | None:
    collection = read(schemas.PaymentAnswer, body).payment.payment_collection if body else None
    return collection.order.id if collection and collection.order else None


def parse(entry: InboxEntry, settings: MedusaSettings) -> Sequence[CanonicalEvent | Note]:
    """Canonical events of one event. Raises SkipEvent for what is not read or not there any more, PayloadError."""
    if entry.topic not in MANIFEST.topics:
        raise SkipEvent(f"topic not read: {entry.topic}")
    if entry.topic == "customer.deleted":
        event = read(schemas.Event, entry.body)
        if not event.data.id:
            raise PayloadError("missing", path="data.id")
        return [DeletionEvent(occurred_at=event.at, record=mapping.record_key(event.data.id))]
    kind = entry.topic.partition(".")[0]
    name = kind if kind in _FIELDS else "order"
    body = entry.body if _is_whole(entry) else entry.completions.get(name)
    if not body:
        raise SkipEvent(f"the {name} is not there")
    reading = Reading()
    found = reading.read(schemas.Answer, body)
    if found.customer is not None:
        return reading.of([mapping.customer_event(found.customer, settings.default_region, entry.received_at)])
    if found.product is not None:
        return reading.of([mapping.product_event(found.product, entry.received_at)])
    if found.order is None:
        raise PayloadError("missing", path=name)
    return reading.of(mapping.order_events(found.order, settings.default_region))


def _list(name: str, fields: str, *, late: bool = False, **how: Any) -> Listed[MedusaSettings]:
    """Rows by id, which grows with time; the ``late`` ones are those made in the days of ``look_back_days``.

    A page is an offset in a live list. Ordered by id, what comes new stands at its end; what comes into the list by a
    change moves others to a later page, and none to one that was read already.
    """

    def page(client: HttpClient, settings: MedusaSettings, since: datetime | None, offset: Any) -> Part:
        query = {"fields": fields, "limit": str(_PER_PAGE), "offset": str(offset or 0), "order": "id"}
        if since:
            changed = "created_at[$gte]" if late else "updated_at[$gte]"
            begin = since - timedelta(days=settings.look_back_days) if late else since
            query[changed] = begin.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        answer = json_of(client.get(f"/admin/{name}", query))
        found, total = answer.get(name) or [], answer.get("count")
        following = (offset or 0) + len(found)
        # a page that is not full is no last one: https://github.com/airbytehq/airbyte/issues/34883
        ends = not found or (isinstance(total, int) and following >= total)
        items = [_item(name, one) for one in found]
        return Part(items, None if ends else following, total if isinstance(total, int) else None)

    return Listed(page, late=late, **how)


def _item(name: str, found: Mapping[str, Any]) -> BackfillItem:
    kind = name.removesuffix("s")
    version = found.get("updated_at") or found.get("created_at")
    if kind == "order":
        version = f"{version}:{found.get('payment_status')}"
    return BackfillItem(
        event_id=f"backfill:{kind}:{found.get('id')}:{version}",
        topic=f"{kind}.updated",
        body=orjson.dumps({kind: found}),
    )


LISTS = {
    "customers": _list("customers", CUSTOMER_FIELDS),
    "orders": _list("orders", ORDER_FIELDS, quiet=timedelta(0)),
    "products": _list("products", PRODUCT_FIELDS, spare=True),
    # a capture is no change of its order: where payment.captured did not come, a look back finds it
    "captured": _list("orders", ORDER_FIELDS, late=True, least=timedelta(hours=1)),
}


def authorise(settings: MedusaSettings) -> Mapping[str, str]:
    """HTTP Basic with the secret API key as the user and no password."""
    return basic(settings.api_key.get_secret_value())


def check(client: HttpClient, settings: MedusaSettings) -> Checked:
    """Read one customer and one order with the key."""
    found = Checked(untested=["webhook_secret: only a real event can tell"])
    for name in ("customers", "orders", "products"):
        found.reads(name, partial(client.get, f"/admin/{name}", {"limit": "1", "fields": "id"}))
    return found


backfill = partial(in_turn, LISTS)
SOURCE = Source(
    parse=parse,
    verify=SIGNATURE.verify,
    sign=SIGNATURE.sign,
    name_event=name_event,
    completions=completions,
    complete=fetched,
    backfill=backfill,
    lists=LISTS,
    authorise=authorise,
    check=check,
)
