"""OTTO's orders: pseudonyms identify nobody, and an order is as far as its last item."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from hub.connectors.otto import CONNECTOR
from hub.connectors.otto.manifest import MANIFEST, OttoSettings, oauth
from hub.connectors.otto.source import SOURCE, backfill, parse
from hub.errors import AuthError, Forbidden, PayloadError
from hub.model.event import CustomerEvent, OrderEvent
from hub.model.order import Order
from hub.sdk.connection import Connection, open_client
from hub.sdk.oauth import form, read_answer, renewal_fields
from hub.sdk.source import InboxEntry
from hub.sdk.testkit.wire import SampleTokens

SETTINGS = OttoSettings.model_validate(dict(MANIFEST.sample_settings))
NOW = datetime(2026, 3, 9, tzinfo=UTC)
SAMPLES = Path(__file__).parent / "samples" / "order"


def body(case: str, **change: Any) -> dict[str, Any]:
    return {**json.loads((SAMPLES / case / "body.json").read_bytes()), **change}


def parsed(case: str, **change: Any) -> tuple[CustomerEvent | None, Order]:
    entry = InboxEntry("otto", "1", "order", {}, json.dumps(body(case, **change)).encode(), NOW)
    found = list(parse(entry, SETTINGS))
    who = next((one for one in found if isinstance(one, CustomerEvent)), None)
    return who, next(one.order for one in found if isinstance(one, OrderEvent))


def items(*statuses: str) -> list[dict[str, Any]]:
    [one] = body("cancelled")["positionItems"]
    return [{**one, "positionItemId": f"b{n}", "fulfillmentStatus": status} for n, status in enumerate(statuses)]


@pytest.mark.parametrize(
    ("statuses", "state", "total"),
    [
        (("ANNOUNCED", "SENT"), "open", "182.9"),
        (("PROCESSABLE", "RETURNED"), "paid", "182.9"),
        (("SENT", "RETURNED", "CANCELLED_BY_PARTNER"), "completed", "182.9"),
        (("RETURNED",), "refunded", "93.9"),
        (("CANCELLED_BY_PARTNER", "CANCELLED_BY_MARKETPLACE"), "cancelled", "182.9"),
        (("SOMETHING_NEW",), "open", "93.9"),
    ],
)
def test_an_order_is_as_far_as_its_last_item(statuses: tuple[str, ...], state: str, total: str) -> None:
    _, order = parsed("cancelled", positionItems=items(*statuses))

    assert (order.state, str(order.total)) == (state, total)
    assert len(order.refunds) == statuses.count("RETURNED")


def test_two_orders_with_pseudonyms_are_joined_by_nothing_of_ottos() -> None:
    one, _ = parsed("processable")
    invoice = {**body("processable")["invoiceAddress"], "email": "another0ne@customer.otto.market"}
    other, order = parsed("processable", salesOrderId="a02", invoiceAddress=invoice)

    assert one is not None
    assert other is not None
    assert one.customer.key != other.customer.key
    assert "customer.otto" not in repr(one) + repr(other) + repr(order)


def test_the_real_address_of_freight_is_the_buyers_and_a_strangers_is_not() -> None:
    freight, _ = parsed("sent_by_freight")
    elsewhere, order = parsed("returned_in_part_to_another_person")

    assert freight is not None
    assert [one.value for one in freight.customer.emails] == ["anna.berg@example.de"]
    assert elsewhere is not None
    assert elsewhere.customer.emails == ()
    assert [one.city for one in elsewhere.customer.addresses] == ["Hamburg"]
    assert order.shipping_address is not None
    assert order.shipping_address.city == "Emden"


def test_an_order_without_items_is_parked() -> None:
    with pytest.raises(PayloadError, match="positionItems"):
        parsed("cancelled", positionItems=[])


def test_beside_a_cursor_nothing_is_asked_and_its_link_is_not_called() -> None:
    asked: list[httpx.URL] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url)
        link = {"rel": "next", "href": "https://evil.example/v4/orders?limit=1&nextcursor=abc%3D"}
        return httpx.Response(200, json={"resources": [body("cancelled")], "links": [link] if len(asked) < 3 else []})

    connection = Connection("otto", CONNECTOR, SETTINGS, tokens=SampleTokens())
    with open_client(connection, SOURCE, transport=httpx.MockTransport(answer)) as http:
        pages = list(backfill(http, SETTINGS, datetime(2026, 3, 1, tzinfo=UTC), None))
        assert list(backfill(http, SETTINGS, None, pages[-1].cursor)) == []

    assert [dict(url.params) for url in asked] == [
        {"limit": "128", "fromDate": "2026-03-01T00:00:00Z"},
        {"limit": "128", "nextcursor": "abc="},
    ]
    assert {url.host for url in asked} == {"api.otto.market"}


def test_the_api_user_is_enough_and_a_refusal_is_told_in_ottos_words() -> None:
    declared = oauth(SETTINGS)
    sent, _ = form(declared, renewal_fields(declared, None, now=0))
    said = {"errors": [{"title": "Access denied", "detail": "Missing scope orders"}]}
    refuses = httpx.MockTransport(lambda _: httpx.Response(403, json=said))
    connection = Connection("otto", CONNECTOR, SETTINGS, tokens=SampleTokens())

    assert declared.token_url == "https://api.otto.market/v1/token"
    assert sent == b"grant_type=client_credentials&client_id=sample-otto-user&client_secret=sample-otto-secret"
    with pytest.raises(AuthError):
        read_answer(declared, httpx.Response(401, json={"error": "unauthorized_client"}))
    assert SOURCE.check is not None
    with (
        open_client(connection, SOURCE, transport=refuses) as http,
        pytest.raises(Forbidden, match="Missing scope orders"),
    ):
        SOURCE.check(http, SETTINGS)
