"""WooCommerce as a source: signed webhooks and a REST backfill.

Sources: https://github.com/woocommerce/woocommerce, plugins/woocommerce/includes/class-wc-webhook.php (headers,
signature, ping, body of a deletion) and https://woocommerce.github.io/woocommerce-rest-api-docs/ (#pagination,
#authentication, #list-all-orders, #list-all-customers).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import orjson

from hub.connectors.woocommerce import mapping, schemas
from hub.connectors.woocommerce.manifest import MANIFEST, WooCommerceSettings
from hub.errors import ConfigError, PayloadError, SkipEvent
from hub.mapping.payload import Read, Reading, VendorModel, read
from hub.model.event import CanonicalEvent, DeletionEvent, Note
from hub.model.identifier import RecordKey
from hub.sdk.checked import Checked
from hub.sdk.http import HttpClient, basic, json_of
from hub.sdk.lists import in_turn
from hub.sdk.paginate import numbered
from hub.sdk.signatures import BodyHmac
from hub.sdk.source import BackfillItem, EventName, InboxEntry, Listed, Part, RawDelivery, Reply, Source
from hub.sdk.subscriptions import Subscription, Subscriptions

SIGNATURE: BodyHmac[WooCommerceSettings] = BodyHmac(
    "x-wc-webhook-signature", encoding="base64", secrets=lambda settings: settings.webhook_secret
)


def answer(delivery: RawDelivery, settings: WooCommerceSettings) -> Reply | None:
    """200 for the unsigned ``webhook_id=N`` that is sent on saving a webhook; the owner sees an error otherwise."""
    ping = delivery.method == "POST" and SIGNATURE.header not in delivery.headers
    name, _, number = delivery.body.partition(b"=")
    return Reply(200) if ping and name == b"webhook_id" and number.isdigit() else None


class _Version(VendorModel):
    id: str
    date_modified_gmt: str | None = None


def name_event(delivery: RawDelivery, settings: WooCommerceSettings) -> EventName:
    """Webhook, topic, resource, its version and the body's digest.

    X-WC-Webhook-Delivery-ID is not unique: it is a hash of webhook and second. The date of change counts whole
    seconds, so the digest stands beside it. Topic belongs to the name, because the body is built at delivery: created
    and updated may carry the same bytes.
    """
    topic = delivery.headers.get("x-wc-webhook-topic")
    if not topic:
        raise PayloadError("missing", path="headers.x-wc-webhook-topic")
    version = read(_Version, delivery.body)
    digest = hashlib.blake2b(delivery.body, digest_size=8).hexdigest()
    webhook = delivery.headers.get("x-wc-webhook-id", "")
    return EventName(event_id=f"{webhook}:{topic}:{version.id}:{version.date_modified_gmt or ''}:{digest}", topic=topic)


def parse(entry: InboxEntry, settings: WooCommerceSettings) -> Sequence[CanonicalEvent | Note]:
    """Canonical events of one delivery. Raises SkipEvent for a topic that is not read, PayloadError with a path."""
    reader = _READERS.get(entry.topic)
    if reader is None:
        raise SkipEvent(f"topic not read: {entry.topic}")
    reading = Reading()
    return reading.of(reader(entry, reading.read, settings))


def _order(entry: InboxEntry, read: Read, settings: WooCommerceSettings) -> Sequence[CanonicalEvent | Note]:
    return mapping.order_events(read(schemas.Order, entry.body), settings.default_region)


def _customer(entry: InboxEntry, read: Read, settings: WooCommerceSettings) -> Sequence[CanonicalEvent | Note]:
    given = read(schemas.Customer, entry.body)
    if (given.role or "").lower() in mapping.STAFF and not settings.staff:
        raise SkipEvent("an account of the shop's staff, not of a customer (setting staff: true reads them too)")
    return [mapping.customer_event(given, settings.default_region)]


def _order_deleted(entry: InboxEntry, read: Read, settings: WooCommerceSettings) -> Sequence[CanonicalEvent | Note]:
    """The body is the id alone and there is no retry: the time of receipt is the best there is."""
    gone = RecordKey(kind="order", external_id=read(schemas.Deleted, entry.body).id)
    return [DeletionEvent(occurred_at=entry.received_at, record=gone, kind="order")]


def _customer_deleted(entry: InboxEntry, read: Read, settings: WooCommerceSettings) -> Sequence[CanonicalEvent | Note]:
    gone = mapping.record_key(read(schemas.Deleted, entry.body).id)
    return [DeletionEvent(occurred_at=entry.received_at, record=gone)]


def _product(entry: InboxEntry, read: Read, settings: WooCommerceSettings) -> Sequence[CanonicalEvent | Note]:
    return [mapping.product_event(read(schemas.Product, entry.body))]


def _review(entry: InboxEntry, read: Read, settings: WooCommerceSettings) -> Sequence[CanonicalEvent | Note]:
    return mapping.review_told(read(schemas.Review, entry.body), settings.default_region)


_READERS: Mapping[str, Callable[[InboxEntry, Read, WooCommerceSettings], Sequence[CanonicalEvent | Note]]] = {
    "order.created": _order,
    "order.updated": _order,
    "order.restored": _order,
    "order.deleted": _order_deleted,
    "customer.created": _customer,
    "customer.updated": _customer,
    "customer.deleted": _customer_deleted,
    "product.created": _product,
    "product.updated": _product,
    "product.restored": _product,
    "review": _review,
}

_RESOURCES = {
    "customers": "customer.updated",
    "orders": "order.updated",
    "products": "product.updated",
    "products/reviews": "review",
}
_PER_PAGE = 100


def _list(resource: str, **how: Any) -> Listed[WooCommerceSettings]:
    """Rows by id; those changed at or after ``since``. Raises ConfigError without the REST key.

    Pages are numbers over a live list, so the list is ordered by id: ordered by date of change, an order that is
    touched meanwhile would move to the end and shift an unseen one onto a page already read.
    """

    def page(client: HttpClient, settings: WooCommerceSettings, since: datetime | None, number: Any) -> Part:
        if settings.consumer_key is None or settings.consumer_secret is None:
            raise ConfigError(["consumer_key, consumer_secret: are needed for the backfill"])
        number = number or 1
        response = client.get(f"wp-json/wc/v3/{resource}", _query(resource, number, since))
        found = json_of(response)
        total, pages = (response.headers.get(f"x-wp-{name}", "") for name in ("total", "totalpages"))
        more = number < int(pages) if pages.isdigit() else len(found) >= _PER_PAGE
        items = [_item(resource, one) for one in found if _changed(one, since)]
        return Part(items, number + 1 if found and more else None, int(total) if total.isdigit() else None)

    return Listed(page, **how)


LISTS = {
    # has no filter by change (WC_REST_Customers_Controller), so that all of them are read and filtered here
    "customers": _list("customers", least=timedelta(hours=6)),
    "orders": _list("orders", quiet=timedelta(0)),
    "products": _list("products", spare=True),
    "products/reviews": _list("products/reviews", spare=True),
}
backfill = partial(in_turn, LISTS)


def _query(resource: str, page: int, since: datetime | None) -> dict[str, str]:
    query = {"per_page": str(_PER_PAGE), "page": str(page), "orderby": "id", "order": "asc"}
    if resource == "customers":
        query["role"] = "all"  # the default lists only WordPress users of role "customer"
    elif resource == "products/reviews":
        query["status"] = "all"
        if since:  # compared with the shop's own time, wherever it stands
            query["after"] = (since.astimezone(UTC) - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%S")
    elif since:
        before = since.astimezone(UTC) - timedelta(seconds=1)  # modified_after excludes its own second
        query |= {"modified_after": before.strftime("%Y-%m-%dT%H:%M:%S"), "dates_are_gmt": "true"}
    return query


def _changed(found: Mapping[str, Any], since: datetime | None) -> bool:
    version = found.get("date_modified_gmt") or found.get("date_created_gmt")
    return since is None or not version or str(version) >= since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _item(resource: str, found: Mapping[str, Any]) -> BackfillItem:
    version = found.get("date_modified_gmt") or f"{found.get('date_created_gmt')}:{found.get('status')}"
    return BackfillItem(
        event_id=f"backfill:{resource}:{found.get('id')}:{version}",
        topic=_RESOURCES[resource],
        body=orjson.dumps(found),
    )


def deleted(client: HttpClient, settings: WooCommerceSettings, ids: Sequence[str]) -> Iterator[BackfillItem]:
    """Orders that were deleted for good or moved to the trash: of the first no webhook tells.

    ``status`` any leaves out the trash (#list-all-orders; WC_REST_Orders_V2_Controller::prepare_objects_query).
    """
    query = {"include": ",".join(ids), "status": "any", "per_page": str(_PER_PAGE)}
    present = {str(found.get("id")) for found in json_of(client.get("wp-json/wc/v3/orders", query))}
    for one in ids:
        if one not in present:
            yield BackfillItem(f"deleted:orders:{one}", "order.deleted", orjson.dumps({"id": one}))


def authorise(settings: WooCommerceSettings) -> Mapping[str, str]:
    """HTTP Basic with the REST key; WooCommerce accepts it over HTTPS only."""
    if settings.consumer_key is None or settings.consumer_secret is None:
        return {}
    return basic(settings.consumer_key.get_secret_value(), settings.consumer_secret.get_secret_value())


def api_root(settings: WooCommerceSettings) -> str:
    """The shop's address. Raises ConfigError when ``base_url`` is not set: there is no common host."""
    if settings.base_url is None:
        raise ConfigError(["base_url: is needed for the backfill, the address of the shop"])
    return settings.base_url


def check(client: HttpClient, settings: WooCommerceSettings) -> Checked:
    """Read one customer and one order with the key (https://woocommerce.github.io/woocommerce-rest-api-docs/)."""
    found = Checked(untested=["webhook_secret: only a real event can tell"])
    if settings.consumer_key is None or settings.consumer_secret is None:
        found.untested.append("the REST API: no consumer_key and consumer_secret are set, so there is no backfill")
        return found
    for resource in _RESOURCES:
        ask = found.may_read if LISTS[resource].spare else found.reads
        ask(resource, partial(client.get, f"wp-json/wc/v3/{resource}", {"per_page": "1"}))
    return found


def _listed(client: HttpClient, settings: WooCommerceSettings) -> Iterator[Subscription]:
    """#list-all-webhooks; ``disabled`` is what became of one that failed more than five times."""

    def webhooks(page: int) -> Sequence[Mapping[str, Any]]:
        found = json_of(client.get("wp-json/wc/v3/webhooks", {"per_page": str(_PER_PAGE), "page": str(page)}))
        return found if isinstance(found, list) else []

    for one in numbered(webhooks, _PER_PAGE):
        topic, url = str(one.get("topic")), str(one.get("delivery_url"))
        yield Subscription(str(one.get("id")), topic, url, active=one.get("status") == "active")


def _create(client: HttpClient, settings: WooCommerceSettings, url: str, topics: Sequence[str]) -> None:
    """#create-a-webhook; the REST key needs write access. The first secret is given: it is the one that stays."""
    secret = settings.webhook_secret[0].get_secret_value()
    for topic in topics:
        hook = {"name": f"Hub: {topic}", "topic": topic, "delivery_url": url, "secret": secret, "status": "active"}
        client.post("wp-json/wc/v3/webhooks", hook)


def _remove(client: HttpClient, settings: WooCommerceSettings, gone: Subscription) -> None:
    """#delete-a-webhook, which only takes ``force``."""
    client.request("DELETE", f"wp-json/wc/v3/webhooks/{gone.id}", query={"force": "true"})


SOURCE = Source(
    parse=parse,
    verify=SIGNATURE.verify,
    sign=SIGNATURE.sign,
    name_event=name_event,
    answer=answer,
    backfill=backfill,
    lists=LISTS,
    deleted=deleted,
    subscriptions=Subscriptions(
        _listed, _create, _remove, tuple(topic for topic in MANIFEST.topics if topic != "review")
    ),
    authorise=authorise,
    api_root=api_root,
    check=check,
)
