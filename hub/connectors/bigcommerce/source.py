"""BigCommerce as a source: webhooks that name ids, each fetched, and history by the same APIs.

Sources: https://developer.bigcommerce.com/docs/integrations/webhooks (payload, retries, deactivation, signature by
Standard Webhooks with the client secret, headers given at subscription), …/webhooks/events (scopes),
…/rest-management/orders (V2), …/rest-management/customers and …/customers/subscribers (V3),
…/webhooks/webhooks (V3 hooks), …/start/best-practices/api-rate-limits.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import httpx
import orjson
from pydantic import SecretStr

from hub.connectors.bigcommerce import mapping, mapping_products, schemas, schemas_products
from hub.connectors.bigcommerce.manifest import MANIFEST, BigCommerceSettings
from hub.connectors.bigcommerce.source_products import CATALOGUE, products, reviews
from hub.errors import SkipEvent
from hub.mapping.payload import Reading, read
from hub.mapping.time import instant, maybe_instant
from hub.model.event import CanonicalEvent, DeletionEvent, Note
from hub.sdk.checked import Checked
from hub.sdk.completing import fetched
from hub.sdk.http import HttpClient, json_of, retry_after
from hub.sdk.lists import in_turn
from hub.sdk.paginate import by_moment, numbered
from hub.sdk.signatures import SharedSecret, StandardWebhooks
from hub.sdk.source import BackfillItem, Completion, EventName, InboxEntry, Listed, Part, RawDelivery, Source
from hub.sdk.subscriptions import Subscription, Subscriptions

SECRET: SharedSecret[BigCommerceSettings] = SharedSecret("x-hub-secret", lambda settings: settings.webhook_secret)


def _keys(settings: BigCommerceSettings) -> list[SecretStr]:
    """The key is the client secret itself: the docs encode it in base64, which Standard Webhooks decodes."""
    secrets = [one.get_secret_value() for one in settings.client_secret or ()]
    return [SecretStr(base64.b64encode(one.encode()).decode()) for one in secrets]


SIGNATURE: StandardWebhooks[BigCommerceSettings] = StandardWebhooks(_keys)


def verify(delivery: RawDelivery, settings: BigCommerceSettings) -> None:
    """The header that the webhook was made with and, where the client secret is known, BigCommerce's signature."""
    SECRET.verify(delivery, settings)
    if settings.client_secret:
        SIGNATURE.verify(delivery, settings)


def sign(delivery: RawDelivery, settings: BigCommerceSettings) -> RawDelivery:
    """The inverse: as BigCommerce sends it."""
    named = replace(delivery, headers={**delivery.headers, "webhook-id": "msg_hub"})
    delivery = SECRET.sign(named, settings)
    return SIGNATURE.sign(delivery, settings) if settings.client_secret else delivery


def name_event(delivery: RawDelivery, settings: BigCommerceSettings) -> EventName:
    """Scope, object, second and digest. ``hash`` is of the payload alone: two changes of one order may share it."""
    event = read(schemas.Event, delivery.body)
    digest = hashlib.blake2b(delivery.body, digest_size=8).hexdigest()
    return EventName(event_id=f"{event.scope}:{event.data.id}:{event.created_at}:{digest}", topic=event.scope)


_PARTS = {"include": "consignments.line_items,fees", "consignment_structure": "object"}
_DETAILS = {"include": "addresses,attributes,formfields"}


def completions(entry: InboxEntry, settings: BigCommerceSettings) -> Sequence[Completion]:
    kind = _kind(entry)
    if entry.topic not in MANIFEST.topics or kind in ("product", "review") or _is_gone(entry):
        return ()
    held = read(schemas.Backfilled, entry.body)
    if kind == "order":
        order = held.order
        if order is None:
            if "order" not in entry.completions:
                return (Completion("order", f"v2/orders/{_id(entry)}", _PARTS),)
            order = read(schemas.Order, entry.completions["order"]) if entry.completions["order"] else None
        if order is None or "refunds" in entry.completions or not _is_refunded(entry, order):
            return ()
        return (Completion("refunds", f"v3/orders/{order.id}/payment_actions/refunds"),)
    if held.customer or held.subscriber or kind in entry.completions:
        return ()
    if kind == "customer":
        return (Completion("customer", "v3/customers", {"id:in": _id(entry), **_DETAILS}),)
    return (Completion("subscriber", f"v3/customers/subscribers/{_id(entry)}"),)


def _is_gone(entry: InboxEntry) -> bool:
    return entry.topic in ("store/customer/deleted", "store/subscriber/deleted")


def _kind(entry: InboxEntry) -> str:
    return next(iter(entry.topic.split("/")[1:]), "")


def _id(entry: InboxEntry) -> str:
    """The id of the order, customer or subscriber that a webhook is about."""
    told = read(schemas.Event, entry.body).data
    return (told.address.customer_id if told.address else None) or told.id


def _is_refunded(entry: InboxEntry, order: schemas.Order) -> bool:
    told = order.payment_status in ("refunded", "partially refunded") or bool(order.refunded_amount)
    return told or order.status_id in mapping.REFUNDED or entry.topic == "store/order/refund/created"


def parse(entry: InboxEntry, settings: BigCommerceSettings) -> Sequence[CanonicalEvent | Note]:
    """Canonical events. Raises SkipEvent for what is not read or not there any more, PayloadError with a path."""
    if entry.topic not in MANIFEST.topics:
        raise SkipEvent(f"topic not read: {entry.topic}")
    reading = Reading()
    return reading.of(_READERS[_kind(entry)](entry, reading, settings))


_Parsed = Sequence[CanonicalEvent | Note]


def _order(entry: InboxEntry, reading: Reading, settings: BigCommerceSettings) -> _Parsed:
    given = reading.read(schemas.Backfilled, entry.body).order
    if given is None:
        given = reading.read(schemas.Order, _fetched(entry, "order"))
    body = entry.completions.get("refunds")
    refunds = reading.read(schemas.Refunds, body).data if body else ()
    return mapping.order_events(given, refunds, settings.default_region)


def _customer(entry: InboxEntry, reading: Reading, settings: BigCommerceSettings) -> _Parsed:
    if entry.topic == "store/customer/deleted":
        gone = reading.read(schemas.Event, entry.body)
        at = instant(gone.created_at, path="created_at")
        return [DeletionEvent(occurred_at=at, record=mapping.record_key(gone.data.id))]
    given = reading.read(schemas.Backfilled, entry.body).customer
    if given is None:
        found = reading.read(schemas.Customers, _fetched(entry, "customer")).data
        given = found[0] if found else None
    if given is None:
        raise SkipEvent("the customer is not there any more")
    return [mapping.customer_event(given, settings.default_region, entry.received_at)]


def _subscriber(entry: InboxEntry, reading: Reading, settings: BigCommerceSettings) -> _Parsed:
    if entry.topic == "store/subscriber/deleted":
        gone = reading.read(schemas.Event, entry.body)
        return [mapping.unsubscribed(gone.data.id, instant(gone.created_at, path="created_at"))]
    given = reading.read(schemas.Backfilled, entry.body).subscriber
    if given is None:
        given = reading.read(schemas.SubscriberAnswer, _fetched(entry, "subscriber")).data
    return [mapping.subscriber_event(given, settings.default_region, entry.received_at)]


def _product(entry: InboxEntry, reading: Reading, settings: BigCommerceSettings) -> _Parsed:
    given = reading.read(schemas_products.Item, entry.body)
    return [mapping_products.product_event(given, entry.received_at)]


def _review(entry: InboxEntry, reading: Reading, settings: BigCommerceSettings) -> _Parsed:
    given = reading.read(schemas_products.ReviewItem, entry.body)
    return mapping_products.review_told(given, settings.default_region, entry.received_at)


_READERS: Mapping[str, Callable[[InboxEntry, Reading, BigCommerceSettings], _Parsed]] = {
    "order": _order,
    "customer": _customer,
    "subscriber": _subscriber,
    "product": _product,
    "review": _review,
}


def _fetched(entry: InboxEntry, name: str) -> bytes:
    body = entry.completions.get(name)
    if not body:
        raise SkipEvent(f"the {name} is not there any more")
    return body


_PER_PAGE = 100


def _list(kind: str, path: str, filtered: str, query: Mapping[str, str], **how: Any) -> Listed[BigCommerceSettings]:
    """Rows by id where the list can begin at one (V2): what changes meanwhile moves nothing. Else by their change.

    A page of V3 is a number in a live list, and what changes meanwhile moves to its end and the others one place
    forward. So the list is asked for anew from the last change of a full page on, and by number only within that
    second, which is read twice then: an import writes thousands within one. The filters leave out their own second, so
    each begins one earlier.
    Subscribers cannot be sorted. One that is deleted meanwhile moves the others a place forward, and the list's total
    falls: then the page before is read once more.
    """

    def page(client: HttpClient, settings: BigCommerceSettings, since: datetime | None, at: Any) -> Part:
        number, begin, after, known = (*(at or (1, _text(since), None)), None)[:4]
        asked = {**query, "limit": str(_PER_PAGE), "page": str(number), **({filtered: begin} if begin else {})}
        response = client.get(path, {**asked, "min_id": str(after + 1)} if after else asked)
        answer = json_of(response) if response.content else []  # V2 answers an empty list with 204
        found = answer if isinstance(answer, list) else answer.get("data") or []
        items = [_item(kind, one) for one in found]
        if "sort" not in query:
            total = _total(answer)
            lost = max(0, (known or 0) - total)
            if lost:
                return Part(items, [max(1, number - -(-lost // _PER_PAGE)), begin, None, total])
            return Part(items, [number + 1, begin, None, total] if len(found) == _PER_PAGE else None)
        full = len(found) == _PER_PAGE
        if query["sort"] == "id:asc":
            return Part(items, [1, begin, int(found[-1].get("id") or 0)] if full else None)
        going_on = by_moment((number, begin, bool(known)), _changed(found[-1]) if full else None, full=full)
        return Part(items, [going_on[0], going_on[1], None, going_on[2]] if going_on else None)

    return Listed(page, **how)


def _total(answer: Any) -> int:
    told = answer.get("meta", {}).get("pagination", {}).get("total") if isinstance(answer, dict) else 0
    return told if isinstance(told, int) else 0


def _text(at: datetime | None) -> str | None:
    return (at.astimezone(UTC) - timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%SZ") if at else None


def _changed(found: Mapping[str, Any]) -> str | None:
    return _text(maybe_instant(found.get("date_modified") or found.get("date_created"), path="date_modified"))


def _item(kind: str, found: Mapping[str, Any]) -> BackfillItem:
    version = found.get("date_modified") or found.get("date_created")
    return BackfillItem(
        f"backfill:{kind}:{found.get('id')}:{version}", f"store/{kind}/updated", orjson.dumps({kind: found})
    )


_PATHS = {"customer": "v3/customers", "subscriber": "v3/customers/subscribers", "order": "v2/orders"}
_BY_CHANGE = {"sort": "date_modified:asc"}
LISTS: Mapping[str, Listed[BigCommerceSettings]] = {
    "customer": _list("customer", _PATHS["customer"], "date_modified:min", {**_DETAILS, **_BY_CHANGE}),
    "subscriber": _list("subscriber", _PATHS["subscriber"], "date_modified:min", {}),
    "order": _list("order", _PATHS["order"], "min_date_modified", {**_PARTS, "sort": "id:asc"}, quiet=timedelta(0)),
    "product": Listed(products, spare=True),
    # that one was written does not change its product, and there is no list of them all
    "review": Listed(reviews, spare=True, least=timedelta(days=1)),
}
backfill = partial(in_turn, LISTS)


def deleted(client: HttpClient, settings: BigCommerceSettings, ids: Sequence[str]) -> Iterator[BackfillItem]:
    """Orders that were archived, which is what deleting one does: the list leaves them out unless it is asked."""
    numbers = sorted(int(one) for one in ids if one.isdigit())
    page = 1
    while numbers:
        query = {**_PARTS, "is_deleted": "true", "min_id": str(numbers[0]), "max_id": str(numbers[-1])}
        response = client.get(_PATHS["order"], {**query, "limit": str(_PER_PAGE), "page": str(page)})
        found = json_of(response) if response.content else []
        for one in found:
            if one.get("id") in numbers:
                yield replace(_item("order", one), topic="store/order/archived")
        if len(found) < _PER_PAGE:
            return
        page += 1


def authorise(settings: BigCommerceSettings) -> Mapping[str, str]:
    return {"x-auth-token": settings.access_token.get_secret_value(), "accept": "application/json"}


def waits(response: httpx.Response) -> float | None:
    """How long a 429 is to be waited out: the quota comes back all at once."""
    left = response.headers.get("x-rate-limit-time-reset-ms", "")
    return int(left) / 1000 if response.status_code == 429 and left.isdigit() else retry_after(response)


def check(client: HttpClient, settings: BigCommerceSettings) -> Checked:
    """Read one of each list with the token."""
    found = Checked(untested=["webhook_secret, client_secret: only a real event can tell"])
    for name, path in _PATHS.items():
        found.reads(f"{name}s", partial(client.get, path, {"limit": "1"}))
    return found.may_read("products", partial(client.get, CATALOGUE, {"limit": "1"}))


def _listed(client: HttpClient, settings: BigCommerceSettings) -> Iterator[Subscription]:
    """``is_active`` is false after 48 hours of failed tries, and after 90 days without an event."""

    def hooks(page: int) -> Sequence[Mapping[str, Any]]:
        return json_of(client.get("v3/hooks", {"limit": "250", "page": str(page)})).get("data") or []

    for one in numbered(hooks, 250):
        active = one.get("is_active") is True
        yield Subscription(str(one.get("id")), str(one.get("scope")), str(one.get("destination")), active=active)


def _create(client: HttpClient, settings: BigCommerceSettings, url: str, topics: Sequence[str]) -> None:
    """One call a webhook. The header carries the first secret: it is the one that stays."""
    headers = {SECRET.header: settings.webhook_secret[0].get_secret_value()}
    for topic in topics:
        client.post("v3/hooks", {"scope": topic, "destination": url, "is_active": True, "headers": headers})


def _remove(client: HttpClient, settings: BigCommerceSettings, gone: Subscription) -> None:
    client.request("DELETE", f"v3/hooks/{gone.id}")


# store/order/updated tells every change of the status too; products and reviews are listed
_NOT_SUBSCRIBED = frozenset({"store/order/statusUpdated", "store/product/updated", "store/review/updated"})
SOURCE = Source(
    parse=parse,
    verify=verify,
    sign=sign,
    name_event=name_event,
    completions=completions,
    complete=fetched,
    backfill=backfill,
    lists=LISTS,
    deleted=deleted,
    subscriptions=Subscriptions(
        _listed, _create, _remove, tuple(topic for topic in MANIFEST.topics if topic not in _NOT_SUBSCRIBED)
    ),
    authorise=authorise,
    waits=waits,
    api_root=lambda settings: f"https://api.bigcommerce.com/stores/{settings.store_hash}",
    check=check,
)
