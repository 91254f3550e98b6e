"""What the contract kit cannot know of bigcommerce: its signature, its lists, its webhooks, what its users report."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from hub.connectors.bigcommerce.manifest import MANIFEST, BigCommerceSettings
from hub.connectors.bigcommerce.source import SOURCE, backfill, completions, name_event, parse, verify
from hub.errors import RateLimited, SkipEvent, VerificationError
from hub.mapping.order import is_open, missing, refunded
from hub.model.event import ConsentEvent, CustomerEvent, OrderEvent
from hub.model.order import Order
from hub.sdk.connection import Connection, open_client
from hub.sdk.http import HttpClient
from hub.sdk.registry import Connector
from hub.sdk.source import InboxEntry, RawDelivery
from hub.sdk.subscriptions import standing

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SETTINGS = BigCommerceSettings.model_validate(dict(MANIFEST.sample_settings))
SAMPLES = Path(__file__).parent / "samples"
HOOK = {
    "scope": "store/order/updated",
    "store_id": "1025646",
    "data": {"type": "order", "id": 250},
    "hash": "dd70c0976e06b67aaf671e73f49dcb79230ebf9d",
    "created_at": 1772366400,
    "producer": "stores/hafen4711",
}


def told(sample: str = "store.order.created/guest", **more: Any) -> dict[str, Any]:
    order: dict[str, Any] = json.loads((SAMPLES / sample / "completions/order.json").read_bytes())
    return {**order, **more}


def events(order: dict[str, Any], **completions: Any) -> list[Any]:
    body = json.dumps({"order": order}).encode()
    found = {name: json.dumps(value).encode() for name, value in completions.items()}
    return list(parse(InboxEntry("shop", "1", "store/order/updated", {}, body, NOW, found), SETTINGS))


def read(order: dict[str, Any], **completions: Any) -> Order:
    [event] = [event for event in events(order, **completions) if isinstance(event, OrderEvent)]
    return event.order


def delivery(headers: dict[str, str], body: bytes = json.dumps(HOOK).encode()) -> RawDelivery:
    return RawDelivery("POST", "https://hub.example.com/webhooks/shop", {}, headers, body, NOW)


def signed(secret: str = "client-hush-new", at: datetime = NOW) -> dict[str, str]:
    """By hand, as https://developer.bigcommerce.com/docs/integrations/webhooks and Standard Webhooks say."""
    sent_at = str(int(at.timestamp()))
    digest = hmac.new(secret.encode(), b"msg_1." + sent_at.encode() + b"." + json.dumps(HOOK).encode(), hashlib.sha256)
    signature = "v1," + base64.b64encode(digest.digest()).decode()
    return {
        "x-hub-secret": "big-hush-new",
        "webhook-id": "msg_1",
        "webhook-timestamp": sent_at,
        "webhook-signature": f"v1,bm90IHRoaXMgb25l {signature}",
    }


def test_the_client_secret_signs_as_it_is_and_the_header_has_to_be_there_too() -> None:
    verify(delivery(signed()), SETTINGS)
    bad = [
        {**signed(), "x-hub-secret": "guessed"},
        signed("another"),
        signed(at=datetime(2026, 3, 1, 11, tzinfo=UTC)),
        {**signed(), "webhook-timestamp": "soon"},
        {"x-hub-secret": "big-hush-new"},
    ]
    for headers in bad:
        with pytest.raises(VerificationError):
            verify(delivery(headers), SETTINGS)


def test_without_the_client_secret_the_header_alone_counts() -> None:
    settings = SETTINGS.model_copy(update={"client_secret": None})
    verify(delivery({"x-hub-secret": "big-hush-old"}), settings)
    with pytest.raises(VerificationError):
        verify(delivery({}), settings)


def test_two_changes_of_one_order_are_two_events_and_a_redelivery_is_one() -> None:
    later = json.dumps({**HOOK, "created_at": HOOK["created_at"] + 1}).encode()  # type: ignore[operator]
    names = {name_event(delivery({}, body), SETTINGS).event_id for body in (delivery({}).body, later)}
    assert len(names) == 2
    assert name_event(delivery({}), SETTINGS).event_id in names


def test_an_order_takes_one_call_and_a_second_only_where_money_went_back() -> None:
    entry = InboxEntry("shop", "1", "store/order/updated", {}, json.dumps(HOOK).encode(), NOW)
    [first] = completions(entry, SETTINGS)
    assert (first.name, first.path) == ("order", "v2/orders/250")
    for order, then in ((told(), []), (told(status_id=14), ["refunds"]), (told(refunded_amount="1"), ["refunds"])):
        held = {"order": json.dumps(order).encode()}
        more = completions(InboxEntry("shop", "1", entry.topic, {}, entry.body, NOW, held), SETTINGS)
        assert [one.name for one in more] == then


def test_an_empty_list_of_v2_is_an_answer_without_a_body() -> None:
    # aligent/bigcommerce-v3-api-php-client#161, bigcommerce/bigcommerce-api-ruby#47
    def store(request: httpx.Request) -> httpx.Response:
        return httpx.Response(204) if "/v2/" in request.url.path else httpx.Response(200, json={"data": []})

    with HttpClient("https://api.example.com/stores/x", transport=httpx.MockTransport(store)) as http:
        pages = list(backfill(http, SETTINGS, NOW, None))
    assert [list(page.items) for page in pages] == [[], [], [], [], []]
    assert pages[-1].cursor["list"] == "done"


def test_what_changes_while_a_list_is_paged_is_not_lost() -> None:
    # given 250 orders, of which the tenth is touched after every page and so moves to the end of the list
    orders = [{"id": n, "date_modified": f"Sun, 01 Feb 2026 00:{n // 60:02}:{n % 60:02} +0000"} for n in range(250)]
    clock = iter(range(60))

    def store(request: httpx.Request) -> httpx.Response:
        if "/v3/" in request.url.path:
            return httpx.Response(200, json={"data": []})
        query = request.url.params
        begin = query["min_date_modified"]
        found = [one for one in orders if at(one) >= datetime.fromisoformat(begin)]
        found = [one for one in found if int(str(one["id"])) >= int(query.get("min_id", 0))]
        answer = httpx.Response(200, json=found[: int(query["limit"])])
        orders[10]["date_modified"] = f"Mon, 02 Feb 2026 00:00:{next(clock):02} +0000"
        return answer

    def at(order: dict[str, Any]) -> datetime:
        return datetime.strptime(order["date_modified"], "%a, %d %b %Y %H:%M:%S %z")

    with HttpClient("https://api.example.com/stores/x", transport=httpx.MockTransport(store)) as http:
        since = datetime(2026, 1, 1, tzinfo=UTC)
        items = [item for page in backfill(http, SETTINGS, since, None) for item in page.items]
    assert {json.loads(item.body)["order"]["id"] for item in items} == set(range(250))


def test_the_quota_is_waited_out_as_its_header_says() -> None:
    # docs, API rate limits: X-Rate-Limit-Time-Reset-Ms, and no Retry-After
    def store(request: httpx.Request) -> httpx.Response:
        return httpx.Response(429, headers={"x-rate-limit-time-reset-ms": "15000"}, json={})

    connection = Connection("shop", Connector(MANIFEST, source=SOURCE), SETTINGS)
    with (
        open_client(connection, SOURCE, transport=httpx.MockTransport(store)) as http,
        pytest.raises(RateLimited) as caught,
    ):
        http.get("v3/customers")
    assert caught.value.retry_after == 15


def test_webhooks_carry_the_secret_and_one_that_was_switched_off_is_seen() -> None:
    # bigcommerce/docs, webhooks: deactivated after 48 hours of failed tries and after 90 days without an event
    made: list[dict[str, Any]] = []
    topics = [topic for topic in MANIFEST.topics if topic != "store/order/statusUpdated"]

    def store(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            made.append(json.loads(request.content))
            return httpx.Response(200, json={"data": {"id": len(made)}})
        if request.method == "DELETE":
            return httpx.Response(204)
        hooks = [{**hook, "id": n, "is_active": n != 1} for n, hook in enumerate(made)]
        return httpx.Response(200, json={"data": hooks})

    assert SOURCE.subscriptions is not None
    with HttpClient("https://api.example.com/stores/x", transport=httpx.MockTransport(store)) as http:
        SOURCE.subscriptions.create(http, SETTINGS, "https://hub.example.com/webhooks/shop", topics)
        found = list(SOURCE.subscriptions.listed(http, SETTINGS))
        SOURCE.subscriptions.remove(http, SETTINGS, found[1])
    assert {hook["headers"]["x-hub-secret"] for hook in made} == {"big-hush-new"}
    assert "store/order/statusUpdated" not in topics
    stands = standing(found, topics, "https://hub.example.com/webhooks/shop")
    assert (len(stands.inactive), stands.lacking) == (1, (topics[1],))


def test_the_currency_is_the_one_that_is_paid_in_and_not_the_one_that_is_shown() -> None:
    # bigcommerce/api-specs#31: currency_code is the display currency
    order = read(told(currency_code="USD", default_currency_code="EUR"))
    assert order.currency == "EUR"
    assert {payment.amount.currency for payment in order.payments} == {"EUR"}


def test_a_webhook_of_a_mere_attempt_makes_no_order() -> None:
    # docs, webhook events: order/created "also fires for incomplete orders, including failed payment"
    with pytest.raises(SkipEvent, match="incomplete"):
        events(told(status_id=0))


@pytest.mark.parametrize(
    ("status", "payment", "state", "waits"),
    [
        (1, "", "open", True),
        (7, "", "open", True),
        (11, "captured", "paid", False),
        (11, "authorized", "open", True),
        (9, "", "paid", False),
        (3, "paid", "paid", False),
        (2, "pending", "fulfilled", True),
        (10, "", "completed", False),
        (5, "void", "cancelled", False),
        (6, "declined", "failed", False),
        (4, "refunded", "refunded", False),
        (14, "partially refunded", "paid", False),
        (99, "captured", "paid", False),
    ],
)
def test_every_status_has_a_state(status: int, payment: str, state: str, waits: bool) -> None:
    order = read(told(status_id=status, payment_status=payment))
    assert (order.state, is_open(order)) == (state, waits)


def test_a_declined_refund_takes_nothing_off() -> None:
    refunds = {
        "data": [
            {"id": 3, "total_amount": 20, "payments": [{"is_declined": True}]},
            {"id": 4, "total_amount": 5.5, "payments": [{"is_declined": True}, {"is_declined": False}]},
        ]
    }
    assert refunded(read(told(status_id=14), refunds=refunds)) == Decimal("5.5")


def test_discounts_of_the_whole_order_are_in_its_lines() -> None:
    order = told()
    for item in order["consignments"]["shipping"][0]["line_items"]:
        item["discounted_total_inc_tax"] = str(Decimal(item["total_inc_tax"]) / 2)
        item["applied_discounts"] = []
    assert missing(read({**order, "total_inc_tax": "38.05"})) == 0


def test_a_subscriber_that_is_gone_has_opted_out() -> None:
    body = json.dumps({**HOOK, "scope": "store/subscriber/deleted", "data": {"type": "subscriber", "id": 5}}).encode()
    [event] = parse(InboxEntry("shop", "1", "store/subscriber/deleted", {}, body, NOW), SETTINGS)
    assert isinstance(event, ConsentEvent)
    assert (event.record.kind, event.consent.state, event.consent.at) == ("subscriber", "opted_out", NOW)


def test_a_present_goes_to_somebody_else() -> None:
    [who, *_] = events(told("store.order.created/account_and_gift"))
    assert isinstance(who, CustomerEvent)
    assert [address.country for address in who.customer.addresses] == ["DE"]
    assert [number.value for number in who.customer.phones] == ["+49302345678"]


def test_an_order_that_was_archived_without_a_word_is_found() -> None:
    asked: list[Any] = []

    def store(request: httpx.Request) -> httpx.Response:
        asked.append(dict(request.url.params))
        return httpx.Response(200, json=[told(id=251, is_deleted=True), told(id=252, is_deleted=True)])

    assert SOURCE.deleted is not None
    with HttpClient("https://api.example.com/stores/x", transport=httpx.MockTransport(store)) as http:
        [item] = SOURCE.deleted(http, SETTINGS, ["251", "250"])
    assert (asked[0]["is_deleted"], asked[0]["min_id"], asked[0]["max_id"]) == ("true", "250", "251")
    events = parse(InboxEntry("shop", item.event_id, item.topic, {}, item.body, NOW), SETTINGS)
    [order] = [event.order for event in events if isinstance(event, OrderEvent)]
    assert (order.external_id, order.tags) == ("251", ("archived",))


def test_subscribers_that_are_deleted_while_a_list_is_paged_cost_no_other() -> None:
    # given 250 subscribers, which no parameter sorts, of which two leave after the first page
    subscribers = list(range(250))

    def store(request: httpx.Request) -> httpx.Response:
        if not request.url.path.endswith("/subscribers"):
            return httpx.Response(200, json={"data": []})
        first = (int(request.url.params["page"]) - 1) * 100
        found = [{"id": n, "date_modified": "2026-02-01T10:00:00Z"} for n in subscribers[first : first + 100]]
        answer = httpx.Response(200, json={"data": found, "meta": {"pagination": {"total": len(subscribers)}}})
        subscribers[:] = [n for n in subscribers if n not in (3, 4)]
        return answer

    with HttpClient("https://api.example.com/stores/x", transport=httpx.MockTransport(store)) as http:
        items = [item for page in backfill(http, SETTINGS, None, None) for item in page.items]
    # then every other came
    assert {json.loads(item.body)["subscriber"]["id"] for item in items} == set(range(250))


@pytest.mark.parametrize("leaves", [False, True], ids=["changed", "deleted"])
def test_customers_that_change_or_are_deleted_while_their_moment_is_paged_cost_no_other(leaves: bool) -> None:
    # airbytehq/airbyte#21500: given 250 customers that an import wrote within one second, and two older ones
    import_at, later = "2026-02-01T10:00:00Z", "2026-02-01T11:00:00Z"
    customers = {n: "2026-01-01T10:00:00Z" if n < 2 else import_at for n in range(252)}
    asked = list[dict[str, str]]()

    def store(request: httpx.Request) -> httpx.Response:
        if not request.url.path.endswith("/customers"):
            return httpx.Response(200, json={"data": []})
        query = dict(request.url.params)
        asked.append(query)
        assert query["sort"] == "date_modified:asc"
        begin, first = query.get("date_modified:min", ""), (int(query["page"]) - 1) * int(query["limit"])
        order = sorted((at, n) for n, at in customers.items() if at > begin)  # the filter leaves out its own second
        found = [{"id": n, "date_modified": at} for at, n in order[first : first + int(query["limit"])]]
        # two that were read change, or leave, after the second page of that moment
        for n in (5, 6) if len(asked) == 3 else ():
            if leaves:
                customers.pop(n)
            else:
                customers[n] = later
        return httpx.Response(200, json={"data": found, "meta": {"pagination": {"total": len(order)}}})

    with HttpClient("https://api.example.com/stores/x", transport=httpx.MockTransport(store)) as http:
        items = [item for page in backfill(http, SETTINGS, None, None) for item in page.items]
    # then every one came, and so did the changes
    told = {(one["id"], one["date_modified"]) for item in items for one in [json.loads(item.body)["customer"]]}
    assert {n for n, _ in told} == set(range(252))
    assert leaves or {(5, later), (6, later)} <= told
    assert len(asked) < 12


def test_reviews_are_read_of_the_products_that_have_some_and_a_page_is_never_too_large() -> None:
    # given 120 products, of which every third has a review
    asked = list[str]()

    def store(request: httpx.Request) -> httpx.Response:
        query = request.url.params
        if request.url.path.endswith("/reviews"):
            number = request.url.path.split("/")[-2]
            asked.append(number)
            return httpx.Response(
                200, json={"data": [{"id": int(number) * 10, "date_modified": "2026-02-01T10:00:00"}]}
            )
        if query.get("include_fields") != "reviews_count":
            return httpx.Response(200, json={"data": []})
        found = [n for n in range(1, 121) if n > int(query["id:greater"])][: int(query["limit"])]
        return httpx.Response(200, json={"data": [{"id": n, "reviews_count": int(n % 3 == 0)} for n in found]})

    with HttpClient("https://api.example.com/stores/x", transport=httpx.MockTransport(store)) as http:
        pages = [page for page in backfill(http, SETTINGS, None, None) if page.items]
    assert sorted(map(int, asked)) == list(range(3, 121, 3))
    assert max(len(page.items) for page in pages) <= 20
