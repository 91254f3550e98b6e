"""Vendors' lists as a poll sees them: one row for each order, filtered, sorted and paged as each vendor's page says."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

import httpx

PAGE = 2
Rows = list[tuple[int, datetime]]
"""Number and time of change, sorted by number."""


@dataclass(frozen=True)
class Speaks:
    """How one vendor answers. ``time`` writes a time as the vendor does, and as the event ids hold it.

    ``answer`` gives nothing for a request about anything but orders; ``quiet`` is what it says then.
    """

    answer: Callable[[httpx.Request, Rows], Any]
    time: Callable[[datetime], str]
    quiet: Any = field(default_factory=dict)


def iso(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.000Z}"


def _offset(rows: list[Any], start: int) -> list[Any]:
    return rows[start : start + PAGE]


def _by_time(rows: Rows) -> Rows:
    return sorted(rows, key=lambda row: (row[1], row[0]))


def _body(request: httpx.Request) -> Any:
    return json.loads(request.content)


def magento(request: httpx.Request, rows: Rows) -> Any:
    if not request.url.path.endswith("/orders"):
        return None
    query, at = request.url.params, "searchCriteria[filterGroups][{}][filters][0][{}]"
    for group in range(2):
        value = query.get(at.format(group, "value"), "")
        match query.get(at.format(group, "field")):
            case "entity_id":
                rows = [row for row in rows if row[0] > int(value)]
            case "updated_at":
                rows = [row for row in rows if plain(row[1]) >= value]
    items = [{"entity_id": number, "updated_at": plain(at)} for number, at in rows[:PAGE]]
    return {"items": items, "total_count": len(rows)}


def plain(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def medusa(request: httpx.Request, rows: Rows) -> Any:
    if not request.url.path.endswith("/orders"):
        return None
    query = request.url.params
    rows = [row for row in rows if iso(row[1]) >= query.get("updated_at[$gte]", "")]
    found = _offset(rows, int(query["offset"]))
    return {"orders": [{"id": str(number), "updated_at": iso(at)} for number, at in found], "count": len(rows)}


def woocommerce(request: httpx.Request, rows: Rows) -> Any:
    if not request.url.path.endswith("/orders"):
        return None
    query = request.url.params
    rows = [row for row in rows if iso(row[1])[:19] > query.get("modified_after", "")]
    found = _offset(rows, PAGE * (int(query["page"]) - 1))
    return [{"id": number, "date_modified_gmt": iso(at)[:19]} for number, at in found]


def bigcommerce(request: httpx.Request, rows: Rows) -> Any:
    if not request.url.path.endswith("v2/orders"):
        return None
    query = request.url.params
    rows = [row for row in rows if iso(row[1])[:19] > query.get("min_date_modified", "")[:19]]
    rows = [row for row in rows if row[0] >= int(query.get("min_id", 0))]
    return [{"id": number, "date_modified": iso(at)} for number, at in rows[:PAGE]]


def in_paris(at: datetime) -> str:
    return f"{at.astimezone(ZoneInfo('Europe/Paris')):%Y-%m-%d %H:%M:%S}"


def prestashop(request: httpx.Request, rows: Rows) -> Any:
    query = request.url.params
    if not request.url.path.endswith("/orders") or "filter[date_upd]" not in query:
        return None
    begin, start = query["filter[date_upd]"][1:].partition(",")[0], int(query["limit"].partition(",")[0])
    rows = [row for row in _by_time(rows) if in_paris(row[1]) >= begin]
    return {"orders": [{"id": number, "date_upd": in_paris(at)} for number, at in _offset(rows, start)]}


def shopware_time(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.000+00:00}"


def shopware(request: httpx.Request, rows: Rows) -> Any:
    if not request.url.path.endswith("/order"):
        return None
    for one in _body(request)["filter"]:
        if one["type"] == "range":
            rows = [row for row in rows if row[0] > one["parameters"]["gt"]]
        else:
            rows = [row for row in rows if shopware_time(row[1]) >= one["queries"][0]["parameters"]["gte"]]
    found = [{"id": str(n), "autoIncrement": n, "updatedAt": shopware_time(at)} for n, at in rows[:PAGE]]
    return {"total": len(rows), "data": found}


def vendure(request: httpx.Request, rows: Rows) -> Any:
    asked = _body(request)
    if "OrderListOptions" not in asked["query"]:
        return None
    options, rows = asked["variables"]["options"], _by_time(rows)
    chosen = options.get("filter", {})
    for change in (chosen, *chosen.get("_or", ())):
        if "updatedAt" in change:
            rows = [row for row in rows if iso(row[1]) > change["updatedAt"]["after"]]
    found = [{"id": str(number), "updatedAt": iso(at)} for number, at in _offset(rows, options["skip"])]
    return {"data": {"orders": {"totalItems": len(rows), "items": found}}}


def clover_time(at: datetime) -> str:
    return str(int(at.timestamp()) * 1000)


def clover(request: httpx.Request, rows: Rows) -> Any:
    path, query = request.url.path, request.url.params
    if not path.endswith("/orders") or "ABCVJT2ZRRRSD" not in path:
        return None
    begin = int(query["filter"].partition(">=")[2])
    rows = [row for row in _by_time(rows) if int(clover_time(row[1])) >= begin]
    found = _offset(rows, int(query["offset"]))
    return {"elements": [{"id": str(number), "modifiedTime": int(clover_time(at))} for number, at in found]}


def odoo_pos(request: httpx.Request, rows: Rows) -> Any:
    asked = _body(request)
    if asked.get("params", {}).get("service") == "object":
        asked = {**asked["params"]["args"][6], "model": asked["params"]["args"][3]}
    if "pos.order" not in (asked.get("model"), request.url.path.split("/")[-2]):
        return None
    rows = [row for row in _by_time(rows) if plain(row[1]) >= asked["domain"][0][2]]
    return [
        {"id": number, "write_date": plain(at), "partner_id": False} for number, at in _offset(rows, asked["offset"])
    ]


def square(request: httpx.Request, rows: Rows) -> Any:
    if request.url.path.endswith("/locations"):
        return {"locations": [{"id": "L1"}]}
    if not request.url.path.endswith("/orders/search"):
        return None
    asked = _body(request)
    times = asked["query"]["filter"]["date_time_filter"]
    begin = datetime.fromisoformat(next(iter(times.values()))["start_at"])
    rows = [row for row in _by_time(rows) if row[1] >= begin]
    if last := asked.get("cursor"):
        rows = [row for row in rows if f"{iso(row[1])} {row[0]}" > last]
    found = [{"id": str(number), "updated_at": iso(at)} for number, at in rows[:PAGE]]
    more = {"cursor": f"{found[-1]['updated_at']} {found[-1]['id']}"} if len(rows) > PAGE else {}
    return {"orders": found, **more}


def utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S+00:00}"


def mailchimp(request: httpx.Request, rows: Rows) -> Any:
    query = request.url.params
    begin = datetime.fromisoformat(query.get("since_last_changed", "2000-01-01T00:00:00+00:00"))
    rows = [row for row in _by_time(rows) if row[1] > begin]
    found = [
        {"id": str(number), "list_id": "L", "email_address": f"p{number}@example.com", "last_changed": utc(at)}
        for number, at in _offset(rows, int(query["offset"]))
    ]
    return {"members": found, "total_items": len(rows)}


def sumup(request: httpx.Request, rows: Rows) -> Any:
    """Events in the order in which they were made; a change is an event of its own."""
    query = request.url.params
    begin = datetime.fromisoformat(query.get("changes_since", "2000-01-01T00:00:00Z"))
    events = [(number, at) for number, at in _by_time(rows) if at >= begin]
    if last := query.get("oldest_ref"):
        events = [(number, at) for number, at in events if f"{iso(at)}-{number}" > last]
    items = [{"transaction_id": f"{n}", "status": iso(at), "refunded_amount": 0} for n, at in events[:PAGE]]
    links = []
    if len(events) > PAGE:
        last_of = f"{iso(events[PAGE - 1][1])}-{events[PAGE - 1][0]}"
        on = {**dict(parse_qsl(request.url.query.decode())), "oldest_ref": last_of}
        links = [{"rel": "next", "href": str(httpx.QueryParams(on))}]
    return {"items": items, "links": links}


def seconds(at: datetime) -> str:
    return str(int(at.timestamp()))


def etsy(request: httpx.Request, rows: Rows) -> Any:
    query = request.url.params
    if not request.url.path.endswith("/receipts") or "was_canceled" in query or "min_created" in query:
        return None
    rows = [row for row in _by_time(rows) if int(seconds(row[1])) >= int(query["min_last_modified"])]
    found = _offset(rows, int(query["offset"]))
    return {"results": [{"receipt_id": number, "updated_timestamp": int(seconds(at))} for number, at in found]}


VENDORS: Mapping[str, Speaks] = {
    "magento": Speaks(magento, plain),
    "medusa": Speaks(medusa, iso),
    "woocommerce": Speaks(woocommerce, lambda at: iso(at)[:19], quiet=[]),
    "bigcommerce": Speaks(bigcommerce, iso, quiet=[]),
    "prestashop": Speaks(prestashop, in_paris, quiet=[]),
    "shopware": Speaks(shopware, shopware_time),
    "vendure": Speaks(vendure, iso),
    "clover": Speaks(clover, clover_time),
    "odoo_pos": Speaks(odoo_pos, plain, quiet=[]),
    "square": Speaks(square, iso),
    "mailchimp": Speaks(mailchimp, utc),
    "sumup": Speaks(sumup, iso),
    "etsy": Speaks(etsy, seconds),
}
