"""Buyers of a marketplace: relay addresses identify nobody, and a parcel may go to somebody else."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from hub.connectors.ebay import CONNECTOR
from hub.connectors.ebay.manifest import MANIFEST, EbaySettings, oauth
from hub.connectors.ebay.mapping import RELAYS
from hub.connectors.ebay.source import SOURCE, backfill, parse
from hub.mapping.marketplace import is_relay
from hub.model.event import CustomerEvent, OrderEvent
from hub.sdk.connection import Connection, open_client
from hub.sdk.source import InboxEntry
from hub.sdk.testkit.wire import SampleTokens

SETTINGS = EbaySettings.model_validate(dict(MANIFEST.sample_settings))
NOW = datetime(2026, 3, 9, tzinfo=UTC)
SAMPLES = Path(__file__).parent / "samples" / "order"


def parsed(case: str, **change: Any) -> tuple[CustomerEvent, OrderEvent]:
    body = {**json.loads((SAMPLES / case / "body.json").read_bytes()), **change}
    who, what = parse(InboxEntry("marketplace", "1", "order", {}, json.dumps(body).encode(), NOW), SETTINGS)
    assert isinstance(who, CustomerEvent)
    assert isinstance(what, OrderEvent)
    return who, what


@pytest.mark.parametrize(
    ("address", "relay"),
    [
        ("0a1b2c@members.ebay.com", True),
        ("0a1b2c@MEMBERS.EBAY.co.uk", True),
        ("anna@example.de", False),
        ("ebay@members.example.de", False),
        (None, False),
    ],
)
def test_a_relay_is_known_by_its_domain(address: str | None, relay: bool) -> None:
    assert is_relay(address, RELAYS) is relay


def test_two_sellers_see_one_buyer_by_two_relays_and_nothing_joins_by_them() -> None:
    who, what = parsed("paid")

    told = repr(who) + repr(what)
    assert "members.ebay" not in told
    assert who.customer.emails == ()
    assert [(one.network, one.account_id) for one in who.customer.accounts] == [("ebay", "segler_anna")]


def test_whoever_gets_the_parcel_is_not_the_buyer() -> None:
    who, what = parsed("to_another_person")

    assert who.customer.name is not None
    assert who.customer.name.full == "Anna Berg"
    assert [one.city for one in who.customer.addresses] == ["Hamburg"]
    assert what.order.shipping_address is not None
    assert what.order.shipping_address.city == "Emden"
    assert what.order.contact_phone == "+4915112345671"


@pytest.mark.parametrize(
    ("payment", "fulfilment", "state"),
    [
        ("PAID", "NOT_STARTED", "paid"),
        ("PAID", "FULFILLED", "completed"),
        ("PENDING", "FULFILLED", "fulfilled"),
        ("PENDING", "NOT_STARTED", "open"),
        ("FULLY_REFUNDED", "FULFILLED", "refunded"),
        ("FAILED", "NOT_STARTED", "failed"),
    ],
)
def test_what_is_paid_and_what_is_sent_make_the_state(payment: str, fulfilment: str, state: str) -> None:
    _, what = parsed("paid", orderPaymentStatus=payment, orderFulfillmentStatus=fulfilment)

    assert what.order.state == state


def test_a_poll_asks_since_and_a_walk_ends_though_the_total_was_wrong() -> None:
    asked: list[httpx.QueryParams] = []
    one = json.loads((SAMPLES / "paid" / "body.json").read_bytes())

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.params)
        rows = [one] if len(asked) < 3 else []
        return httpx.Response(200, json={"orders": rows, "total": 99, "next": "https://api.ebay.com/more"})

    connection = Connection("marketplace", CONNECTOR, SETTINGS, tokens=SampleTokens())
    with open_client(connection, SOURCE, transport=httpx.MockTransport(answer)) as http:
        list(backfill(http, SETTINGS, datetime(2026, 3, 1, 12, tzinfo=UTC), None))

    assert [params["offset"] for params in asked] == ["0", "1", "2"]
    assert {params["filter"] for params in asked} == {"lastmodifieddate:[2026-03-01T12:00:00.000Z..]"}


def test_the_seller_consents_to_reading_orders_and_no_more() -> None:
    found = oauth(SETTINGS)

    assert found.scopes == ("https://api.ebay.com/oauth/api_scope/sell.fulfillment.readonly",)
    assert found.redirect_url == "Hafenkante-Hafenkan-hub-sample"
