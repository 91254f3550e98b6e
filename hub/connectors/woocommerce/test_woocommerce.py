"""What the contract kit cannot know of WooCommerce: vendor payloads, the ping, event names, history since a day."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from hub.connectors.woocommerce.manifest import MANIFEST, WooCommerceSettings
from hub.connectors.woocommerce.source import (
    SIGNATURE,
    answer,
    api_root,
    authorise,
    backfill,
    deleted,
    name_event,
    parse,
)
from hub.errors import ConfigError, PayloadError, SkipEvent, VerificationError
from hub.model.event import CustomerEvent, DeletionEvent, OrderEvent
from hub.model.identifier import RecordKey
from hub.sdk.http import HttpClient
from hub.sdk.source import InboxEntry, RawDelivery, Reply

ROOT = Path(__file__).parents[3]
CONTRACTS = Path(os.environ.get("HUB_CONTRACTS_DIR") or ROOT.parent / "shared" / "contracts")
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SETTINGS = WooCommerceSettings.model_validate(dict(MANIFEST.sample_settings))
TOPICS = {
    "customer-created": "customer.created",
    "customers-list-unicode": "customer.updated",
    "order-created-guest": "order.created",
    "orders-list": "order.updated",
}
ORDER = {
    "id": 727,
    "status": "processing",
    "currency": "EUR",
    "total": "34.90",
    "date_created_gmt": "2026-02-10T14:04:05",
    "date_modified_gmt": "2026-02-10T14:04:12",
    "billing": {"first_name": "J&ouml;rg", "email": "joerg@example.de", "country": "DE"},
}


def entry(topic: str, document: Any) -> InboxEntry:
    return InboxEntry("shop", "1", topic, {}, json.dumps(document).encode(), NOW)


def delivery(headers: Mapping[str, str], body: bytes, method: str = "POST") -> RawDelivery:
    return RawDelivery(method, "https://hub.example.com/webhooks/shop", {}, headers, body, NOW)


def named(topic: str, document: Any, webhook: str = "5") -> str:
    headers = {"x-wc-webhook-topic": topic, "x-wc-webhook-id": webhook, "x-wc-webhook-delivery-id": "always-the-same"}
    return name_event(delivery(headers, json.dumps(document).encode()), SETTINGS).event_id


def test_the_signature_vector_is_accepted() -> None:
    for path in sorted((CONTRACTS / "signatures").glob("woocommerce-[0-9].json")):
        vector = json.loads(path.read_bytes())
        settings = WooCommerceSettings.model_validate({"webhook_secret": vector["secret"]})
        headers = {name.lower(): value for name, value in vector["headers"].items()}

        SIGNATURE.verify(delivery(headers, vector["body"].encode()), settings)

        with pytest.raises(VerificationError):
            SIGNATURE.verify(delivery(headers, vector["body"].encode() + b"\n"), settings)


def test_the_vendors_own_payloads_are_read() -> None:
    for stem, topic in TOPICS.items():
        for path in (CONTRACTS / "woocommerce").glob(f"{stem}.json"):
            document = json.loads(path.read_bytes())
            for found in document if isinstance(document, list) else [document]:
                assert parse(entry(topic, found), SETTINGS), stem


def test_the_ping_on_saving_a_webhook_is_answered() -> None:
    assert answer(delivery({"content-type": "application/x-www-form-urlencoded"}, b"webhook_id=5"), SETTINGS) == Reply(
        200
    )


@pytest.mark.parametrize(
    ("headers", "body", "method"),
    [
        ({}, b'{"id":5}', "POST"),
        ({}, b"webhook_id=", "POST"),
        ({}, b"webhook_id=5&more=1", "POST"),
        ({}, b"webhook_id=5", "GET"),
        ({"x-wc-webhook-signature": "x"}, b"webhook_id=5", "POST"),
    ],
)
def test_nothing_else_goes_unsigned(headers: Mapping[str, str], body: bytes, method: str) -> None:
    assert answer(delivery(headers, body, method), SETTINGS) is None


def test_events_that_share_the_delivery_id_have_names_of_their_own() -> None:
    names = {
        named("order.created", ORDER),
        named("order.updated", ORDER),
        named("order.created", {**ORDER, "id": 728}),
        named("order.updated", {**ORDER, "date_modified_gmt": "2026-02-10T14:04:13"}),
        named("order.updated", {**ORDER, "status": "completed"}),
        named("order.created", ORDER, webhook="6"),
    }

    assert len(names) == 6
    assert named("order.created", ORDER) in names


@pytest.mark.parametrize(
    ("headers", "body", "path"),
    [({}, b'{"id":1}', "headers.x-wc-webhook-topic"), ({"x-wc-webhook-topic": "order.created"}, b"{}", "id")],
)
def test_a_delivery_that_cannot_be_named_says_why(headers: Mapping[str, str], body: bytes, path: str) -> None:
    with pytest.raises(PayloadError) as caught:
        name_event(delivery(headers, body), SETTINGS)
    assert caught.value.path == path


def test_a_guests_data_hold_as_of_the_order_and_the_order_as_of_its_change() -> None:
    who, what = parse(entry("order.updated", {**ORDER, "customer_id": 0}), SETTINGS)

    assert isinstance(who, CustomerEvent)
    assert isinstance(what, OrderEvent)
    assert who.customer.key.kind == "guest"
    assert who.customer.name is not None
    assert who.customer.name.full == "Jörg"
    assert (who.occurred_at, what.occurred_at) == (
        datetime(2026, 2, 10, 14, 4, 5, tzinfo=UTC),
        datetime(2026, 2, 10, 14, 4, 12, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("status", "paid_at", "state"),
    [
        ("pending", None, "open"),
        ("on-hold", None, "open"),
        ("processing", None, "open"),
        ("processing", "2026-02-10T14:04:11", "paid"),
        ("completed", None, "completed"),
        ("trash", None, "cancelled"),
        ("refunded", None, "refunded"),
        ("failed", None, "failed"),
        ("in-montage", "2026-02-10T14:04:11", "paid"),
        ("in-montage", None, "open"),
    ],
)
def test_every_status_has_a_state(status: str, paid_at: str | None, state: str) -> None:
    what = parse(entry("order.updated", {**ORDER, "status": status, "date_paid_gmt": paid_at}), SETTINGS)[-1]

    assert isinstance(what, OrderEvent)
    assert what.order.state == state


def test_a_draft_is_skipped() -> None:
    with pytest.raises(SkipEvent, match="draft order"):
        parse(entry("order.created", {**ORDER, "status": "checkout-draft"}), SETTINGS)


def test_an_order_of_api_version_one_has_utc_dates_without_gmt() -> None:
    old = {name: value for name, value in ORDER.items() if not name.endswith("_gmt")}

    what = parse(entry("order.created", {**old, "date_created": "2026-02-10T14:04:05", "customer_id": 25}), SETTINGS)[
        -1
    ]

    assert isinstance(what, OrderEvent)
    assert (what.order.placed_at, what.record) == (
        datetime(2026, 2, 10, 14, 4, 5, tzinfo=UTC),
        RecordKey(kind="customer", external_id="25"),
    )


def test_refunds_are_positive_amounts_in_the_orders_currency() -> None:
    what = parse(entry("order.updated", {**ORDER, "refunds": [{"id": 1, "total": "-10.00"}]}), SETTINGS)[-1]

    assert isinstance(what, OrderEvent)
    [refund] = what.order.refunds
    assert (refund.amount.amount, refund.amount.currency) == (Decimal("10.00"), "EUR")


def test_history_since_a_day_filters_orders_there_and_customers_here() -> None:
    asked: list[tuple[str, dict[str, str]]] = []

    def shop(request: httpx.Request) -> httpx.Response:
        resource = request.url.path.rpartition("/")[2]
        query = dict(request.url.params)
        asked.append((resource, query))
        if resource in ("products", "reviews"):
            return httpx.Response(200, json=[])
        assert request.headers["authorization"] == "Basic Y2tfaW52ZW50ZWQ6Y3NfaW52ZW50ZWQ="
        months = {"customers": ("01", "02"), "orders": ("02",)}[resource]
        month = months[int(query["page"]) - 1]
        body = [{"id": int(query["page"]), "date_modified_gmt": f"2026-{month}-15T00:00:00"}]
        counts = {"x-wp-total": str(len(months)), "x-wp-totalpages": str(len(months))}
        return httpx.Response(200, json=body, headers=counts)

    with HttpClient(api_root(SETTINGS), headers=authorise(SETTINGS), transport=httpx.MockTransport(shop)) as client:
        pages = list(backfill(client, SETTINGS, datetime(2026, 2, 1, tzinfo=UTC), None))

    common = {"per_page": "100", "orderby": "id", "order": "asc"}
    assert asked == [
        ("customers", {**common, "page": "1", "role": "all"}),
        ("customers", {**common, "page": "2", "role": "all"}),
        ("orders", {**common, "page": "1", "modified_after": "2026-01-31T23:59:59", "dates_are_gmt": "true"}),
        ("products", {**common, "page": "1", "modified_after": "2026-01-31T23:59:59", "dates_are_gmt": "true"}),
        ("reviews", {**common, "page": "1", "status": "all", "after": "2026-01-31T00:00:00"}),
    ]
    assert [[item.event_id for item in page.items] for page in pages] == [
        [],
        ["backfill:customers:2:2026-02-15T00:00:00"],
        ["backfill:orders:1:2026-02-15T00:00:00"],
        [],
        [],
    ]
    assert [(page.cursor["list"], page.cursor["at"], page.total) for page in pages] == [
        ("customers", 2, 2),
        ("orders", None, 2),
        ("products", None, 1),
        ("products/reviews", None, None),
        ("done", None, None),
    ]


@pytest.mark.parametrize("missing", ["consumer_key", "consumer_secret", "base_url"])
def test_history_without_its_settings_is_a_configuration_fault(missing: str) -> None:
    settings = WooCommerceSettings.model_validate({k: v for k, v in MANIFEST.sample_settings.items() if k != missing})

    with pytest.raises(ConfigError) as caught, HttpClient(api_root(settings)) as client:
        next(backfill(client, settings, None, None))

    assert missing in caught.value.faults[0]


def test_orders_that_the_shop_has_no_more_are_told_like_its_own_deletion() -> None:
    # given a shop that has one of three orders, and trashed another
    asked: list[httpx.URL] = []

    def shop(request: httpx.Request) -> httpx.Response:
        asked.append(request.url)
        return httpx.Response(200, json=[{"id": 12, "status": "completed"}])

    with HttpClient(api_root(SETTINGS), headers=authorise(SETTINGS), transport=httpx.MockTransport(shop)) as client:
        items = list(deleted(client, SETTINGS, ["11", "12", "13"]))
    # then it was asked once, and the two that are gone are deletions
    assert [dict(url.params) for url in asked] == [{"include": "11,12,13", "status": "any", "per_page": "100"}]
    gone = [parse(entry(item.topic, orjson.loads(item.body)), SETTINGS) for item in items]
    assert [event.record.external_id for [event] in gone if isinstance(event, DeletionEvent)] == ["11", "13"]


def test_an_order_keeps_the_campaign_it_came_by_and_no_address() -> None:
    """woocommerce#62508: an order whose visit was lost says ``typein`` or nothing, and names no campaign."""

    def custom(**told: str) -> dict[str, str]:
        meta = [{"key": f"_wc_order_attribution_{name}", "value": value} for name, value in told.items()]
        what = parse(entry("order.updated", {**ORDER, "meta_data": meta}), SETTINGS)[-1]
        assert isinstance(what, OrderEvent)
        return dict(what.order.custom)

    entered = "https://shop.example/?utm_source=google&gclid=secret&email=ida@x.example"
    came = {"utm_source": "google", "utm_medium": "cpc", "utm_campaign": "spring"}
    assert custom(source_type="utm", session_entry=entered, **came) == {**came, "click_id": "gclid"}
    assert custom(source_type="organic", utm_source="google") == {"utm_source": "google", "utm_medium": "organic"}
    assert custom(source_type="typein", utm_source="(direct)") == {}
    assert custom(utm_source="google") == {}
