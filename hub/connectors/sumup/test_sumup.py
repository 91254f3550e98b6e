"""What the contract kit cannot know of SumUp: vendor payloads, nothing believed unasked, history and its links."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from hub.connectors.sumup import schemas
from hub.connectors.sumup.manifest import MANIFEST, SumUpSettings
from hub.connectors.sumup.source import SOURCE, backfill, completions, name_event, parse
from hub.errors import SkipEvent, VerificationError
from hub.model.event import CustomerEvent, Note, OrderEvent
from hub.sdk.completing import fetched
from hub.sdk.connection import Connection, open_client
from hub.sdk.http import HttpClient
from hub.sdk.registry import Connector
from hub.sdk.source import Completion, InboxEntry, RawDelivery

ROOT = Path(__file__).parents[3]
CONTRACTS = Path(os.environ.get("HUB_CONTRACTS_DIR") or ROOT.parent / "shared" / "contracts")
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SETTINGS = SumUpSettings.model_validate(dict(MANIFEST.sample_settings))
PAID: dict[str, Any] = {
    "id": "T1",
    "amount": 10.1,
    "currency": "EUR",
    "timestamp": "2026-02-11T17:03:40Z",
    "status": "SUCCESSFUL",
}


def delivery(body: Any, secret: str | None = "sample-sumup-secret", at: datetime = NOW) -> RawDelivery:
    query = {} if secret is None else {"secret": secret}
    return RawDelivery("POST", "https://hub.example.com/webhooks/till", query, {}, json.dumps(body).encode(), at)


def entry(topic: str, body: Any, **fetched: Any) -> InboxEntry:
    found = {name: b"" if told is None else json.dumps(told).encode() for name, told in fetched.items()}
    return InboxEntry("till", "1", topic, {}, json.dumps(body).encode(), NOW, found)


def order(**told: Any) -> OrderEvent:
    body = {"event_type": "transaction", "id": "T1", "payload": {"transaction_id": "T1"}}
    [found] = [
        one
        for one in parse(entry("transaction", body, transaction={**PAID, **told}), SETTINGS)
        if isinstance(one, OrderEvent)
    ]
    return found


def test_the_vendors_own_payloads_are_read() -> None:
    folder = CONTRACTS / "sumup"
    for path in folder.glob("webhook-*.json"):
        name = name_event(delivery(json.loads(path.read_bytes())), SETTINGS)
        body = InboxEntry("till", name.event_id, name.topic, {}, path.read_bytes(), NOW)
        fetched = {
            "checkout": (folder / "rest-checkout.json").read_bytes(),
            "transaction": (folder / "rest-transaction.json").read_bytes(),
        }
        assert name.topic in MANIFEST.topics
        assert completions(body, SETTINGS)

        told = parse(replace(body, completions=fetched), SETTINGS)

        [what] = [one for one in told if isinstance(one, OrderEvent)]
        assert (what.order.total, what.order.currency) == (Decimal("10.1"), "EUR")


def test_what_is_read_and_asked_stands_in_the_vendors_description() -> None:
    for path in (CONTRACTS / "specs" / "sumup").glob("openapi.json"):
        spec = json.loads(path.read_bytes())
        known = spec["components"]["schemas"]
        full = {name for part in known["TransactionFull"]["allOf"] for name in _properties(part, known)}
        assert set(schemas.Transaction.model_fields) <= full
        assert set(schemas.Checkout.model_fields) <= {*known["Checkout"]["properties"], "transaction_id"}
        assert set(schemas.PersonalDetails.model_fields) <= set(known["PersonalDetails"]["properties"])
        history = spec["paths"]["/v2.1/merchants/{merchant_code}/transactions/history"]["get"]["parameters"]
        asked = {"order", "limit", "types[]", "changes_since"}
        assert asked <= {parameter["name"] for parameter in history}


def _properties(part: Mapping[str, Any], known: Mapping[str, Any]) -> set[str]:
    part = known[part["$ref"].rpartition("/")[2]] if "$ref" in part else part
    return set(part["properties"])


@pytest.mark.parametrize("secret", [None, "", "wrong", "sample-sumup-secre"])
def test_a_stranger_is_refused(secret: str | None) -> None:
    assert SOURCE.verify is not None
    with pytest.raises(VerificationError):
        SOURCE.verify(delivery({"event_type": "x", "id": "1"}, secret), SETTINGS)
    SOURCE.verify(delivery({"event_type": "x", "id": "1"}), SETTINGS)


def test_every_change_of_a_checkout_counts_though_the_bytes_are_the_same() -> None:
    body = {"event_type": "CHECKOUT_STATUS_CHANGED", "id": "C1"}

    names = {name_event(delivery(body, at=NOW + timedelta(seconds=s)), SETTINGS).event_id for s in (0, 1)}

    assert len(names) == 2


def test_the_same_call_twice_fetches_the_same_order() -> None:
    # given sumup/sumup-ecom-php-sdk#44: the URL is called twice for one payment
    checkout = {"id": "C1", "status": "PAID", "transaction_id": "T1"}
    body = {"event_type": "CHECKOUT_STATUS_CHANGED", "id": "C1"}
    told = [parse(entry(body["event_type"], body, checkout=checkout, transaction=PAID), SETTINGS) for _ in range(2)]

    assert told[0] == told[1]


def test_what_a_notification_says_itself_is_never_believed() -> None:
    # given a reader's event that claims success, and an API that knows another state, or nothing
    body: dict[str, Any] = {
        "event_type": "solo.transaction.updated",
        "id": "E1",
        "payload": {"transaction_id": "T1", "status": "successful", "amount": 999, "currency": "EUR"},
    }
    claimed = entry(body["event_type"], body, transaction={**PAID, "status": "FAILED"})

    [what] = [one for one in parse(claimed, SETTINGS) if isinstance(one, OrderEvent)]

    assert (what.order.state, what.order.total) == ("failed", Decimal("10.1"))
    with pytest.raises(SkipEvent, match="knows no such payment"):
        parse(entry(body["event_type"], body, transaction=None), SETTINGS)
    with pytest.raises(SkipEvent, match="does not know"):
        parse(entry("CHECKOUT_STATUS_CHANGED", {"event_type": "x", "id": "C1"}, checkout=None), SETTINGS)


def test_what_is_fetched_follows_from_what_is_known() -> None:
    body = {"event_type": "CHECKOUT_STATUS_CHANGED", "id": "../customers?x=1"}
    bare = entry(body["event_type"], body)
    known = entry(body["event_type"], body, checkout={"id": "C1", "customer_id": "K/1", "transaction_id": "T1"})
    reader: dict[str, Any] = {
        "event_type": "solo.transaction.updated",
        "id": "E1",
        "payload": {"client_transaction_id": "X"},
    }

    paths = "/v2.1/merchants/MH4H92C7/transactions"
    assert completions(bare, SETTINGS) == (Completion("checkout", "/v0.1/checkouts/..%2Fcustomers%3Fx%3D1"),)
    assert completions(known, SETTINGS) == (
        Completion("transaction", paths, {"id": "T1"}),
        Completion("customer", "/v0.1/customers/K%2F1"),
    )
    assert completions(entry(reader["event_type"], reader), SETTINGS) == (
        Completion("transaction", paths, {"client_transaction_id": "X"}),
    )
    assert completions(entry("CHECKOUT_STATUS_CHANGED", body, checkout={"id": "C1"}), SETTINGS) == ()


def test_of_several_attempts_the_one_that_paid_counts() -> None:
    tried = [
        {"id": "T2", "status": "SUCCESSFUL", "timestamp": "2026-02-11T17:03:40Z"},
        {"id": "T3", "status": "FAILED", "timestamp": "2026-02-11T17:04:40Z"},
    ]
    body = {"event_type": "CHECKOUT_STATUS_CHANGED", "id": "C1"}
    asked = completions(entry(body["event_type"], body, checkout={"id": "C1", "transactions": tried}), SETTINGS)

    assert [one.query for one in asked] == [{"id": "T2"}]


@pytest.mark.parametrize(
    ("status", "back", "state"),
    [("REFUNDED", [3], "paid"), ("REFUNDED", [3, "7.1"], "refunded"), ("SUCCESSFUL", [], "paid")],
)
def test_a_refund_in_part_leaves_the_rest_paid(status: str, back: list[Any], state: str) -> None:
    events = [{"id": n, "event_type": "REFUND", "status": "REFUNDED", "amount": one} for n, one in enumerate(back)]

    told = order(status=status, transaction_events=events, events=[{**one, "type": "REFUND"} for one in events])

    assert told.order.state == state
    assert [one.amount.amount for one in told.order.refunds] == [Decimal(str(one)) for one in back]


def test_a_refund_that_failed_is_none_and_a_payout_takes_nothing_off() -> None:
    told = order(
        transaction_events=[
            {"id": 1, "event_type": "REFUND", "status": "FAILED", "amount": 10.1},
            {"id": 2, "event_type": "PAYOUT", "status": "PAID_OUT", "amount": 9.9},
        ]
    )

    assert (told.order.state, [one.state for one in told.order.refunds]) == ("paid", ["failed"])


def test_the_order_holds_as_of_its_newest_event() -> None:
    event = {"id": 1, "event_type": "REFUND", "status": "REFUNDED", "amount": 1, "timestamp": "2026-02-13T10:49:42Z"}

    assert order().occurred_at == datetime(2026, 2, 11, 17, 3, 40, tzinfo=UTC)
    assert order(transaction_events=[event]).occurred_at == datetime(2026, 2, 13, 10, 49, 42, tzinfo=UTC)


def test_products_that_do_not_make_the_amount_are_noted() -> None:
    body = {"event_type": "transaction", "id": "T1", "payload": {"transaction_id": "T1"}}
    told = parse(
        entry("transaction", body, transaction={**PAID, "products": [{"name": "A", "total_with_vat": 9}]}), SETTINGS
    )

    assert [one.path for one in told if isinstance(one, Note)] == ["total"]
    assert not any(isinstance(one, CustomerEvent) for one in told)


def client(answer: Any) -> HttpClient:
    connection = Connection("till", Connector(manifest=MANIFEST, source=SOURCE), SETTINGS)
    return open_client(connection, SOURCE, transport=httpx.MockTransport(answer))


def test_history_since_a_day_asks_for_changes_once_where_there_are_none() -> None:
    asked: list[httpx.URL] = []

    def api(request: httpx.Request) -> httpx.Response:
        asked.append(request.url)
        assert request.headers["authorization"] == "Bearer sup_sk_invented"
        return httpx.Response(200, json={"items": [], "links": []})

    with client(api) as http:
        pages = list(backfill(http, SETTINGS, datetime(2026, 2, 1, tzinfo=UTC), None))
        assert list(backfill(http, SETTINGS, None, pages[-1].cursor)) == []

    assert [item for page in pages for item in page.items] == []
    [url] = asked
    assert dict(url.params) == {
        "order": "ascending",
        "limit": "100",
        "types[]": "PAYMENT",
        "changes_since": "2026-02-01T00:00:00Z",
    }


def test_a_payment_is_listed_anew_once_it_is_given_back() -> None:
    listed = {"transaction_id": "T1", "status": "SUCCESSFUL", "refunded_amount": 0}

    def ids(found: Mapping[str, Any]) -> list[str]:
        with client(lambda _: httpx.Response(200, json={"items": [found]})) as http:
            return [item.event_id for page in backfill(http, SETTINGS, None, None) for item in page.items]

    assert ids(listed) != ids({**listed, "status": "REFUNDED", "refunded_amount": 3})
    assert ids(listed) == ids(dict(listed))


def test_what_sumup_does_not_have_is_an_empty_body() -> None:
    with client(lambda _: httpx.Response(404, json={"error_code": "NOT_FOUND"})) as http:
        assert fetched(Completion("checkout", "/v0.1/checkouts/C1"), http, SETTINGS) == b""
