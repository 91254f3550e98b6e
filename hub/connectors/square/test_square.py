"""What the contract kit cannot know of Square: vendor vectors and payloads, the SDK, fetching in rounds, history."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from square.utils.webhooks_helper import verify_signature

from hub.connectors.square.manifest import MANIFEST, SquareSettings
from hub.connectors.square.source import SIGNATURE, SOURCE, completions, parse
from hub.connectors.square.source_history import backfill
from hub.errors import RejectedError, SkipEvent, VerificationError
from hub.model.event import OrderEvent
from hub.sdk.completing import fetched
from hub.sdk.connection import Connection, open_client
from hub.sdk.http import HttpClient
from hub.sdk.registry import Connector
from hub.sdk.source import Completion, InboxEntry, RawDelivery

ROOT = Path(__file__).parents[3]
CONTRACTS = Path(os.environ.get("HUB_CONTRACTS_DIR") or ROOT.parent / "shared" / "contracts")
SAMPLES = Path(__file__).parent / "samples"
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SETTINGS = SquareSettings.model_validate(dict(MANIFEST.sample_settings))


def delivery(body: bytes, url: str, headers: Mapping[str, str] | None = None) -> RawDelivery:
    return RawDelivery(method="POST", url=url, query={}, headers=headers or {}, body=body, received_at=NOW)


def entry(topic: str, body: bytes, found: Mapping[str, bytes] | None = None) -> InboxEntry:
    return InboxEntry("till", "event", topic, {}, body, NOW, found or {})


def sample(topic: str, case: str) -> InboxEntry:
    folder = SAMPLES / topic / case
    found = {path.stem: path.read_bytes() for path in (folder / "completions").glob("*.json")}
    return entry(topic, (folder / "body.json").read_bytes(), found)


@pytest.mark.parametrize("path", sorted((CONTRACTS / "signatures").glob("square*.json")), ids=lambda path: path.stem)
def test_the_vendors_signature_vector_is_accepted_and_its_url_matters(path: Path) -> None:
    vector = json.loads(path.read_bytes())
    settings = SquareSettings(signature_key=vector["secret"])
    given = delivery(vector["body"].encode(), vector["notification_url"], vector["headers"])

    SIGNATURE.verify(given, settings)

    with pytest.raises(VerificationError):
        SIGNATURE.verify(replace(given, url=given.url + "/"), settings)


@pytest.mark.parametrize(
    "url", ["https://hub.example.com/webhooks/till", "https://hub.example.com/webhooks/till?a=%20b"]
)
@pytest.mark.parametrize("body", ["{}", '{"name":"Jürgen Weiß 🌷"}', '{ "a" : 1 }\r\n'])
def test_our_signature_is_the_one_of_squares_own_sdk(url: str, body: str) -> None:
    signed = SIGNATURE.sign(delivery(body.encode(), url), SETTINGS)

    assert verify_signature(
        request_body=body,
        signature_header=signed.headers[SIGNATURE.header],
        signature_key="sample-square-signature-key",
        notification_url=url,
    )


VENDOR_RESULTS = {
    "catalog.version.updated": "topic not read: catalog.version.updated",
    "customer.created": ["CustomerEvent"],
    "customer.deleted": ["DeletionEvent"],
    "loyalty.account.created": ["CustomerEvent", "InteractionEvent"],
    "oauth.authorization.revoked": (
        "authorisation revoked: Square sends no further events until the seller connects again"
    ),
    "order.created": "order not fetched: the connection has no access_token",
    "payment.created": ["OrderPartEvent"],
    "refund.created": ["OrderPartEvent"],
}


@pytest.mark.parametrize("path", sorted((CONTRACTS / "square").glob("*.json")), ids=lambda path: path.stem)
def test_the_vendors_own_examples_are_read(path: Path) -> None:
    name = (
        SOURCE.name_event(delivery(path.read_bytes(), "https://hub.example.com"), SETTINGS)
        if SOURCE.name_event
        else None
    )
    assert name is not None
    assert name.topic == path.stem
    result: list[str] | str
    try:
        result = [type(event).__name__ for event in parse(entry(name.topic, path.read_bytes()), SETTINGS)]
    except SkipEvent as skip:
        result = str(skip)
    assert result == VENDOR_RESULTS[path.stem]


def test_an_order_is_fetched_first_and_its_customer_then() -> None:
    whole = sample("order.created", "till_sale")
    bare = replace(whole, completions={})
    with_order = replace(whole, completions={"order": whole.completions["order"]})

    assert completions(bare, SETTINGS) == (Completion("order", "/v2/orders/ORDTILL1KASSE7ZY"),)
    assert completions(with_order, SETTINGS) == (Completion("customer", "/v2/customers/JQ6M0ANNA8K2T4B7R9W1XZ3C5D"),)
    assert completions(whole, SETTINGS) == ()


def test_an_order_that_is_gone_is_skipped_and_fetches_no_customer() -> None:
    gone = replace(sample("order.created", "till_sale"), completions={"order": b""})

    assert completions(gone, SETTINGS) == ()
    with pytest.raises(SkipEvent, match="does not exist any more"):
        parse(gone, SETTINGS)


def test_without_a_token_nothing_is_fetched() -> None:
    settings = SquareSettings(signature_key="key")
    bare = replace(sample("order.created", "till_sale"), completions={})

    assert completions(bare, settings) == ()
    with pytest.raises(SkipEvent, match="no access_token"):
        parse(bare, settings)


def test_ids_cannot_leave_their_path() -> None:
    body = {"type": "order.created", "event_id": "1", "created_at": "2026-01-01T00:00:00Z"}
    data = {"object": {"order_created": {"order_id": "../customers?x=1"}}}
    asked = completions(entry("order.created", json.dumps({**body, "data": data}).encode()), SETTINGS)

    assert asked == (Completion("order", "/v2/orders/..%2Fcustomers%3Fx%3D1"),)


@pytest.mark.parametrize("case", ["till_sale", "guest_pickup", "anonymous_cash"])
def test_the_lines_of_an_order_add_up_to_its_total(case: str) -> None:
    order = next(e.order for e in parse(sample("order.created", case), SETTINGS) if isinstance(e, OrderEvent))

    assert sum(line.total for line in order.lines if line.total is not None) == order.total


def client(answers: Mapping[str, tuple[int, Any]], seen: list[httpx.Request]) -> HttpClient:
    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        status, body = answers.get(request.url.path, (200, {}))
        return httpx.Response(status, json=body)

    connection = Connection("till", Connector(manifest=MANIFEST, source=SOURCE), SETTINGS)
    return open_client(connection, SOURCE, transport=httpx.MockTransport(answer))


def test_a_completion_pins_the_api_version_and_a_404_is_an_empty_body() -> None:
    seen: list[httpx.Request] = []
    error = {"errors": [{"category": "INVALID_REQUEST_ERROR", "code": "NOT_FOUND", "detail": "Order not found."}]}
    with client({"/v2/orders/A": (200, {"order": {}}), "/v2/orders/B": (404, error)}, seen) as http:
        assert fetched(Completion("order", "/v2/orders/A"), http, SETTINGS) == b'{"order":{}}'
        assert fetched(Completion("order", "/v2/orders/B"), http, SETTINGS) == b""

    assert seen[0].url == "https://connect.squareup.com/v2/orders/A"
    assert seen[0].headers["square-version"] == "2026-09-16"
    assert seen[0].headers["authorization"] == "Bearer sample-square-token"


def test_a_refusal_keeps_squares_own_words() -> None:
    error = {"errors": [{"category": "INVALID_REQUEST_ERROR", "code": "BAD_REQUEST", "detail": "Invalid cursor."}]}
    with (
        client({"/v2/orders/A": (400, error)}, []) as http,
        pytest.raises(RejectedError, match=r"400: Invalid cursor\."),
    ):
        fetched(Completion("order", "/v2/orders/A"), http, SETTINGS)


def test_the_history_since_a_day_asks_by_change_and_all_locations() -> None:
    seen: list[httpx.Request] = []
    places = [f"L{number}" for number in range(12)]
    customers = [
        {"id": "OLD", "updated_at": "2026-01-31T23:59:59Z", "version": 1},
        {"id": "NEW", "updated_at": "2026-02-01T00:00:00Z", "version": 2},
    ]
    answers = {
        "/v2/locations": (200, {"locations": [{"id": place} for place in places]}),
        "/v2/customers/search": (200, {"customers": customers}),
    }
    with client(answers, seen) as http:
        pages = list(backfill(http, SETTINGS, datetime(2026, 2, 1, tzinfo=UTC), None))

    assert [item.event_id for page in pages for item in page.items] == ["customer:NEW:2"]
    people, *searches, items = [json.loads(request.content) for request in seen if request.method == "POST"]
    assert items["begin_time"] == "2026-02-01T00:00:00Z"
    assert people["query"]["filter"] == {"updated_at": {"start_at": "2026-02-01T00:00:00Z"}}
    assert [search["location_ids"] for search in searches] == [places[:10], places[10:]]
    assert searches[0]["query"]["filter"]["date_time_filter"] == {"updated_at": {"start_at": "2026-02-01T00:00:00Z"}}
    assert searches[0]["query"]["sort"] == {"sort_field": "UPDATED_AT", "sort_order": "ASC"}
    paid = [dict(request.url.params) for request in seen if request.url.path == "/v2/payments"]
    assert [query["location_id"] for query in paid] == places
    assert {query["updated_at_begin_time"] for query in paid} == {"2026-02-01T00:00:00Z"}


def test_a_finished_history_resumes_to_nothing() -> None:
    with client({"/v2/locations": (200, {"locations": [{"id": "L1"}]})}, []) as http:
        pages: Sequence[Any] = list(backfill(http, SETTINGS, None, None))
        assert list(backfill(http, SETTINGS, None, pages[-1].cursor)) == []
