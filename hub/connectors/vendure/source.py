"""Vendure as a source: its GraphQL Admin API, asked for what changed.

Sources: https://docs.vendure.io/current/core/developer-guide/api-keys (header ``vendure-api-key``),
https://docs.vendure.io/current/core/reference/graphql-api/admin/queries (orders, customers, options),
https://docs.vendure.io/current/core/core-concepts/channels (header ``vendure-token``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import orjson

from hub.connectors.vendure import mapping, schemas
from hub.connectors.vendure.manifest import MANIFEST, VendureSettings
from hub.errors import AuthError, PayloadError, RejectedError, SkipEvent
from hub.mapping.payload import Reading
from hub.mapping.time import instant
from hub.model.event import CanonicalEvent, Note
from hub.sdk.checked import Checked
from hub.sdk.http import HttpClient, json_of
from hub.sdk.lists import in_turn
from hub.sdk.paginate import keyset, offset
from hub.sdk.source import BackfillItem, InboxEntry, Listed, Part, Source

_PLACE = "fullName company streetLine1 streetLine2 city province postalCode phoneNumber"
_CUSTOMER = (
    "id createdAt updatedAt title firstName lastName emailAddress phoneNumber user { id }"
    f" addresses {{ {_PLACE} country {{ code }} }}"
)
_ORDER = (
    "id code type state active createdAt updatedAt orderPlacedAt currencyCode total totalWithTax shippingWithTax"
    " couponCodes discounts { description amountWithTax }"
    f" customer {{ {_CUSTOMER} }}"
    f" billingAddress {{ {_PLACE} countryCode }} shippingAddress {{ {_PLACE} countryCode }}"
    " lines { id quantity unitPriceWithTax proratedLinePriceWithTax discounts { description amountWithTax }"
    " productVariant { id sku name product { id } } }"
    " surcharges { id description priceWithTax }"
    " shippingLines { discountedPriceWithTax shippingMethod { name } }"
    " taxSummary { description taxRate taxTotal }"
    " payments { id method amount state transactionId createdAt updatedAt"
    " refunds { id total state reason createdAt updatedAt } }"
    " fulfillments { id state method trackingCode updatedAt }"
)
_PRODUCT = (
    "id updatedAt name enabled featuredAsset { preview } facetValues { name facet { code } } collections { name }"
    " variants { id updatedAt sku name enabled priceWithTax currencyCode }"
)
QUERIES: Mapping[str, str] = {
    name: f"query Hub($options: {kind}ListOptions) {{ {name}(options: $options) {{ totalItems items {{ {fields} }} }}"
    " globalSettings { serverConfig { moneyStrategyPrecision } } }"
    for name, kind, fields in (
        ("customers", "Customer", _CUSTOMER),
        ("orders", "Order", _ORDER),
        ("products", "Product", _PRODUCT),
    )
}
_PER_PAGE = 100


def parse(entry: InboxEntry, settings: VendureSettings) -> Sequence[CanonicalEvent | Note]:
    """Canonical events of one item of the backfill. Raises SkipEvent, or PayloadError with a path."""
    if entry.topic not in MANIFEST.topics:
        raise SkipEvent(f"topic not read: {entry.topic}")
    reading = Reading()
    item = reading.read(schemas.Item, entry.body)
    if entry.topic == "customer" and item.customer:
        return reading.of([mapping.customer_event(item.customer, settings.default_region)])
    if entry.topic == "order" and item.order:
        return reading.of(mapping.order_events(item.order, item.precision, settings.default_region))
    if entry.topic == "product" and item.product:
        return reading.of([mapping.product_event(item.product, item.precision)])
    raise PayloadError("missing", path=entry.topic)


def _list(name: str, *, late: bool = False, whole: bool = False, **how: Any) -> Listed[VendureSettings]:
    """Rows by their change; of orders those that are no carts.

    Neither placing an order nor its payment, refund or dispatch moves its ``updatedAt``: those come too that were
    placed since, and ``late`` are those placed in the ``look_back_days`` before. A new price of a variant does not move
    its product's: products are ``whole``, all of them are read each time.

    ``after`` leaves out its own moment, so it is a millisecond earlier.
    """

    def page(client: HttpClient, settings: VendureSettings, since: datetime | None, at: Any) -> Part:
        state = at or {"from": "", "seen": 0}
        if whole:
            since = None
        if since and late:
            since -= timedelta(days=settings.look_back_days)
        answer = _asked(client, name, offset(state), _chosen(name, since, state["from"], late=late))
        found, following = keyset(answer[name]["items"], "updatedAt", state, size=_PER_PAGE)
        precision = answer.get("globalSettings", {}).get("serverConfig", {}).get("moneyStrategyPrecision", 2)
        items = [_item(name.removesuffix("s"), one, precision) for one in found]
        return Part(items, following, None if at else answer[name].get("totalItems"))

    return Listed(page, late=late, **how)


LISTS = {
    "customers": _list("customers"),
    "orders": _list("orders", quiet=timedelta(0)),
    "placed": _list("orders", late=True, least=timedelta(hours=1)),
    "products": _list("products", whole=True, spare=True, least=timedelta(hours=6)),
}
backfill = partial(in_turn, LISTS)


def _before(at: datetime) -> str:
    earlier = at.astimezone(UTC) - timedelta(milliseconds=1)
    return earlier.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _chosen(name: str, since: datetime | None, begin: str, *, late: bool) -> dict[str, Any]:
    chosen: dict[str, Any] = {"active": {"eq": False}} if name == "orders" else {}
    if begin:
        chosen["updatedAt"] = {"after": _before(instant(begin, path="updatedAt"))}
    if since:
        changes = [*(["updatedAt"] if not late else ()), *(["orderPlacedAt"] if name == "orders" else ())]
        chosen["_or"] = [{change: {"after": _before(since)}} for change in changes]
    return chosen


def _asked(
    client: HttpClient, name: str, skip: int, chosen: Mapping[str, Any], take: int = _PER_PAGE
) -> dict[str, Any]:
    options = {"take": take, "skip": skip, "sort": {"updatedAt": "ASC"}, **({"filter": chosen} if chosen else {})}
    answer = json_of(client.post("admin-api", {"query": QUERIES[name], "variables": {"options": options}}))
    if errors := answer.get("errors"):
        _refused(errors)
    return {name: {"items": []}, **{part: value for part, value in (answer.get("data") or {}).items() if value}}


def _refused(errors: Sequence[Mapping[str, Any]]) -> None:
    """Errors come with HTTP 200. Raises AuthError or RejectedError, with Vendure's word for it."""
    first: Any = errors[0] if isinstance(errors, list) and errors else {}
    code = (first.get("extensions") or {}).get("code") if isinstance(first, dict) else None
    if code in ("FORBIDDEN", "UNAUTHORIZED"):
        raise AuthError("the API key is not accepted, or lacks ReadOrder and ReadCustomer, or 'api-key' in tokenMethod")
    raise RejectedError(f"the Admin API refused the query: {code if isinstance(code, str) else 'no code'}")


def _item(kind: str, found: Mapping[str, Any], precision: int) -> BackfillItem:
    body = {kind: found, "precision": precision}
    return BackfillItem(f"backfill:{kind}:{found.get('id')}:{_version(kind, found)}", kind, orjson.dumps(body))


def _version(kind: str, found: Mapping[str, Any]) -> str:
    """The newest change of an order or of its parts, and its state; ISO times compare as text.

    A product is named by all that is told of it, for its parts change without it.
    """
    if kind == "product":
        return hashlib.blake2b(orjson.dumps(found, option=orjson.OPT_SORT_KEYS), digest_size=8).hexdigest()
    times = [str(found.get("updatedAt") or "")]
    if kind == "order":
        payments = found.get("payments") or []
        parts = [*payments, *(r for p in payments for r in p.get("refunds") or []), *(found.get("fulfillments") or [])]
        times += [str(part.get("updatedAt") or "") for part in parts]
    return max(times) + (f":{found.get('state')}" if kind == "order" else "")


def authorise(settings: VendureSettings) -> Mapping[str, str]:
    headers = {"vendure-api-key": settings.api_key.get_secret_value()}
    if settings.channel_token is not None:
        headers["vendure-token"] = settings.channel_token.get_secret_value()
    return headers


def check(client: HttpClient, settings: VendureSettings) -> Checked:
    """Read one of each with the key."""
    found = Checked()
    for name in QUERIES:
        ask = found.may_read if LISTS[name].spare else found.reads
        ask(name, partial(_asked, client, name, 0, {}, take=1))
    return found


SOURCE = Source(parse=parse, backfill=backfill, lists=LISTS, authorise=authorise, check=check)
