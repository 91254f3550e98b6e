"""What the contract kit cannot know of vendure: its lists, its errors, and what its users report."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from hub.connectors.vendure.manifest import MANIFEST, VendureSettings
from hub.connectors.vendure.source import authorise, backfill, check, parse
from hub.errors import AuthError, RejectedError, SkipEvent
from hub.mapping.order import is_open, missing, refunded
from hub.model.event import CustomerEvent, OrderEvent
from hub.model.order import Order
from hub.sdk.http import HttpClient
from hub.sdk.source import BackfillItem, InboxEntry

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SETTINGS = VendureSettings.model_validate({**MANIFEST.sample_settings, "channel_token": "invented-channel"})
SAMPLES = Path(__file__).parent / "samples"
Answer = Callable[[httpx.Request], httpx.Response]


def told(sample: str, **more: Any) -> dict[str, Any]:
    item: dict[str, Any] = json.loads((SAMPLES / "order" / sample / "body.json").read_bytes())
    return {**item, "order": {**item["order"], **more}}


def events(item: dict[str, Any]) -> list[Any]:
    return list(parse(InboxEntry("shop", "1", "order", {}, json.dumps(item).encode(), NOW), SETTINGS))


def read(item: dict[str, Any]) -> Order:
    [event] = [event for event in events(item) if isinstance(event, OrderEvent)]
    return event.order


def http(answer: Answer) -> HttpClient:
    return HttpClient(SETTINGS.base_url, transport=httpx.MockTransport(answer), headers=authorise(SETTINGS))


def walk(answer: Answer, since: datetime | None = None) -> Iterator[BackfillItem]:
    with http(answer) as client:
        for page in backfill(client, SETTINGS, since, None):
            yield from page.items


def test_what_changes_while_a_list_is_paged_is_not_lost() -> None:
    # given 250 orders, of which one is touched after every page and so moves to the end of the list
    orders = [{"id": str(n), "updatedAt": f"2026-02-01T00:{n // 60:02}:{n % 60:02}.000Z"} for n in range(250)]
    clock, seen = iter(range(60)), list[dict[str, Any]]()

    def shop(request: httpx.Request) -> httpx.Response:
        assert (request.headers["vendure-api-key"], request.headers["vendure-token"]) == (
            "invented-key",
            "invented-channel",
        )
        asked = json.loads(request.content)
        options = asked["variables"]["options"]
        if "OrderListOptions" not in asked["query"]:
            return httpx.Response(200, json={"data": {}})
        seen.append(options)
        begin = options["filter"].get("updatedAt", {}).get("after", "")
        found = sorted((one for one in orders if one["updatedAt"] > begin), key=lambda one: one["updatedAt"])
        page = found[options["skip"] : options["skip"] + options["take"]]
        answer = httpx.Response(200, json={"data": {"orders": {"totalItems": len(found), "items": page}}})
        orders[10]["updatedAt"] = f"2026-02-02T00:00:{next(clock):02}.000Z"
        return answer

    assert {json.loads(item.body)["order"]["id"] for item in walk(shop)} == {str(n) for n in range(250)}
    assert all(options["filter"]["active"] == {"eq": False} for options in seen)


def test_an_import_of_one_moment_is_walked_by_offset() -> None:
    orders = [{"id": str(n), "updatedAt": "2026-02-01T00:00:00.000Z"} for n in range(250)]

    def shop(request: httpx.Request) -> httpx.Response:
        options = json.loads(request.content)["variables"]["options"]
        name = "customers" if "CustomerListOptions" in json.loads(request.content)["query"] else "orders"
        page = orders[options["skip"] : options["skip"] + 100] if name == "orders" else []
        return httpx.Response(200, json={"data": {name: {"totalItems": 250, "items": page}}})

    assert len({item.event_id for item in walk(shop)}) == 250


def test_orders_placed_of_late_are_asked_for_whatever_their_time_of_change() -> None:
    # seen on a running 3.7.3: placing, settling, refunding and sending leave updatedAt where it was
    asked = list[dict[str, Any]]()

    def shop(request: httpx.Request) -> httpx.Response:
        asked.append(json.loads(request.content)["variables"]["options"].get("filter", {}))
        return httpx.Response(200, json={"data": {}})

    assert list(walk(shop, NOW)) == []
    changed = {"updatedAt": {"after": "2026-03-01T11:59:59.999Z"}}
    placed = {"orderPlacedAt": {"after": "2026-03-01T11:59:59.999Z"}}
    late = {"orderPlacedAt": {"after": "2026-02-26T11:59:59.999Z"}}
    orders = {"active": {"eq": False}}
    assert asked == [{"_or": [changed]}, {**orders, "_or": [changed, placed]}, {**orders, "_or": [late]}, {}]


@pytest.mark.parametrize(("code", "kind"), [("FORBIDDEN", AuthError), ("INTERNAL_SERVER_ERROR", RejectedError)])
def test_errors_come_with_200(code: str, kind: type[Exception]) -> None:
    answer = {"data": None, "errors": [{"message": "x", "extensions": {"code": code}}]}
    with http(lambda request: httpx.Response(200, json=answer)) as client, pytest.raises(kind):
        check(client, SETTINGS)


def test_a_refund_makes_another_version_of_an_order_that_was_not_touched() -> None:
    order = told("for_a_scratch")["order"]

    def shop(request: httpx.Request) -> httpx.Response:
        name = "customers" if "CustomerListOptions" in json.loads(request.content)["query"] else "orders"
        page = {"totalItems": 1, "items": [order] if name == "orders" else []}
        return httpx.Response(200, json={"data": {name: page}})

    [first] = walk(shop)
    order["payments"][0]["refunds"][0]["updatedAt"] = "2026-02-20T00:00:00.000Z"
    [second] = walk(shop)
    assert first.event_id != second.event_id
    assert events({"order": order, "precision": 2})[-1].occurred_at == datetime(2026, 2, 20, tzinfo=UTC)


def test_what_was_cancelled_and_given_back_counts_once() -> None:
    # vendurehq/vendure#1414, #4811: the total goes down with the cancelled line, and its money is a refund
    order = read(told("cancelled_in_part"))
    assert (order.total, refunded(order)) == (Decimal("39.90"), Decimal("15.00"))
    assert not missing(order)


def test_money_given_back_without_goods_counts_too() -> None:
    order = read(told("for_a_scratch"))
    assert (order.total, refunded(order)) == (Decimal("54.90"), Decimal("10.00"))


def test_cents_that_discounts_leave_over_are_noted_and_no_more() -> None:
    # vendurehq/vendure#3091, #3047: prorated prices are rounded per unit
    item = told("account_and_gift")
    item["order"]["totalWithTax"] += 11
    notes = [one.reason for one in events(item) if hasattr(one, "reason")]
    assert notes == ["the parts make 0.11 EUR less than the total"]


def test_surcharges_and_their_tax_are_in_the_total() -> None:
    # vendurehq/vendure#2797: taxSummary once lacked the tax of surcharges; amounts with tax do not depend on it
    item = told("account_and_gift", taxSummary=[])
    assert not missing(read(item))
    item["order"]["surcharges"] = [{"id": "6", "description": "Gutschrift", "priceWithTax": -450}]
    item["order"]["totalWithTax"] -= 500
    assert not missing(read(item))


def test_the_precision_is_the_shops_and_not_the_currencys() -> None:
    assert read(told("three_decimals")).total == Decimal("12.345")
    assert read(told("guest_in_yen")).total == 3500


@pytest.mark.parametrize(
    ("state", "paid", "reads", "waits"),
    [
        ("PaymentAuthorized", False, "open", True),
        ("PaymentSettled", True, "paid", False),
        ("PartiallyShipped", True, "paid", False),
        ("PartiallyDelivered", True, "paid", False),
        ("Modifying", True, "paid", False),
        ("ArrangingAdditionalPayment", True, "paid", False),
        ("Shipped", True, "fulfilled", False),
        ("Shipped", False, "fulfilled", True),
        ("Delivered", True, "completed", False),
        ("Cancelled", True, "cancelled", False),
        ("AwaitingEngraving", True, "paid", False),
        ("AwaitingEngraving", False, "open", True),
    ],
)
def test_every_state_is_read(state: str, paid: bool, reads: str, waits: bool) -> None:
    item = told("account_and_gift", state=state)
    item["order"]["payments"] = item["order"]["payments"] if paid else []
    assert (read(item).state, is_open(read(item))) == (reads, waits)


def test_an_order_whose_money_all_went_back_is_refunded() -> None:
    item = told("for_a_scratch")
    item["order"]["payments"][0]["refunds"][0]["total"] = 5490
    assert read(item).state == "refunded"


@pytest.mark.parametrize("sample", ["cart", "of_a_seller"])
def test_carts_and_the_parts_of_sellers_are_no_orders(sample: str) -> None:
    with pytest.raises(SkipEvent):
        events(told(sample))


def test_a_present_goes_to_somebody_else() -> None:
    [who] = [one for one in events(told("account_and_gift")) if isinstance(one, CustomerEvent)]
    assert [address.country for address in who.customer.addresses] == ["DE"]
    assert [number.value for number in who.customer.phones] == ["+494131789012"]


def test_a_new_price_is_a_new_event_though_the_product_did_not_change() -> None:
    # given a product whose variant gets another price, which leaves the product's updatedAt where it was
    variant = {"id": "31", "sku": "OEL-M", "priceWithTax": 12900, "currencyCode": "EUR"}
    told = {"id": "11", "updatedAt": "2026-02-10T14:03:00.120Z", "name": "Jacke", "variants": [variant]}

    def names() -> set[str]:
        def shop(request: httpx.Request) -> httpx.Response:
            found = [told] if b"ProductListOptions" in request.content else []
            return httpx.Response(200, json={"data": {"products": {"totalItems": 1, "items": found}}})

        return {item.event_id for item in walk(shop, NOW) if item.topic == "product"}

    before = names()
    assert names() == before
    variant["priceWithTax"] = 9900
    assert names() != before
