"""What the contract kit cannot know of medusa: what its users report, and what a running one showed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from hub.connectors.medusa.manifest import MANIFEST, MedusaSettings
from hub.connectors.medusa.source import SIGNATURE, authorise, backfill, completions, parse
from hub.errors import PayloadError, VerificationError
from hub.mapping.order import is_open, missing, refunded
from hub.model.event import CustomerEvent, OrderEvent
from hub.model.order import Order
from hub.sdk.http import HttpClient
from hub.sdk.source import InboxEntry, RawDelivery

NOW = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)
SETTINGS = MedusaSettings.model_validate(dict(MANIFEST.sample_settings))
SAMPLES = Path(__file__).parent / "samples"


def told(**more: Any) -> dict[str, Any]:
    """The guest's order of the samples, with something else about it."""
    answer = json.loads((SAMPLES / "order.placed/guest/completions/order.json").read_bytes())
    order: dict[str, Any] = answer["order"]
    return {**order, **more}


def events(order: dict[str, Any]) -> list[Any]:
    body = json.dumps({"order": order}).encode()
    return list(parse(InboxEntry("shop", "1", "order.updated", {}, body, NOW), SETTINGS))


def read(order: dict[str, Any]) -> Order:
    [event] = [event for event in events(order) if isinstance(event, OrderEvent)]
    return event.order


def test_a_total_with_more_digits_than_the_currency_is_what_is_charged() -> None:
    # medusajs/medusa#14817 and #14818: 24.99 with 10.75 % and 6.44 of shipping is 34.116425, and 34.12 is paid
    line = {**told()["items"][0], "quantity": 1, "unit_price": 24.99, "total": 27.676425, "adjustments": []}
    shipping = [{"name": "Parcel", "total": 6.44}]
    order = read(
        told(total=34.116425, tax_total=2.686425, currency_code="usd", items=[line], shipping_methods=shipping)
    )
    assert (order.total, order.tax_total, order.currency) == (Decimal("34.12"), Decimal("2.69"), "USD")
    assert not missing(order)
    yen = read(told(total=1320.4, currency_code="jpy"))
    assert yen.total == 1320


def test_what_was_paid_is_read_from_the_captures_and_not_from_the_summary() -> None:
    # medusajs/medusa#11766, #13635, #9887: the summary says otherwise after a partial or automatic capture
    order = told(payment_status="partially_captured", summary={"paid_total": 48.5639, "pending_difference": 0})
    payment = order["payment_collections"][0]["payments"][0]
    payment["captures"] = [{"id": "capt_1", "amount": 20, "created_at": "2026-03-02T10:00:00.000Z"}]
    assert is_open(read(order))
    assert [one.amount.amount for one in read(order).payments] == [20]


def test_several_returns_and_their_money_count_once_each() -> None:
    # medusajs/medusa#13433: the summary is wrong after a second return; #14688: totals are written over
    order = told(total=5.831, payment_status="partially_refunded")
    order["items"][0] |= {"total": 0, "return_received_total": 21.36645, "return_dismissed_total": 21.36645}
    assert (read(order).total, refunded(read(order))) == (Decimal("48.56"), Decimal("42.73"))
    payment = order["payment_collections"][0]["payments"][0]
    moments = ("2026-03-03T10:00:00.000Z", "2026-03-04T10:00:00.000Z")
    payment["refunds"] = [{"id": f"ref_{at}", "amount": 21.365, "created_at": at} for at in moments]
    assert refunded(read(order)) == Decimal("42.73")


def test_an_order_is_as_new_as_the_newest_of_its_parts() -> None:
    # seen on a running 2.21: a capture leaves updated_at of the order where it was
    order = told(payment_status="captured")
    order["payment_collections"][0]["payments"][0]["captures"] = [
        {"id": "capt_1", "amount": 48.56, "created_at": "2026-03-05T10:00:00.000Z"}
    ]
    assert events(order)[-1].occurred_at == datetime(2026, 3, 5, 10, tzinfo=UTC)


def test_an_account_under_another_name_than_the_bill_keeps_its_own_data() -> None:
    account = {"id": "cus_1", "has_account": True, "email": "einkauf@example.de", "first_name": "Enno",
               "last_name": "Petersen"}  # fmt: skip
    [who, *_] = events(told(customer=account, customer_id="cus_1"))
    assert isinstance(who, CustomerEvent)
    assert [mail.value for mail in who.customer.emails] == ["einkauf@example.de"]
    assert who.customer.addresses == ()


def test_a_signature_is_over_the_raw_body() -> None:
    body = (SAMPLES / "order.placed/guest/body.json").read_bytes()
    signed = SIGNATURE.sign(RawDelivery("POST", "https://hub.example.com/webhooks/shop", {}, {}, body, NOW), SETTINGS)
    SIGNATURE.verify(signed, SETTINGS)
    with pytest.raises(VerificationError):
        SIGNATURE.verify(RawDelivery("POST", signed.url, {}, signed.headers, body + b" ", NOW), SETTINGS)


def test_an_event_that_names_nothing_is_parked_with_its_path() -> None:
    body = json.dumps({"id": "1", "name": "order.placed", "data": {}, "at": "2026-03-02T10:00:00Z"}).encode()
    with pytest.raises(PayloadError) as caught:
        completions(InboxEntry("shop", "1", "order.placed", {}, body, NOW), SETTINGS)
    assert caught.value.path == "data.id"


def test_history_goes_on_after_a_page_that_is_not_full_and_asks_since_when() -> None:
    # airbytehq/airbyte#34883: one record less than a page is taken for the end, and the rest is lost in silence
    asked: list[httpx.URL] = []
    lists: dict[str, list[dict[str, Any]]] = {
        "customers": [],
        "products": [],
        "orders": [told(id=f"order_{n}") for n in range(150)],
    }

    def shop(request: httpx.Request) -> httpx.Response:
        asked.append(request.url)
        name, offset = request.url.path.rpartition("/")[2], int(request.url.params["offset"])
        page = lists[name][offset : offset + 99]
        return httpx.Response(200, json={name: page, "count": len(lists[name]), "offset": offset, "limit": 100})

    with HttpClient(
        "https://shop.example.com", transport=httpx.MockTransport(shop), headers=authorise(SETTINGS)
    ) as http:
        pages = list(backfill(http, SETTINGS, datetime(2026, 3, 1, tzinfo=UTC), None))
    assert len({item.event_id for page in pages for item in page.items}) == 150
    assert {url.params.get("updated_at[$gte]") for url in asked} == {"2026-03-01T00:00:00.000Z", None}
    # and, as a capture is no change of its order, for those that were made of late
    assert {url.params.get("created_at[$gte]") for url in asked} == {"2026-02-26T00:00:00.000Z", None}
    assert pages[-1].cursor["list"] == "done"
