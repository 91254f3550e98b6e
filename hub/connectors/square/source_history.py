"""Square's lists: customers, orders, payments, refunds; each object as if a webhook had brought the whole of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

import orjson

from hub.connectors.square.manifest import SquareSettings
from hub.mapping.time import instant
from hub.sdk.http import HttpClient, json_of
from hub.sdk.lists import in_turn
from hub.sdk.source import BackfillItem, Listed, Part


@dataclass(frozen=True, slots=True)
class _Step:
    """One call of Square's. ``query`` is sent as JSON to a search, else as query parameters."""

    path: str
    query: Mapping[str, Any]


_FIRST_DAY = datetime(2009, 1, 1, tzinfo=UTC)
"""Square was founded in 2009; without a begin, payments and refunds reach back one year only."""


def _begin(since: datetime | None) -> str:
    return (since or _FIRST_DAY).isoformat().replace("+00:00", "Z")


def _customers(since: datetime | None, locations: Sequence[str]) -> Sequence[_Step]:
    """Searched by change (reference of SearchCustomers: ``filter.updated_at``), or all listed; 100 a page."""
    if since is None:
        return [_Step("/v2/customers", {"sort_field": "CREATED_AT", "sort_order": "ASC", "limit": "100"})]
    query = {"filter": {"updated_at": {"start_at": _begin(since)}}, "sort": {"field": "CREATED_AT", "order": "ASC"}}
    return [_Step("/v2/customers/search", {"limit": 100, "query": query})]


def _orders(since: datetime | None, locations: Sequence[str]) -> Sequence[_Step]:
    """10 locations a call and 500 orders a page (reference of SearchOrders)."""
    field, times = ("UPDATED_AT", "updated_at") if since else ("CREATED_AT", "created_at")
    query = {
        "filter": {
            "date_time_filter": {times: {"start_at": _begin(since)}},
            "state_filter": {"states": ["OPEN", "COMPLETED", "CANCELED"]},
        },
        "sort": {"sort_field": field, "sort_order": "ASC"},
    }
    chunks = [list(locations[at : at + 10]) for at in range(0, len(locations), 10)]
    return [_Step("/v2/orders/search", {"limit": 500, "query": query, "location_ids": chunk}) for chunk in chunks]


def _money(since: datetime | None) -> Mapping[str, Any]:
    begin, field = ("updated_at_begin_time", "UPDATED_AT") if since else ("begin_time", "CREATED_AT")
    return {begin: _begin(since), "sort_field": field, "sort_order": "ASC", "limit": "100"}


def _payments(since: datetime | None, locations: Sequence[str]) -> Sequence[_Step]:
    """100 a page; a call reads one location, the main one unless named (reference of ListPayments)."""
    return [_Step("/v2/payments", {**_money(since), "location_id": location}) for location in locations]


def _refunds(since: datetime | None, locations: Sequence[str]) -> Sequence[_Step]:
    """100 a page (reference of ListPaymentRefunds)."""
    return [_Step("/v2/refunds", _money(since))]


_Steps = Callable[[datetime | None, Sequence[str]], Sequence[_Step]]


def _list(kind: str, steps: _Steps, *, located: bool = False, **how: Any) -> Listed[SquareSettings]:
    """Objects as if a webhook had brought each; ``located`` ones are asked for by the account's locations."""

    def page(http: HttpClient, settings: SquareSettings, since: datetime | None, at: Any) -> Part:
        number, cursor, locations = at or (0, None, _locations(http) if located else [])
        asked = steps(since, locations)
        if not asked:
            return Part([])
        objects, following = _page(http, kind, asked[number], cursor)
        items = [_item(kind, found) for found in objects if _is_recent(found, since)]
        if following is None and number + 1 == len(asked):
            return Part(items)
        return Part(items, [number, following, locations] if following else [number + 1, None, locations])

    return Listed(page, **how)


def _catalogue(http: HttpClient, settings: SquareSettings, since: datetime | None, cursor: Any) -> Part:
    """Items changed after ``since``, each with the name of its category (reference of SearchCatalogObjects)."""
    asked = {"object_types": ["ITEM"], "include_related_objects": True, "limit": 100}
    asked |= {**({"begin_time": _begin(since)} if since else {}), **({"cursor": cursor} if cursor else {})}
    answer = json_of(http.post("/v2/catalog/search", asked))
    related = {one.get("id"): one.get("category_data") or {} for one in answer.get("related_objects") or ()}
    items = []
    for one in answer.get("objects") or ():
        data = one.get("item_data") or {}
        ids = [
            (data.get("reporting_category") or {}).get("id"),
            *(each.get("id") for each in data.get("categories") or ()),
        ]
        names = list(dict.fromkeys(related[each]["name"] for each in ids if related.get(each, {}).get("name")))
        items.append(_item("item", {**one, "category_names": names}))
    return Part(items, answer.get("cursor") or None)


LISTS = {  # customers first, so that every later object finds its customer
    "customers": _list("customer", _customers),
    "orders": _list("order", _orders, located=True, quiet=timedelta(0)),
    "payments": _list("payment", _payments, located=True),
    "refunds": _list("refund", _refunds),
    "items": Listed(_catalogue, spare=True),  # needs ITEMS_READ, which the others do not
}
backfill = partial(in_turn, LISTS)


_LOCATIONS: WeakKeyDictionary[HttpClient, list[str]] = WeakKeyDictionary()
"""They are read once for each run, which has a client of its own."""


def _locations(http: HttpClient) -> list[str]:
    if http not in _LOCATIONS:
        answer = json_of(http.get("/v2/locations"))
        _LOCATIONS[http] = [location["id"] for location in answer.get("locations") or ()]
    return _LOCATIONS[http]


def _page(http: HttpClient, kind: str, step: _Step, cursor: str | None) -> tuple[Sequence[dict[str, Any]], str | None]:
    query = {**step.query, "cursor": cursor} if cursor else step.query
    response = http.post(step.path, query) if step.path.endswith("/search") else http.get(step.path, query)
    answer = json_of(response)
    return answer.get(f"{kind}s") or (), answer.get("cursor") or None


def _is_recent(found: Mapping[str, Any], since: datetime | None) -> bool:
    """Square filtered the lists; what it let through of an older change is left out all the same."""
    changed_at = found.get("updated_at") or found.get("created_at")
    return since is None or not changed_at or instant(changed_at, path="updated_at") >= since


def _item(kind: str, found: Mapping[str, Any]) -> BackfillItem:
    changed_at = found.get("updated_at") or found.get("created_at") or ""
    event_id = f"{kind}:{found.get('id')}:{found.get('version', changed_at)}"
    topic = f"{kind}.updated"
    data = {"type": kind, "id": found.get("id"), "object": {kind: found}}
    event = {"type": topic, "event_id": event_id, "created_at": changed_at, "data": data}
    return BackfillItem(event_id=event_id, topic=topic, body=orjson.dumps(event))
