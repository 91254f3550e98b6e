"""Shopify's history by GraphQL: the same order as its webhook tells, all of it, at the speed the shop allows."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from hub.connectors.shopify import mapping_graphql
from hub.connectors.shopify.manifest import MANIFEST, ShopifySettings
from hub.connectors.shopify.source import parse, verify
from hub.connectors.shopify.source_graphql import seconds_until_room
from hub.connectors.shopify.source_history import SHAPE, as_webhook, backfill
from hub.errors import AuthError, RateLimited, RejectedError, VerificationError
from hub.mapping.came import came_by
from hub.model.event import CustomerEvent, OrderEvent
from hub.sdk.http import Budget, HttpClient
from hub.sdk.manifest import Limits
from hub.sdk.source import BackfillPage, InboxEntry, RawDelivery
from tests.support import shopify_graphql as told

SAMPLES = Path(__file__).parents[2] / "hub" / "connectors" / "shopify" / "samples"
SETTINGS = ShopifySettings.model_validate(dict(MANIFEST.sample_settings))
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ORDERS = sorted(path for path in SAMPLES.glob("orders.*/*/body.json") if "orders.delete" not in path.parts)


def entry(topic: str, document: Any, headers: Mapping[str, str] | None = None) -> InboxEntry:
    return InboxEntry("shop", "1", topic, headers or {}, orjson.dumps(document), NOW)


def by_graphql(document: Any) -> Any:
    return parse(entry("orders/updated", told.order(document), {SHAPE: "graphql"}), SETTINGS)


def by_webhook(document: Any) -> Any:
    return parse(entry("orders/updated", document), SETTINGS)


def comparable(events: Any) -> list[Any]:
    """Without what only one of the two tells: payments, the token of a line, and consents within an order."""
    found: list[Any] = []
    for event in events:
        if isinstance(event, OrderEvent):
            found.append(event.model_copy(update={"order": event.order.model_copy(update={"payments": ()})}))
        elif isinstance(event, CustomerEvent):
            kept = event.customer.model_copy(update={"consents": (), "tags": ()})
            found.append(event.model_copy(update={"customer": kept}))
        else:
            found.append(event)
    return found


@pytest.mark.parametrize("path", ORDERS, ids=lambda path: f"{path.parts[-3]}/{path.parts[-2]}")
def test_an_order_read_by_graphql_is_the_order_of_its_webhook(path: Path) -> None:
    document = json.loads(path.read_text(encoding="utf-8"))
    assert comparable(by_graphql(document)) == comparable(by_webhook(document))


def paid_in_yen() -> dict[str, Any]:
    both = {
        "shop_money": {"amount": "59.90", "currency_code": "EUR"},
        "presentment_money": {"amount": "9800", "currency_code": "JPY"},
    }
    return {
        "id": 820982911946154508, "created_at": "2026-02-01T10:00:00Z", "updated_at": "2026-02-01T10:05:00Z",
        "currency": "EUR", "presentment_currency": "JPY", "total_price": "59.90", "total_price_set": both,
        "financial_status": "paid", "email": "anna@example.de",
        "line_items": [{"id": 1, "title": "Tasse", "quantity": 2, "price": "29.95"}],
    }  # fmt: skip


def test_payments_come_with_it_in_the_shops_money() -> None:
    payments = next(event for event in by_graphql(paid_in_yen()) if isinstance(event, OrderEvent)).order.payments
    assert [(one.amount.amount, one.amount.currency, one.method) for one in payments] == [
        (Decimal("59.90"), "EUR", "shopify_payments")
    ]


@pytest.mark.parametrize(
    ("kind", "status", "counts"),
    [("SALE", "SUCCESS", 1), ("CAPTURE", "PENDING", 1), ("AUTHORIZATION", "SUCCESS", 0), ("SALE", "FAILURE", 0),
     ("REFUND", "SUCCESS", 0), ("VOID", "SUCCESS", 0)],
)  # fmt: skip
def test_only_money_that_moves_is_a_payment(kind: str, status: str, counts: int) -> None:
    document = told.order(paid_in_yen())
    document["transactions"][0] |= {"kind": kind, "status": status}
    events = parse(entry("orders/updated", document, {SHAPE: "graphql"}), SETTINGS)
    assert len(next(event for event in events if isinstance(event, OrderEvent)).order.payments) == counts


def test_a_history_of_the_days_of_rest_is_still_read() -> None:
    assert comparable(by_webhook(paid_in_yen()))
    body = orjson.dumps(paid_in_yen())
    assert as_webhook(InboxEntry("shop", "backfill:orders:1", "orders/updated", {}, body, NOW)) == body


# -- the walk


@dataclass
class Shop:
    """The lists of https://shopify.dev/docs/api/admin-graphql, in the order of change, behind a bucket of points."""

    orders: list[dict[str, Any]] = field(default_factory=list)
    most: int = 1000
    available: float = 2000.0
    calls: int = 0
    denied: tuple[str, ...] = ()
    on_page: Callable[[Shop], None] = lambda shop: None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.calls += 1
        asked = orjson.loads(request.content)
        query, given = asked["query"], asked.get("variables") or {}
        cost = 40.0 * int(given.get("first") or 1)
        status = {"currentlyAvailable": self.available, "restoreRate": 100.0, "maximumAvailable": 2000.0}
        told_cost = {"cost": {"requestedQueryCost": cost, "throttleStatus": status}}
        if cost > self.most:
            return self._error("MAX_COST_EXCEEDED", told_cost)
        if self.denied:
            return self._error("ACCESS_DENIED", {}, path=list(self.denied))
        if "order(id" in query:
            lines = self._by_id(given["id"])["lineItems"]["nodes"]
            start = int(given["after"])
            page = {"hasNextPage": start + 2 < len(lines), "endCursor": str(start + 2)}
            data: dict[str, Any] = {"order": {"lineItems": {"nodes": lines[start : start + 2], "pageInfo": page}}}
        else:
            data = self._lists(query, given)
        self.on_page(self)
        return httpx.Response(200, json={"data": data, "extensions": told_cost})

    def _lists(self, query: str, given: Mapping[str, Any]) -> dict[str, Any]:
        empty = {"nodes": [], "pageInfo": {"hasNextPage": False, "endCursor": None}}
        since = str(given.get("query") or "").partition("'")[2].rstrip("'")
        found = sorted(self.orders, key=lambda one: (one["updatedAt"], one["id"]))
        found = [one for one in found if one["updatedAt"] >= since]
        first, after = int(given.get("first") or 1), given.get("after")
        rest = [one for one in found if after is None or [one["updatedAt"], one["id"]] > orjson.loads(after)]
        nodes = [self._cut(one) for one in rest[:first]]
        end = orjson.dumps([rest[:first][-1]["updatedAt"], rest[:first][-1]["id"]]).decode() if nodes else None
        orders = {"nodes": nodes, "pageInfo": {"hasNextPage": len(rest) > first, "endCursor": end}}
        lists = {"customers": empty, "orders": orders, "abandonedCheckouts": empty}
        return {name: value for name, value in lists.items() if f" {name}(" in query}

    def _cut(self, order: dict[str, Any]) -> dict[str, Any]:
        lines = order["lineItems"]["nodes"]
        page = {"hasNextPage": len(lines) > 2, "endCursor": "2"}
        return {**order, "lineItems": {"nodes": lines[:2], "pageInfo": page}}

    def _by_id(self, wanted: str) -> dict[str, Any]:
        return next(one for one in self.orders if one["id"] == wanted)

    def _error(self, code: str, extensions: Mapping[str, Any], path: list[str] | None = None) -> httpx.Response:
        error = {"message": code, "path": path or [], "extensions": {"code": code}}
        return httpx.Response(200, json={"errors": [error], "data": None, "extensions": extensions})


def bought(number: int, at: str = "2026-02-01T10:00:00Z", lines: int = 1) -> dict[str, Any]:
    items = [{"id": n, "title": f"Ding {n}", "quantity": 1, "price": "1.00"} for n in range(lines)]
    return told.order({**paid_in_yen(), "id": number, "updated_at": at, "line_items": items})


def unhurried() -> Budget:
    """A budget whose clock only its own waits move."""
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    return Budget(Limits(), clock=lambda: now[0], sleep=sleep)


def client(shop: Shop, budget: Budget | None = None) -> HttpClient:
    transport, root = httpx.MockTransport(shop), "https://hafenkante.myshopify.com"
    return HttpClient(root, transport=transport, budget=budget or unhurried(), background=True)


def walked(shop: Shop, since: datetime | None = None, cursor: Mapping[str, Any] | None = None) -> list[BackfillPage]:
    with client(shop) as http:
        return list(backfill(http, SETTINGS, since, cursor))


def numbers(pages: list[BackfillPage]) -> list[str]:
    return [item.event_id.split(":")[2] for page in pages for item in page.items]


def test_a_page_that_costs_too_much_is_asked_for_with_fewer() -> None:
    shop = Shop([bought(n) for n in range(100, 130)], most=400)
    pages = walked(shop)
    assert numbers(pages) == [str(n) for n in range(100, 130)]
    assert {page.cursor["first"] for page in pages if page.cursor["resource"] == "orders"} <= {6, 100, 25}


def test_ties_at_one_moment_and_what_changes_meanwhile_are_all_read() -> None:
    # given sixty orders of one second, of which one that was read and one that was not change while they are paged
    shop = Shop([bought(n) for n in range(100, 160)])

    def changes(double: Shop) -> None:
        if double.calls == 4:  # three of the customers, of which two cost too much, and the first of orders
            for index in (0, 59):
                double.orders[index] = {**double.orders[index], "updatedAt": "2026-02-01T10:00:09Z"}

    shop.on_page = changes
    found = numbers(walked(shop))
    assert set(found) == {str(n) for n in range(100, 160)}
    assert found.count("100") == 2


def test_every_line_of_a_long_order_is_fetched() -> None:
    [page] = [page for page in walked(Shop([bought(7, lines=7)])) if page.items]
    document = orjson.loads(
        as_webhook(InboxEntry("shop", "1", "orders/updated", page.items[0].headers, page.items[0].body, NOW))
    )
    assert [line["title"] for line in document["line_items"]] == [f"Ding {n}" for n in range(7)]


def test_a_poll_that_finds_nothing_costs_one_call_and_one_that_finds_something_one_more() -> None:
    shop = Shop([bought(7)])
    assert walked(shop, datetime(2026, 2, 2, tzinfo=UTC)) == []
    assert shop.calls == 1
    assert numbers(walked(shop, datetime(2026, 2, 1, tzinfo=UTC))) == ["7"]
    assert shop.calls == 3


def test_a_run_goes_on_at_any_cursor_also_at_one_of_rest() -> None:
    shop = Shop([bought(n) for n in range(100, 160)])
    pages = walked(shop)
    for index, page in enumerate(pages):
        rest = numbers(walked(shop, None, json.loads(json.dumps(page.cursor))))
        assert rest == numbers(pages[index + 1 :])
    assert len(numbers(walked(shop, None, {"resource": "orders", "page_info": "seite2"}))) == 60


def test_the_next_page_waits_until_the_bucket_holds_its_cost() -> None:
    slept: list[float] = []
    now = [0.0]

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    shop = Shop([bought(n) for n in range(100, 130)], available=500.0)
    with client(shop, Budget(Limits(), clock=lambda: now[0], sleep=sleep)) as http:
        list(backfill(http, SETTINGS, None, {"resource": "orders", "after": None, "first": 25}))
    assert slept[0] == pytest.approx((1000 - 500) / 100)


@pytest.mark.parametrize(
    ("cost", "seconds"),
    [
        ({"requestedQueryCost": 300, "throttleStatus": {"currentlyAvailable": 100, "restoreRate": 50.0}}, 4.0),
        ({"requestedQueryCost": 300, "throttleStatus": {"currentlyAvailable": 400, "restoreRate": 50.0}}, 0.0),
        ({"requestedQueryCost": 300, "throttleStatus": {"currentlyAvailable": 0, "restoreRate": 0}}, 0.0),
        ({"requestedQueryCost": 300}, 0.0), (None, 0.0), ("odd", 0.0),
    ],
)  # fmt: skip
def test_how_long_to_wait_is_what_the_answer_tells(cost: Any, seconds: float) -> None:
    assert seconds_until_room(cost) == seconds


@pytest.mark.parametrize(
    ("errors", "kind"),
    [
        ([{"message": "Throttled", "extensions": {"code": "THROTTLED"}}], RateLimited),
        ([{"message": "Throttled"}], RateLimited),
        (
            [{"message": "Access denied", "path": ["orders"], "extensions": {"code": "ACCESS_DENIED"}}],
            AuthError,
        ),
        ([{"message": "Field 'x' doesn't exist"}], RejectedError),
        ("[API] Invalid API key", RejectedError),
    ],
)
def test_an_answer_of_200_with_errors_is_an_error_of_the_tree(errors: Any, kind: type[Exception]) -> None:
    with pytest.raises(kind), client(lambda _: httpx.Response(200, json={"errors": errors})) as http:  # type: ignore[arg-type]
        list(backfill(http, SETTINGS, None, None))


@pytest.mark.parametrize(
    ("visit", "told"),
    [
        (
            {"landingPage": "https://shop.example/?gclid=x#top", "utmParameters": {"source": "g", "campaign": "a b"}},
            {"utm_source": "g", "utm_campaign": "a b", "click_id": "gclid"},
        ),
        (
            {"landingPage": "https://shop.example/?utm_source=mail", "utmParameters": {"source": "mail"}},
            {"utm_source": "mail"},
        ),
        ({"landingPage": None, "utmParameters": {"source": "g", "medium": None}}, {"utm_source": "g"}),
        ({"landingPage": "https://shop.example/", "utmParameters": None}, {}),
        (None, {}),
    ],
)
def test_the_campaign_of_the_visit_that_ended_in_an_order_is_read(visit: Any, told: Mapping[str, str]) -> None:
    """ShopifySharp #935, airbyte #44890: a history without ``customerJourneySummary`` knows no campaign of an order."""
    found = mapping_graphql.order({**bought(7), "customerJourneySummary": {"lastVisit": visit, "firstVisit": None}})
    assert came_by(found["landing_site"]) == told


@pytest.mark.parametrize(
    "path",
    [["retailLocation"], ["customerJourneySummary"], ["customerJourneySummary", "lastVisit", "landingPage"]],
)
def test_without_a_scope_that_orders_do_not_need_all_else_is_read(path: list[str]) -> None:
    def shop(request: httpx.Request) -> httpx.Response:
        lists = Shop([bought(7)])(request).json()
        denied = {
            "message": "Access denied",
            "path": ["orders", "nodes", 0, *path],
            "extensions": {"code": "ACCESS_DENIED"},
        }
        return httpx.Response(200, json={**lists, "errors": [denied]})

    assert numbers(walked(shop)) == ["7"]  # type: ignore[arg-type]


# -- the headers of events


def test_headers_without_x_are_a_signature_too() -> None:
    from hub.connectors.shopify.source import SIGNATURE, name_event

    def delivery(headers: Mapping[str, str], body: bytes = b'{"id":1}') -> RawDelivery:
        return RawDelivery("POST", "https://hub.example.com/webhooks/shop", {}, headers, body, NOW)

    signed = SIGNATURE.sign(delivery({}), SETTINGS).headers[SIGNATURE.header]
    events = {"shopify-hmac-sha256": signed, "shopify-topic": "orders/create", "shopify-event-id": "e1"}
    verify(delivery(events), SETTINGS)
    assert name_event(delivery(events), SETTINGS).event_id == "orders/create:e1"
    with pytest.raises(VerificationError):
        verify(delivery(events, b'{"id":2}'), SETTINGS)
    with pytest.raises(VerificationError):
        verify(delivery({"shopify-topic": "orders/create"}), SETTINGS)
