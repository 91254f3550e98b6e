"""What the contract kit cannot know of Shopify: vendor vectors and payloads, event ids."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from hub.connectors.shopify.manifest import MANIFEST, ShopifySettings
from hub.connectors.shopify.source import SIGNATURE, SOURCE, api_root, name_event, parse
from hub.connectors.shopify.source_history import backfill
from hub.errors import ConfigError, PayloadError, VerificationError
from hub.model.consent import Consent
from hub.model.customer import ContactPoint, CustomerSnapshot
from hub.model.event import CartEvent, ConsentEvent, CustomerEvent, DeletionEvent, OrderEvent, OrderPartEvent
from hub.model.identifier import Identifier, RecordKey
from hub.model.order import Refund
from hub.sdk.http import HttpClient
from hub.sdk.source import EventName, InboxEntry, RawDelivery

ROOT = Path(__file__).parents[3]
CONTRACTS = Path(os.environ.get("HUB_CONTRACTS_DIR") or ROOT.parent / "shared" / "contracts")
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SETTINGS = ShopifySettings.model_validate(dict(MANIFEST.sample_settings))

TOLD = "2026-02-01T10:00:00+01:00"
ACT = datetime(2026, 2, 1, 9, tzinfo=UTC)
TOPICS = {
    "webhook-official-orders_fulfilled": "orders/fulfilled",
    "webhook-official-orders_delete": "orders/delete",
    "webhook-orders-cancelled-test-2016": "orders/cancelled",
    "webhook-official-customers_create": "customers/create",
    "webhook-customers-create-2021": "customers/create",
    "webhook-official-customers_delete": "customers/delete",
    "webhook-official-customers_data_request": "customers/data_request",
    "webhook-official-customers_redact": "customers/redact",
    "webhook-official-shop_redact": "shop/redact",
    "webhook-official-customer_tags_removed": "customer.tags_removed",
    "webhook-official-customers_email_marketing_consent_update": "customers_email_marketing_consent/update",
    "webhook-official-checkouts_create": "checkouts/create",
    "rest-2024-10-order": "orders/updated",
    "rest-2025-07-order-eur-no-customer": "orders/updated",
    "rest-2025-07-order-new-customer": "orders/updated",
    "rest-2025-07-orders-list": "orders/updated",
    "rest-2025-07-customers-list": "customers/update",
    "rest-2025-07-customer-email-changed": "customers/update",
    "rest-customer-go-shopify": "customers/update",
    "rest-2025-07-refunds-list": "refunds/create",
    "rest-2025-07-abandoned-checkouts": "checkouts/update",
    "rest-checkouts-2013": "checkouts/update",
}


def vendor_objects(stem: str) -> list[dict[str, Any]]:
    """The objects of a contract file: alone, or below the one key of a REST answer."""
    document = json.loads((CONTRACTS / "shopify" / f"{stem}.json").read_bytes())
    inner = next(iter(document.values())) if len(document) == 1 else document
    if isinstance(inner, list):
        return inner
    return [inner if isinstance(inner, dict) else document]


def vendor_files() -> list[str]:
    """Names of the vendor's payloads; none where the contracts are not checked out beside the repository."""
    return [path.stem for path in sorted((CONTRACTS / "shopify").glob("*.json")) if path.stem in TOPICS]


def entry(topic: str, document: Any, headers: Mapping[str, str] | None = None) -> InboxEntry:
    return InboxEntry("shop", f"{topic}:1", topic, headers or {}, json.dumps(document).encode(), NOW)


def delivery(headers: Mapping[str, str], body: bytes = b"{}") -> RawDelivery:
    return RawDelivery("POST", "https://hub.example.com/webhooks/shop", {}, headers, body, NOW)


def test_a_vector_the_vendors_sdk_accepts_is_accepted() -> None:
    for path in sorted((CONTRACTS / "signatures").glob("shopify*.json")):
        vector = json.loads(path.read_bytes())
        settings = ShopifySettings.model_validate({"webhook_secret": vector["secret"]})

        SIGNATURE.verify(delivery(vector["headers"], vector["body"].encode()), settings)

        with pytest.raises(VerificationError):
            SIGNATURE.verify(delivery(vector["headers"], vector["body"].encode() + b" "), settings)


def test_the_vendors_own_payloads_are_read() -> None:
    for stem in vendor_files():
        for document in vendor_objects(stem):
            assert parse(entry(TOPICS[stem], document), SETTINGS), stem


def test_an_order_keeps_both_emails_and_its_long_ids() -> None:
    order = {
        "id": 820982911946154508,
        "created_at": "2026-02-01T10:00:00Z",
        "currency": "EUR",
        "total_price": "1.00",
        "email": "Buero@Example.org",
        "test": True,
        "customer": {"id": 115310627314723954, "email": "anna@example.de"},
    }

    who, what = parse(entry("orders/create", order), SETTINGS)

    assert isinstance(who, CustomerEvent)
    assert who.customer == CustomerSnapshot(
        key=RecordKey(kind="customer", external_id="115310627314723954"),
        emails=(ContactPoint(value="anna@example.de", original="anna@example.de"),),
        identifiers=(Identifier(kind="email", value="buero@example.org", strength="weak"),),
    )
    assert isinstance(what, OrderEvent)
    assert what.record == who.customer.key
    assert (what.order.external_id, what.order.contact_email, what.order.test) == (
        "820982911946154508",
        "buero@example.org",
        True,
    )


@pytest.mark.parametrize("customer", [None, "", {}, {"id": None, "email": ""}])
def test_an_order_without_a_customer_is_an_anonymous_sale(customer: Any) -> None:
    order = {"id": 1, "created_at": "2026-02-01T10:00:00Z", "currency": "EUR", "total_price": "1.00", "email": ""}

    [what] = parse(entry("orders/create", {**order, "customer": customer}), SETTINGS)

    assert isinstance(what, OrderEvent)
    assert what.record is None


def test_subscriptions_of_one_topic_share_the_event_and_topics_do_not() -> None:
    first = {"x-shopify-topic": "orders/create", "x-shopify-event-id": "e1", "x-shopify-webhook-id": "w1"}
    second = {**first, "x-shopify-webhook-id": "w2"}
    other = {**first, "x-shopify-topic": "orders/paid"}

    assert name_event(delivery(first), SETTINGS) == EventName("orders/create:e1", "orders/create")
    assert name_event(delivery(second), SETTINGS) == name_event(delivery(first), SETTINGS)
    assert name_event(delivery(other), SETTINGS) == EventName("orders/paid:e1", "orders/paid")


def test_without_any_id_the_body_names_the_event() -> None:
    headers = {"x-shopify-topic": "orders/create"}

    one, same, other = (name_event(delivery(headers, body), SETTINGS) for body in (b"a", b"a", b"b"))

    assert one == same
    assert one.event_id != other.event_id


def test_a_delivery_without_a_topic_cannot_be_read() -> None:
    with pytest.raises(PayloadError) as caught:
        name_event(delivery({"x-shopify-event-id": "e1"}), SETTINGS)
    assert caught.value.path == "headers.x-shopify-topic"


@pytest.mark.parametrize(
    ("state", "level", "at", "expected"),
    [
        ("subscribed", "single_opt_in", TOLD, ("opted_in", ACT, True)),
        ("subscribed", "CONFIRMED_OPT_IN", TOLD, ("opted_in", ACT, True)),
        ("subscribed", "unknown", TOLD, ("opted_in", ACT, False)),
        ("subscribed", None, TOLD, ("opted_in", ACT, False)),
        ("unsubscribed", None, TOLD, ("opted_out", ACT, True)),
        ("subscribed", "confirmed_opt_in", None, ("opted_in", None, False)),
        ("not_subscribed", "single_opt_in", TOLD, ("unknown", None, False)),
        ("redacted", None, None, ("unknown", None, False)),
    ],
)
def test_consent_is_explicit_only_with_the_time_of_an_act_and_an_opt_in_only_with_how(
    state: str, level: str | None, at: str | None, expected: tuple[Any, ...]
) -> None:
    # given a consent, and a customer that was changed later
    told = {"state": state, "opt_in_level": level, "consent_updated_at": at, "updated_at": "2026-02-09T10:00:00+01:00"}
    given = {"customer_id": 7, "email_marketing_consent": told}

    [event] = parse(entry("customers_email_marketing_consent/update", given), SETTINGS)

    assert isinstance(event, ConsentEvent)
    assert event.record == RecordKey(kind="customer", external_id="7")
    assert event.consent == Consent(
        channel="email",
        state=expected[0],
        at=expected[1],
        explicit=expected[2],
        evidence=f"shopify {state}, {level or 'level not told'}",
    )


def test_a_ticked_box_at_the_checkout_is_no_explicit_consent() -> None:
    order = {
        "id": 1,
        "created_at": "2026-02-01T10:00:00Z",
        "currency": "EUR",
        "total_price": "1.00",
        "email": "a@example.com",
        "buyer_accepts_marketing": True,
    }

    who = parse(entry("orders/create", order), SETTINGS)[0]

    assert isinstance(who, CustomerEvent)
    [consent] = who.customer.consents
    assert (consent.state, consent.at, consent.explicit) == ("opted_in", datetime(2026, 2, 1, 10, tzinfo=UTC), False)


def test_a_number_is_read_by_the_country_it_stands_beside() -> None:
    address = {"country_code": "US", "phone": "(202) 555-0142"}
    given = {"id": 1, "updated_at": "2026-02-01T10:00:00Z", "default_address": address}

    [event] = parse(entry("customers/update", given), SETTINGS)

    assert isinstance(event, CustomerEvent)
    assert [point.value for point in event.customer.phones] == ["+12025550142"]


@pytest.mark.parametrize(("taxes_included", "amount"), [(True, "25.90"), (False, "30.04")])
def test_refunded_lines_count_their_tax_once(taxes_included: bool, amount: str) -> None:
    refund = {
        "id": 2,
        "created_at": "2026-02-02T10:00:00Z",
        "refund_line_items": [{"subtotal": 25.9, "total_tax": 4.14}],
    }
    order = {
        "id": 1,
        "created_at": "2026-02-01T10:00:00Z",
        "currency": "EUR",
        "total_price": "30.04",
        "taxes_included": taxes_included,
        "refunds": [refund],
    }

    [event] = parse(entry("orders/updated", order), SETTINGS)

    assert isinstance(event, OrderEvent)
    assert [refund.amount.amount for refund in event.order.refunds] == [Decimal(amount)]


def test_a_refund_without_any_currency_cannot_be_read() -> None:
    refund = {"id": 2, "order_id": 1, "created_at": "2026-02-02T10:00:00Z", "transactions": [{"amount": "5.00"}]}

    with pytest.raises(PayloadError) as caught:
        parse(entry("refunds/create", refund), SETTINGS)

    assert caught.value.path == "transactions.0.currency"


def test_failed_payouts_are_not_money_given_back() -> None:
    payouts = [
        {"kind": "refund", "status": status, "amount": "5.00", "currency": "EUR"}
        for status in ("success", "pending", "failure", "error")
    ]
    refund = {"id": 2, "order_id": 1, "created_at": "2026-02-02T10:00:00Z", "transactions": payouts}

    [event] = parse(entry("refunds/create", refund), SETTINGS)

    assert isinstance(event, OrderPartEvent)
    assert isinstance(event.part, Refund)
    assert event.part.amount.amount == Decimal("10.00")


def test_a_deletion_happened_when_the_vendor_says_not_when_the_retry_came() -> None:
    headers = {"x-shopify-triggered-at": "2026-03-01T08:00:00.123456789Z"}

    [event] = parse(entry("orders/delete", {"id": 1}, headers), SETTINGS)

    assert isinstance(event, DeletionEvent)
    assert event.occurred_at == datetime(2026, 3, 1, 8, 0, 0, 123456, tzinfo=UTC)


def test_a_checkout_that_nobody_has_signed_is_a_cart_of_nobody() -> None:
    cart = {"token": "t1", "created_at": "2026-02-01T10:00:00Z", "currency": "EUR", "total_price": "1.00"}

    [event] = parse(entry("checkouts/create", cart), SETTINGS)

    assert isinstance(event, CartEvent)
    assert (event.record, event.cart.external_id) == (None, "t1")


@pytest.mark.parametrize("missing", ["access_token", "shop"])
def test_history_without_its_settings_is_a_configuration_fault(missing: str) -> None:
    settings = ShopifySettings.model_validate({k: v for k, v in MANIFEST.sample_settings.items() if k != missing})

    with pytest.raises(ConfigError) as caught, HttpClient(api_root(settings)) as client:
        next(backfill(client, settings, None, None))

    assert caught.value.faults[0].startswith(f"{missing}: ")


def test_orders_that_the_shop_has_no_more_are_deletions() -> None:
    def shop(request: httpx.Request) -> httpx.Response:
        asked = json.loads(request.content)["variables"]["ids"]
        assert asked == ["gid://shopify/Order/7", "gid://shopify/Order/8"]
        return httpx.Response(200, json={"data": {"nodes": [None, {"id": "gid://shopify/Order/8"}]}})

    assert SOURCE.deleted is not None
    with HttpClient("https://hafenkante.myshopify.com", transport=httpx.MockTransport(shop)) as client:
        [item] = SOURCE.deleted(client, SETTINGS, ["7", "8"])
    [gone] = parse(InboxEntry("shop", item.event_id, item.topic, {}, item.body, datetime.now(UTC)), SETTINGS)
    assert isinstance(gone, DeletionEvent)
    assert (gone.kind, gone.record.external_id) == ("order", "7")


def test_an_order_keeps_the_campaign_of_its_landing_page_and_no_more_of_it() -> None:
    landing = "/products/tea?utm_source=newsletter&utm_medium=email&fbclid=secret&token=abc"
    order = {
        "id": 7, "created_at": "2026-02-01T10:00:00Z", "currency": "EUR", "total_price": "1.00",
        "landing_site": landing, "customer": {"id": 8, "email": "anna@example.de"},
    }  # fmt: skip
    what = parse(entry("orders/create", order), SETTINGS)[-1]
    assert isinstance(what, OrderEvent)
    assert dict(what.order.custom) == {"utm_source": "newsletter", "utm_medium": "email", "click_id": "fbclid"}
