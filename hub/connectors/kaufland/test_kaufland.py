"""Kaufland's orders and tickets: its own example of a signature, and how far an order of several units is."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from hub.connectors.kaufland import CONNECTOR
from hub.connectors.kaufland.manifest import MANIFEST, KauflandSettings
from hub.connectors.kaufland.source import LISTS, SOURCE, completions, parse, signed
from hub.errors import AuthError, PayloadError
from hub.model.event import CaseEvent, CustomerEvent, InteractionEvent, OrderEvent
from hub.sdk.connection import Connection, open_client
from hub.sdk.lists import in_turn
from hub.sdk.source import InboxEntry

SETTINGS = KauflandSettings.model_validate(dict(MANIFEST.sample_settings))
NOW = datetime(2026, 3, 9, tzinfo=UTC)
SAMPLES = Path(__file__).parent / "samples"


def found(topic: str, case: str, **change: Any) -> list[Any]:
    told = json.loads((SAMPLES / topic / case / "completions" / f"{topic}.json").read_bytes())["data"]
    body = json.dumps({"data": {**told, **change}}).encode()
    return list(parse(InboxEntry("kaufland", "1", topic, {}, b"{}", NOW, {topic: body}), SETTINGS))


def units(*statuses: str) -> list[dict[str, Any]]:
    [one] = json.loads((SAMPLES / "order" / "open" / "completions" / "order.json").read_bytes())["data"]["order_units"]
    return [{**one, "id_order_unit": number, "status": status} for number, status in enumerate(statuses)]


def test_requests_are_signed_as_kauflands_page_signs_its_example() -> None:
    """hitmeister/api-sdk-php#109: signed without the key of the same pair, or over another URL than was sent."""
    pair = {
        "client_key": "7bffc16ba2cc5ac1cbf527d6fa39263",
        "secret_key": SecretStr("a7d0cb1da1ddbc86c96ee5fedd341b7d8ebfbb2f5c83cfe0909f4e57f05dd403"),
    }
    request = httpx.Request("POST", "https://sellerapi.kaufland.com/v2/units/")

    headers = signed(SETTINGS.model_copy(update=pair), lambda: 1411055926.9, request)

    assert headers == {
        "shop-client-key": pair["client_key"],
        "shop-timestamp": "1411055926",
        "shop-signature": "da0b65f51c0716c1d3fa658b7eaf710583630a762a98c9af8e9b392bd9df2e2a",
    }


@pytest.mark.parametrize(
    ("statuses", "state", "total"),
    [
        (("open",), "open", "93.9"),
        (("open", "sent"), "open", "187.8"),
        (("need_to_be_sent", "received"), "paid", "187.8"),
        (("sent", "cancelled"), "completed", "93.9"),
        (("sent_and_autopaid", "returned_paid"), "completed", "187.8"),
        (("returned", "returned_paid"), "refunded", "187.8"),
        (("cancelled", "cancelled"), "cancelled", "187.8"),
        (("something_new", "cancelled"), "open", "93.9"),
    ],
)
def test_an_order_is_as_far_as_its_last_unit_and_costs_what_is_not_cancelled(
    statuses: tuple[str, ...], state: str, total: str
) -> None:
    [order] = [one.order for one in found("order", "open", order_units=units(*statuses)) if isinstance(one, OrderEvent)]

    assert (order.state, str(order.total)) == (state, total)
    assert len(order.refunds) == statuses.count("returned_paid")


def test_an_order_without_units_is_parked() -> None:
    with pytest.raises(PayloadError, match="order_units"):
        found("order", "open", order_units=[])


def test_relays_are_nobodys_and_the_ticket_is_its_buyers() -> None:
    who, *_ = found("order", "to_be_sent")
    said = found("ticket", "both_closed")

    assert isinstance(who, CustomerEvent)
    assert who.customer.emails == ()
    [case] = [one for one in said if isinstance(one, CaseEvent)]
    assert case.record == who.customer.key
    told = [one.interaction for one in said if isinstance(one, InteractionEvent)]
    assert [one.direction for one in told] == ["in", "out", "out"]
    assert "notification.kaufland" not in repr(said) + repr(who)


def test_what_is_fetched_is_of_this_api_whatever_the_id() -> None:
    entry = InboxEntry("kaufland", "1", "order", {}, json.dumps({"id_order": "../tickets?x"}).encode(), NOW)

    [one] = completions(entry, SETTINGS)

    assert one.path == "/v2/orders/..%2Ftickets%3Fx"


def test_a_page_repeats_rows_and_a_poll_asks_since() -> None:
    asked: list[httpx.URL] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url)
        assert len(request.headers["shop-signature"]) == 64
        count = 30 if request.url.params["offset"] == "0" and request.url.path == "/v2/orders" else 1
        rows = [{"id_order": f"M{number}", "ts_units_updated_iso": "2026-03-02T10:00:00Z"} for number in range(count)]
        return httpx.Response(200, json={"data": rows})

    with open_client(
        Connection("kaufland", CONNECTOR, SETTINGS), SOURCE, transport=httpx.MockTransport(answer)
    ) as http:
        list(in_turn(LISTS, http, SETTINGS, datetime(2026, 3, 1, tzinfo=UTC), None))

    assert [(url.path, url.params["offset"]) for url in asked] == [
        ("/v2/orders", "0"),
        ("/v2/orders", "25"),
        ("/v2/tickets", "0"),
    ]
    assert asked[0].params["ts_units_updated_from_iso"] == "2026-03-01T00:00:00Z"
    assert asked[2].params["ts_updated_from_iso"] == "2026-03-01T00:00:00Z"


def test_a_clock_that_is_wrong_is_told_in_kauflands_words() -> None:
    """HelpCode-ai/anythingmcp#647: a 401 is as likely the machine's clock as the key."""
    said = {"type": "/problems/corrupted-signature", "message": "Signature is corrupted", "errors": []}
    refuses = httpx.MockTransport(lambda _: httpx.Response(401, json=said))
    assert SOURCE.check is not None
    with (
        open_client(Connection("kaufland", CONNECTOR, SETTINGS), SOURCE, transport=refuses) as http,
        pytest.raises(AuthError, match="Signature is corrupted"),
    ):
        SOURCE.check(http, SETTINGS)
