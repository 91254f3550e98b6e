"""BigCommerce's products, with the names of what they point to, and their reviews.

Sources: https://developer.bigcommerce.com/docs/rest-catalog/products (id:greater, sort, include),
…/rest-catalog/brands (id:in), …/rest-catalog/category-trees/categories (category_id:in),
…/rest-catalog/products/reviews (those of one product), …/rest-management/store-information (currency, secure_url).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from hub.connectors.bigcommerce.manifest import BigCommerceSettings
from hub.sdk.http import HttpClient, json_of
from hub.sdk.paginate import numbered
from hub.sdk.source import BackfillItem, Part

CATALOGUE = "v3/catalog/products"
_SIZE = 100
_REVIEWED = 20
"""Products of which the reviews are read for one page: each costs a call."""


def products(client: HttpClient, settings: BigCommerceSettings, since: datetime | None, after: Any) -> Part:
    """Products by id, those changed at or after ``since``; the store's address and currency come with each."""
    query = {"include": "variants,images", "sort": "id", "direction": "asc", "id:greater": after or 0, "limit": _SIZE}
    if since:
        query["date_modified:min"] = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    found = _rows(client, CATALOGUE, query)
    if not found:
        return Part(())
    store = json_of(client.get("v2/store"))
    brands = _names(client, "v3/catalog/brands", "id", (one.get("brand_id") for one in found))
    ids = (number for one in found for number in one.get("categories") or ())
    categories = _names(client, "v3/catalog/trees/categories", "category_id", ids)
    items = []
    for one in found:
        told = {
            "product": one,
            "brand": brands.get(one.get("brand_id")),
            "categories": [categories[number] for number in one.get("categories") or () if number in categories],
            "currency": store.get("currency"),
            "shop": store.get("secure_url"),
        }
        items.append(_item("product", one, told))
    return Part(items, found[-1].get("id") if len(found) == _SIZE else None)


def _names(client: HttpClient, path: str, field: str, ids: Iterable[Any]) -> Mapping[Any, Any]:
    wanted = sorted({one for one in ids if isinstance(one, int) and one})
    asked = {f"{field}:in": ",".join(map(str, wanted)), "limit": 250}
    return {one.get(field): one.get("name") for one in _rows(client, path, asked)} if wanted else {}


def reviews(client: HttpClient, settings: BigCommerceSettings, since: datetime | None, after: Any) -> Part:
    """The reviews of every product that has one, those changed at or after ``since``."""
    query = {"include_fields": "reviews_count", "sort": "id", "direction": "asc", "id:greater": after or 0}
    found = _rows(client, CATALOGUE, {**query, "limit": _SIZE})
    reviewed = [one for one in found if one.get("reviews_count")]
    items = [
        _item("review", review, {"review": review, "product_id": one.get("id")})
        for one in reviewed[:_REVIEWED]
        for review in _reviews(client, f"{CATALOGUE}/{one.get('id')}/reviews")
        if since is None or _changed(review) >= since.astimezone(UTC).isoformat()[:19]
    ]
    if len(reviewed) > _REVIEWED:
        return Part(items, reviewed[_REVIEWED - 1].get("id"))
    return Part(items, found[-1].get("id") if len(found) == _SIZE else None)


def _item(kind: str, found: Mapping[str, Any], told: Mapping[str, Any]) -> BackfillItem:
    """As if a webhook had brought the whole of it."""
    topic, changed = f"store/{kind}/updated", found.get("date_modified") or found.get("date_created")
    head = {"scope": topic, "created_at": changed, "data": {"type": kind, "id": found.get("id")}}
    event_id = f"backfill:{kind}:{found.get('id')}:{changed}:{found.get('status') or ''}"
    return BackfillItem(event_id, topic, orjson.dumps({**head, **told}))


def _changed(review: Mapping[str, Any]) -> str:
    """Both times are UTC, and compare as text; one that does not tell its time is read each time."""
    return str(review.get("date_modified") or review.get("date_created") or "9999")


def _reviews(client: HttpClient, path: str) -> Iterator[Mapping[str, Any]]:
    return numbered(lambda number: _rows(client, path, {"limit": 250, "page": number}), 250)


def _rows(client: HttpClient, path: str, query: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    response = client.get(path, {name: str(value) for name, value in query.items()})
    answer = json_of(response) if response.content else []
    return answer if isinstance(answer, list) else answer.get("data") or []
