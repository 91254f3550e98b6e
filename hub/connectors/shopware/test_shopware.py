"""What the contract kit cannot know of Shopware: the vendor's payloads, registration, history since a day."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from hub.connectors.shopware.manifest import MANIFEST, ShopwareSettings, oauth
from hub.connectors.shopware.schemas_lists import LISTS
from hub.connectors.shopware.source import SIGNATURE, answer, backfill, completions, deleted, name_event, parse
from hub.errors import PayloadError, SkipEvent, VerificationError
from hub.model.event import CustomerEvent, DeletionEvent, OrderEvent
from hub.sdk.http import HttpClient
from hub.sdk.source import InboxEntry, RawDelivery

ROOT = Path(__file__).parents[3]
CONTRACTS = Path(os.environ.get("HUB_CONTRACTS_DIR") or ROOT.parent / "shared" / "contracts")
SAMPLES = Path(__file__).parent / "samples"
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SETTINGS = ShopwareSettings.model_validate(dict(MANIFEST.sample_settings))
URL = "https://hub.example.com/webhooks/shop"


def delivery(body: bytes = b"", headers: Mapping[str, str] | None = None, query: str = "") -> RawDelivery:
    pairs = dict(httpx.QueryParams(query))
    return RawDelivery("GET" if query else "POST", f"{URL}?{query}" if query else URL, pairs, headers or {}, body, NOW)


def entry(topic: str, payload: Any, completed: Mapping[str, bytes] | None = None, **beside: Any) -> InboxEntry:
    body = {"data": {"event": topic, "payload": payload}, "source": {"eventId": "1"}, **beside}
    return InboxEntry("shop", "1", topic, {}, json.dumps(body).encode(), NOW, completed or {})


def fetched(order: Mapping[str, Any]) -> Sequence[Any]:
    written = [{"entity": "order", "primaryKey": order["id"]}]
    return parse(entry("order.written", written, {"order-0": orjson.dumps({"data": [order]})}), SETTINGS)


def order(**changes: Any) -> dict[str, Any]:
    path = SAMPLES / "state_enter.order_transaction" / "paid" / "completions" / "order-0.json"
    return {**json.loads(path.read_bytes())["data"][0], **changes}


def of(events: Sequence[Any]) -> OrderEvent:
    return next(event for event in events if isinstance(event, OrderEvent))


def hexed(secret: str, message: str) -> str:
    return hmac.new(secret.encode(), message.encode(), hashlib.sha256).hexdigest()


def test_the_vendors_signature_vector_is_accepted() -> None:
    for path in (CONTRACTS / "signatures").glob("shopware-official-*.json"):
        vector = json.loads(path.read_bytes())
        own = {"shop_secret": vector["secret"], "app_secret": None}
        settings = ShopwareSettings.model_validate({**MANIFEST.sample_settings, **own})

        SIGNATURE.verify(delivery(vector["body"].encode(), vector["headers"]), settings)

        with pytest.raises(VerificationError):
            SIGNATURE.verify(delivery(b"other", vector["headers"]), settings)


def test_the_vendors_own_order_is_read() -> None:
    for path in (CONTRACTS / "shopware").glob("order-entity.json"):
        found = of(fetched(json.loads(path.read_bytes()))).order

        assert (found.number, found.total, found.currency, found.state) == ("10077", Decimal("395.01"), "EUR", "open")


def test_the_vendors_own_webhook_is_named_by_its_event_id() -> None:
    for path in (CONTRACTS / "shopware").glob("webhook-product-written-delete.raw.json"):
        assert name_event(delivery(path.read_bytes()), SETTINGS).topic == "product.written"


def test_what_is_asked_of_the_api_stands_in_the_vendors_specification() -> None:
    for path in (CONTRACTS / "specs" / "shopware").glob("adminapi.json"):
        spec = json.loads(path.read_bytes())
        for entity, listed in LISTS.items():
            assert listed.path.removeprefix("/api") in spec["paths"], entity
            for alias, fields in listed.includes.items():
                kind = spec["components"]["schemas"].get("".join(map(str.capitalize, alias.split("_"))))
                if kind is None:
                    assert alias.startswith(("calculated_", "cart_")), (
                        alias
                    )  # a struct, which the specification leaves out
                    continue
                known = kind.get("properties") or kind["allOf"][-1]["properties"]
                assert set(fields) <= set(known), alias


def test_a_shop_that_installs_the_app_is_given_the_shop_secret() -> None:
    # given the registration of a shop, signed with the app's secret
    query = "shop-id=KIPf0Fz6BUkN&shop-url=https%3A%2F%2Fladen.example.de&timestamp=1772366400"
    signed = {"shopware-app-signature": hexed("sample-app-secret", query)}
    # when Hub answers
    reply = answer(delivery(headers=signed, query=query), SETTINGS)
    # then the answer proves that Hub knows the app's secret
    assert reply is not None
    told = json.loads(reply.body)
    assert told["proof"] == hexed("sample-app-secret", "KIPf0Fz6BUkNhttps://laden.example.deHub")
    assert (told["secret"], told["confirmation_url"]) == (MANIFEST.sample_settings["shop_secret"][0], URL)
    # and a shop that registers again has to sign with its own secret too
    again = {**signed, "shopware-shop-signature": hexed("wrong", query)}
    with pytest.raises(VerificationError, match="by shop_secret"):
        answer(delivery(headers=again, query=query), SETTINGS)
    again["shopware-shop-signature"] = hexed("sample-shop-secret-old", query)
    assert answer(delivery(headers=again, query=query), SETTINGS) == reply
    # and a stranger gets nothing, nor does anybody where no app_secret is set
    with pytest.raises(VerificationError, match="by app_secret"):
        answer(delivery(headers={"shopware-app-signature": "0"}, query=query), SETTINGS)
    with pytest.raises(VerificationError, match="app_secret is not set"):
        answer(delivery(headers=signed, query=query), SETTINGS.model_copy(update={"app_secret": None}))


@pytest.mark.parametrize(
    ("chosen", "fault"),
    [
        ({"shop_secret": "short"}, "64 to 255 characters"),
        ({"shop_secret": "x" * 256}, "64 to 255 characters"),
        ({"base_url": "https://laden.example.de/admin"}, "without /admin"),
        ({"base_url": "https://laden.example.de/api/"}, "without /admin"),
        ({"shop_secret": "short", "app_secret": None}, None),
        ({"base_url": "https://laden.example.de/de"}, None),
    ],
)
def test_what_a_shop_would_refuse_is_a_fault_of_the_settings(chosen: Mapping[str, Any], fault: str | None) -> None:
    settings = {**MANIFEST.sample_settings, **chosen}
    if fault is None:
        ShopwareSettings.model_validate(settings)
    else:
        with pytest.raises(ValueError, match=fault):
            ShopwareSettings.model_validate(settings)


def test_the_confirmation_is_answered_when_the_shop_signed_it() -> None:
    body = b'{"apiKey":"SWIA","secretKey":"invented","timestamp":"1772366400","shopId":"KIPf0Fz6BUkN"}'

    reply = answer(SIGNATURE.sign(delivery(body), SETTINGS), SETTINGS)

    assert reply is not None
    assert reply.status == 204
    with pytest.raises(VerificationError, match="confirmation"):
        answer(delivery(body), SETTINGS)


def test_a_list_that_php_filtered_is_an_object_with_gaps() -> None:
    written = {"1": {"entity": "order", "operation": "update", "primaryKey": "a1"}}

    assert [one.query["id"] for one in completions(entry("order.written", written), SETTINGS)] == ["a1"]


def test_an_order_that_cannot_be_read_is_not_taken_for_a_deleted_one() -> None:
    with pytest.raises(PayloadError, match="missing"):
        fetched({**order(), "currency": None})


def test_an_event_without_an_id_cannot_be_named() -> None:
    with pytest.raises(PayloadError) as caught:
        name_event(delivery(b'{"data":{"event":"order.written","payload":[]},"source":{"url":"x"}}'), SETTINGS)
    assert caught.value.path == "source.eventId"


@pytest.mark.parametrize(
    ("own", "payments", "state", "due"),
    [
        ("open", ["open"], "open", None),
        ("open", ["authorized"], "open", None),
        ("open", ["paid_partially"], "open", None),
        ("open", ["paid"], "paid", None),
        ("open", ["failed", "paid"], "paid", None),
        ("open", ["paid", "cancelled"], "paid", None),
        ("open", ["failed", "cancelled"], "failed", None),
        ("in_progress", ["reminded"], "open", None),
        ("completed", ["paid"], "completed", None),
        ("completed", ["open"], "completed", True),
        ("completed", ["refunded"], "refunded", None),
        ("open", ["chargeback"], "refunded", None),
        ("open", ["refunded_partially"], "paid", None),
        ("cancelled", ["open"], "cancelled", None),
        ("open", [], "open", None),
    ],
)
def test_what_an_order_is_follows_from_it_and_its_payments(
    own: str, payments: Sequence[str], state: str, due: bool | None
) -> None:
    tries = [
        {
            "id": f"t{place}",
            "amount": {"totalPrice": 39.8},
            "createdAt": f"2026-02-10T14:0{place}:00.000+00:00",
            "stateMachineState": {"technicalName": name},
        }
        for place, name in enumerate(payments)
    ]

    found = of(fetched(order(transactions=tries, stateMachineState={"technicalName": own}))).order

    assert (found.state, found.payment_due) == (state, due)


def test_the_accounts_of_one_guest_are_one_record_and_that_of_the_orders() -> None:
    # given two accounts that Shopware made for two orders of a guest, as it does
    path = SAMPLES / "customer.written" / "guest" / "completions" / "customer-0.json"
    guest = json.loads(path.read_bytes())["data"][0]
    keys = set()
    for account in ("a1", "a2"):
        body = orjson.dumps({"data": [{**guest, "id": account}]})
        events = parse(entry("customer.written", [{"primaryKey": account}], {"customer-0": body}), SETTINGS)
        keys |= {event.customer.key for event in events if isinstance(event, CustomerEvent)}
    # when an order of theirs comes
    bought = json.loads(
        (SAMPLES / "checkout.order.placed" / "guest_with_promotion" / "completions" / "order-0.json").read_bytes()
    )
    # then all are one record
    assert keys == {of(fetched(bought["data"][0])).record}


def test_history_asks_for_what_changed_of_an_order_and_of_its_payments() -> None:
    asked: list[dict[str, Any]] = []

    def shop(request: httpx.Request) -> httpx.Response:
        asked.append({"path": request.url.path, **json.loads(request.content)})
        assert request.headers["accept"] == "application/json"
        return httpx.Response(200, json={"total": 0, "data": []})

    with HttpClient(SETTINGS.base_url, transport=httpx.MockTransport(shop)) as client:
        pages = list(
            backfill(client, SETTINGS, datetime(2026, 2, 1, tzinfo=UTC), {"list": "order", "at": 7, "found": {}})
        )

    assert [one["path"].removeprefix("/api/search/") for one in asked] == [
        "order",
        "newsletter-recipient",
        "product",
        "product-review",
    ]
    after, changed = asked[0]["filter"]
    assert after == {"type": "range", "field": "autoIncrement", "parameters": {"gt": 7}}
    assert {one["field"] for one in changed["queries"]} == set(LISTS["order"].changes)
    assert {one["parameters"]["gte"] for one in changed["queries"]} == {"2026-02-01T00:00:00.000+00:00"}
    assert pages[-1].cursor["list"] == "done"


def test_an_item_of_history_has_a_new_name_when_only_its_payment_changed() -> None:
    def shop(request: httpx.Request) -> httpx.Response:
        found = [order(id="o1"), order(id="o1", transactions=[{"updatedAt": "2026-02-28T10:00:00.000+00:00"}])]
        return httpx.Response(200, json={"total": 2, "data": found})

    with HttpClient(SETTINGS.base_url, transport=httpx.MockTransport(shop)) as client:
        page = next(iter(backfill(client, SETTINGS, None, {"list": "order", "found": {}})))

    assert len({item.event_id for item in page.items}) == 2


def test_orders_that_the_shop_has_no_more_are_deletions() -> None:
    def shop(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"total": 1, "data": [{"id": "b"}]})

    with HttpClient(SETTINGS.base_url, transport=httpx.MockTransport(shop)) as client:
        items = list(deleted(client, SETTINGS, ["a", "b"]))

    [item] = items
    [gone] = parse(InboxEntry("shop", item.event_id, item.topic, {}, item.body, NOW), SETTINGS)
    assert isinstance(gone, DeletionEvent)
    assert (gone.kind, gone.record.external_id) == ("order", "a")


def test_tokens_come_from_the_shop_itself() -> None:
    assert oauth(SETTINGS).token_url == "https://laden.example.de/api/oauth/token"
    with pytest.raises(ValueError, match="base_url"):
        ShopwareSettings.model_validate({k: v for k, v in MANIFEST.sample_settings.items() if k != "base_url"})


def test_a_topic_that_is_not_read_is_skipped_before_anything_is_fetched() -> None:
    asked = entry("product.written", [{"primaryKey": "p1"}])

    assert completions(asked, SETTINGS) == ()
    with pytest.raises(SkipEvent):
        parse(asked, SETTINGS)


def test_reviews_that_are_deleted_while_a_list_is_paged_cost_no_other() -> None:
    # given 250 reviews of which several came within one moment, and two leave after every page
    reviews = [{"id": f"{n:03}", "createdAt": f"2026-02-01T00:00:{n // 30:02}.000+00:00"} for n in range(250)]
    gone = iter(range(0, 100, 2))

    def shop(request: httpx.Request) -> httpx.Response:
        asked = json.loads(request.content)
        if not request.url.path.endswith("product-review"):
            return httpx.Response(200, json={"data": [], "total": 0})
        begin = next((one["parameters"]["gte"] for one in asked["filter"]), "")
        found = [one for one in reviews if one["createdAt"] >= begin]
        first = (asked["page"] - 1) * asked["limit"]
        answer = httpx.Response(200, json={"data": found[first : first + asked["limit"]], "total": len(found)})
        left = {f"{next(gone):03}", f"{next(gone):03}"}
        reviews[:] = [one for one in reviews if one["id"] not in left]
        return answer

    with HttpClient("https://laden.example.de", transport=httpx.MockTransport(shop)) as http:
        items = [item for page in backfill(http, SETTINGS, None, None) for item in page.items]

    assert {json.loads(item.body)["fetched"]["data"][0]["id"] for item in items} == {f"{n:03}" for n in range(250)}


def test_recipients_of_one_moment_that_leave_while_it_is_paged_cost_no_other() -> None:
    # given 350 recipients that an import wrote within one moment, of which two leave after its second page
    recipients = [{"id": f"{n:03}", "createdAt": "2026-02-01T00:00:00.000+00:00"} for n in range(350)]
    asked = list[int]()

    def shop(request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        if not request.url.path.endswith("newsletter-recipient"):
            return httpx.Response(200, json={"data": [], "total": 0})
        asked.append(body["page"])
        first = (body["page"] - 1) * body["limit"]
        answer = {"data": recipients[first : first + body["limit"]], "total": len(recipients)}
        if len(asked) == 3:
            recipients[:] = [one for one in recipients if one["id"] not in ("003", "004")]
        return httpx.Response(200, json=answer)

    with HttpClient("https://laden.example.de", transport=httpx.MockTransport(shop)) as http:
        items = [item for page in backfill(http, SETTINGS, None, None) for item in page.items]

    told = {json.loads(item.body)["fetched"]["data"][0]["id"] for item in items}
    assert told == {f"{n:03}" for n in range(350)}
    assert asked == [1, 1, 2, 3, 4, 1, 2, 3, 4]
