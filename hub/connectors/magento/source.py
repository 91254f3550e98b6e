"""Magento 2 as a source: three lists, polled by the time of change.

Sources: https://developer.adobe.com/commerce/webapi/rest/use-rest/performing-searches/ (searchCriteria) and
https://developer.adobe.com/commerce/webapi/rest/quick-reference/ (orders, customers/search, creditmemos).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import orjson

from hub.connectors.magento import mapping, schemas
from hub.connectors.magento.manifest import MagentoSettings
from hub.errors import ConfigError, SkipEvent
from hub.mapping.payload import Reading
from hub.model.event import CanonicalEvent, DeletionEvent, Note
from hub.model.identifier import RecordKey
from hub.sdk.checked import Checked
from hub.sdk.http import Authorisation, HttpClient, json_of
from hub.sdk.lists import in_turn
from hub.sdk.oauth1 import OAuth1
from hub.sdk.source import BackfillItem, InboxEntry, Listed, Part, Source

_PER_PAGE = 100


def parse(entry: InboxEntry, settings: MagentoSettings) -> Sequence[CanonicalEvent | Note]:
    """Canonical events of one object. Raises SkipEvent for a topic that is not read, PayloadError with a path."""
    reading = Reading()
    match entry.topic:
        case "customer":
            given = reading.read(schemas.Customer, entry.body)
            return reading.of([mapping.customer_event(given, settings.default_region)])
        case "order":
            return reading.of(mapping.order_events(reading.read(schemas.Order, entry.body), settings.default_region))
        case "creditmemo":
            return reading.of([mapping.refund_event(reading.read(schemas.Creditmemo, entry.body))])
        case "product":
            given_product = reading.read(schemas.Product, entry.body)
            return reading.of([mapping.product_event(given_product, entry.received_at)])
        case "order.deleted":
            gone = RecordKey(kind="order", external_id=reading.read(schemas.Gone, entry.body).entity_id)
            return [DeletionEvent(occurred_at=entry.received_at, record=gone, kind="order")]
    raise SkipEvent(f"topic not read: {entry.topic}")


def _list(kind: str, path: str, key: str = "entity_id", **how: Any) -> Listed[MagentoSettings]:
    """Rows after the last number, and always the first page: what changes meanwhile moves nothing.

    A page past the end, for which Magento gives the last one again (https://github.com/magento/magento2/issues/26986),
    is never asked for. ``key`` is how the rows' number is called in the answer; in a search it is ``entity_id``.
    """

    def page(client: HttpClient, settings: MagentoSettings, since: datetime | None, after: Any) -> Part:
        answer = json_of(client.get(path, _criteria(after or 0, since)))
        found, total = answer.get("items") or [], int(answer.get("total_count") or 0)
        last = max((int(one.get(key) or 0) for one in found), default=0)
        items = [_item(kind, one.get(key), one) for one in found]
        return Part(items, last if total > len(found) and last > (after or 0) else None, None if after else total)

    return Listed(page, **how)


def _criteria(after: int, since: datetime | None) -> dict[str, str]:
    """Groups of filters hold all together; times are compared in UTC, as they are stored."""
    filters = [("entity_id", "gt", str(after))] if after else []
    if since:
        filters.append(("updated_at", "gteq", since.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")))
    query = {
        "searchCriteria[pageSize]": str(_PER_PAGE),
        "searchCriteria[currentPage]": "1",
        "searchCriteria[sortOrders][0][field]": "entity_id",
        "searchCriteria[sortOrders][0][direction]": "ASC",
    }
    for group, (field, condition, value) in enumerate(filters):
        query |= _filter(group, field, condition, value)
    return query


def _filter(group: int, field: str, condition: str, value: str) -> dict[str, str]:
    at = f"searchCriteria[filterGroups][{group}][filters][0]"
    return {f"{at}[field]": field, f"{at}[conditionType]": condition, f"{at}[value]": value}


def _item(kind: str, number: Any, found: Mapping[str, Any]) -> BackfillItem:
    """The digest stands beside the time, which counts whole seconds: two states of one second are two events."""
    body = orjson.dumps(found)
    version = f"{found.get('updated_at')}:{hashlib.blake2b(body, digest_size=8).hexdigest()}"
    return BackfillItem(f"{kind}:{number}:{version}", kind, body)


_PRODUCTS = "rest/V1/products"
_PATHS = {"customer": "rest/V1/customers/search", "order": "rest/V1/orders", "creditmemo": "rest/V1/creditmemos"}
LISTS = {
    "customer": _list("customer", _PATHS["customer"], "id"),
    "order": _list("order", _PATHS["order"], quiet=timedelta(0)),
    "creditmemo": _list("creditmemo", _PATHS["creditmemo"]),
    "product": _list("product", _PRODUCTS, "id", spare=True),
}


def deleted(client: HttpClient, settings: MagentoSettings, ids: Sequence[str]) -> Iterator[BackfillItem]:
    """Orders that the shop has no more: extensions delete them, and none tells."""
    query = {"searchCriteria[pageSize]": str(len(ids)), **_filter(0, "entity_id", "in", ",".join(ids))}
    answer = json_of(client.get(_PATHS["order"], query))
    for one in sorted(set(ids) - {str(order.get("entity_id")) for order in answer.get("items") or ()}):
        yield BackfillItem(f"deleted:order:{one}", "order.deleted", orjson.dumps({"entity_id": one}))


def authorise(settings: MagentoSettings) -> Authorisation:
    """Signed with all four values of the integration (gs-authentication-oauth), else the token as a bearer."""
    token, key = settings.access_token.get_secret_value(), settings.consumer_key
    if key is None or settings.consumer_secret is None or settings.access_token_secret is None:
        return {"authorization": f"Bearer {token}"}
    secret, token_secret = settings.consumer_secret, settings.access_token_secret
    own = OAuth1(key.get_secret_value(), secret.get_secret_value(), token, token_secret.get_secret_value())
    return own.signing()


def api_root(settings: MagentoSettings) -> str:
    """The shop's address. Raises ConfigError when ``base_url`` is not set: there is no common host."""
    if settings.base_url is None:
        raise ConfigError(["base_url: is needed, the address of the shop"])
    return settings.base_url


def check(client: HttpClient, settings: MagentoSettings) -> Checked:
    """Read one of each list with the token."""
    found = Checked()
    for name, path in _PATHS.items():
        query = {**_criteria(0, None), "searchCriteria[pageSize]": "1"}
        found.reads(f"{name}s", partial(client.get, path, query))
    one = {**_criteria(0, None), "searchCriteria[pageSize]": "1"}
    return found.may_read("products", partial(client.get, _PRODUCTS, one))


backfill = partial(in_turn, LISTS)
SOURCE = Source(
    parse=parse,
    backfill=backfill,
    lists=LISTS,
    deleted=deleted,
    authorise=authorise,
    api_root=api_root,
    check=check,
)
