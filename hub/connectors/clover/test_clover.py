"""What the contract kit cannot know of Clover: the vendor's batch, the code, tokens, history that moves."""

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

from hub.connectors.clover.manifest import MANIFEST, CloverSettings
from hub.connectors.clover.source import (
    CODE,
    SOURCE,
    answer,
    backfill,
    complete,
    completions,
    deleted,
    name_event,
    parse,
)
from hub.errors import PayloadError, SkipEvent, VerificationError
from hub.model.event import CustomerEvent, DeletionEvent, Note, OrderEvent
from hub.sdk.connection import Connection, open_client
from hub.sdk.http import HttpClient
from hub.sdk.registry import Connector
from hub.sdk.source import BackfillPage, Completion, InboxEntry, RawDelivery

ROOT = Path(__file__).parents[3]
CONTRACTS = Path(os.environ.get("HUB_CONTRACTS_DIR") or ROOT.parent / "shared" / "contracts")
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SETTINGS = CloverSettings.model_validate(dict(MANIFEST.sample_settings))
MERCHANT = "XYZVJT2ZRRRSC"
AT = 1_770_829_420_000
ORDER: dict[str, Any] = {"id": "O1", "currency": "USD", "total": 1000, "createdTime": AT, "state": "locked"}


def delivery(body: bytes, method: str = "POST", **headers: str) -> RawDelivery:
    return RawDelivery(method, "https://hub.example.com/webhooks/till", {}, headers, body, NOW)


def update(object_id: str, kind: str = "UPDATE", at: int = AT) -> dict[str, Any]:
    return {"objectId": object_id, "type": kind, "ts": at}


def batch(**merchants: Any) -> bytes:
    return json.dumps({"appId": "A", "merchants": merchants}).encode()


def entry(body: bytes, **fetched: Any) -> InboxEntry:
    found = {name.replace(".", "/"): json.dumps(told).encode() for name, told in fetched.items()}
    return InboxEntry("till", "1", "updates", {}, body, NOW, found)


def told(goods: Mapping[str, Any], money: Mapping[str, Any] | None = None) -> list[Any]:
    halves = {f"{MERCHANT}.O.O1": {**ORDER, **goods}, f"{MERCHANT}.M.O1": {**ORDER, **(money or {})}}
    return list(parse(entry(batch(**{MERCHANT: [update("O:O1")]}), **halves), SETTINGS))


def order(goods: Mapping[str, Any], money: Mapping[str, Any] | None = None) -> OrderEvent:
    [found] = [one for one in told(goods, money) if isinstance(one, OrderEvent)]
    return found


def elements(*members: Any) -> dict[str, Any]:
    return {"elements": list(members)}


def test_the_vendors_own_batch_is_verified_named_and_fetched() -> None:
    for path in (CONTRACTS / "signatures").glob("clover-static.json"):
        vector = json.loads(path.read_bytes())
        settings = CloverSettings.model_validate({**MANIFEST.sample_settings, "auth_code": vector["secret"]})
        headers = {name.lower(): value for name, value in vector["headers"].items()}
        body = (CONTRACTS / "clover" / "webhook-orders.json").read_bytes()

        CODE.verify(delivery(vector["body"].encode(), **headers), settings)
        with pytest.raises(VerificationError):
            CODE.verify(delivery(body, **{"x-clover-auth": vector["secret"][:-1]}), settings)

        assert name_event(delivery(body), settings).topic == "updates"
        paths = [one.path for one in completions(entry(body), settings)]
        assert paths == [
            f"/v3/merchants/{MERCHANT}/orders/{one}" for one in ("GHIVJT2ABCRSC",) * 2 + ("ABCVJTABCRRSC",) * 2
        ]


def test_the_code_that_proves_the_url_is_answered_and_told_to_the_operator() -> None:
    for path in (CONTRACTS / "clover").glob("webhook-verification.json"):
        reply = answer(delivery(path.read_bytes()), SETTINGS)
        assert reply is not None
        assert (reply.status, "5220ecf5-7dea-4396-b0ba-a1659c182887" in reply.told) == (200, True)


@pytest.mark.parametrize(
    ("body", "method", "headers"),
    [
        (b'{"verificationCode": "anna@example.de"}', "POST", {}),
        (b'{"verificationCode": "5220ecf5-7dea-4396-b0ba-a1659c182887", "merchants": {}}', "POST", {}),
        (b'{"verificationCode": "5220ecf5-7dea-4396-b0ba-a1659c182887"}', "GET", {}),
        (b'{"verificationCode": "5220ecf5-7dea-4396-b0ba-a1659c182887"}', "POST", {"x-clover-auth": "x"}),
        (b"", "POST", {}),
    ],
)
def test_nothing_else_is_answered_and_nothing_else_reaches_the_log(body: bytes, method: str, headers: Any) -> None:
    assert answer(delivery(body, method, **headers), SETTINGS) is None


def test_a_batch_has_one_name_in_any_order_and_another_for_other_updates() -> None:
    one, other = update("O:1"), update("O:2")
    name = name_event(delivery(batch(M=[one, other])), SETTINGS).event_id

    assert name_event(delivery(batch(M=[other, one])), SETTINGS).event_id == name
    others = [batch(M=[one]), batch(N=[one, other]), batch(M=[one, update("O:2", at=AT + 1)])]
    assert name not in {name_event(delivery(body), SETTINGS).event_id for body in others}
    with pytest.raises(PayloadError):
        name_event(delivery(batch()), SETTINGS)


def test_an_odd_update_costs_itself_and_says_so() -> None:
    body = batch(**{MERCHANT: [update("C:C1", "DELETE"), {"type": "UPDATE"}, update("nothing"), "odd"]})

    events = list(parse(entry(body), SETTINGS))

    [gone] = [one for one in events if not isinstance(one, Note)]
    assert isinstance(gone, DeletionEvent)
    paths = {one.path for one in events if isinstance(one, Note)}
    assert paths == {f"merchants.{MERCHANT}.{at}" for at in ("1.objectId", "2.objectId", "3")}


def test_updates_of_other_merchants_are_neither_fetched_nor_believed() -> None:
    body = batch(SOMEBODYELSE=[update("O:1"), update("C:2", "DELETE")])

    assert completions(entry(body), SETTINGS) == ()
    with pytest.raises(SkipEvent):
        parse(entry(body), SETTINGS)


def test_a_payment_leads_to_its_order_and_the_order_to_its_customer() -> None:
    body = batch(**{MERCHANT: [update("P:P1"), update("O:O1")]})
    steps: list[list[str]] = []
    fetched: dict[str, Any] = {}
    answers = {
        "P": {"id": "P1", "order": {"id": "O1"}},
        "O": {**ORDER, "customers": elements({"id": "C1"})},
        "M": ORDER,
        "C": {"id": "C1"},
    }
    while asked := completions(entry(body, **fetched), SETTINGS):
        steps.append([one.name.partition("/")[2] for one in asked])
        fetched |= {one.name: answers[one.name.split("/")[1]] for one in asked}

    assert steps == [["P/P1", "O/O1", "M/O1"], ["C/C1"]]
    names = [type(one).__name__ for one in parse(entry(body, **fetched), SETTINGS)]
    assert names == ["CustomerEvent", "OrderEvent"]


def test_ids_cannot_leave_their_path_and_three_fields_are_expanded_at_most() -> None:
    asked = completions(entry(batch(**{MERCHANT: [update("O:../x?y"), update("C:C1"), update("I:I1")]})), SETTINGS)

    assert asked[-1].path == f"/v3/merchants/{MERCHANT}/orders/..%2Fx%3Fy"
    assert all(len(one.query["expand"].split(",")) <= 3 for one in asked)


def test_two_halves_of_different_moments_hold_as_of_the_older() -> None:
    event = order({"modifiedTime": AT + 5000}, {"modifiedTime": AT + 9000, "paymentState": "PAID"})

    assert (event.occurred_at.timestamp(), event.order.state) == ((AT + 5000) / 1000, "completed")


@pytest.mark.parametrize(
    ("told_state", "payments", "state"),
    [
        ("PAID", [], "completed"),
        ("OPEN", [], "open"),
        ("PARTIALLY_PAID", [("SUCCESS", 400)], "open"),
        ("PARTIALLY_REFUNDED", [("SUCCESS", 1000)], "completed"),
        ("REFUNDED", [("SUCCESS", 1000)], "refunded"),
        (None, [("SUCCESS", 1000)], "completed"),
        (None, [("FAIL", 1000)], "open"),
        (None, [], "open"),
    ],
)
def test_every_payment_state_has_a_state(told_state: str | None, payments: list[tuple[str, int]], state: str) -> None:
    paid = [{"id": f"P{n}", "amount": amount, "result": result} for n, (result, amount) in enumerate(payments)]

    assert order({}, {"paymentState": told_state, "payments": elements(*paid)}).order.state == state


def test_a_tip_is_in_the_total_and_of_two_payments_each_holds_its_tax() -> None:
    lines = elements({"id": "L1", "name": "Dinner", "price": 950})
    paid = [
        {"id": n, "amount": 500, "taxAmount": 25, "tipAmount": tip, "result": "SUCCESS"}
        for n, tip in (("A", 0), ("B", 90))
    ]

    made = order({"lineItems": lines}, {"payments": elements(*paid), "paymentState": "PAID"}).order

    assert (made.total, made.tax_total, made.tax_included) == (Decimal("10.90"), Decimal("0.50"), False)
    assert [(one.kind, one.total) for one in made.lines] == [("product", Decimal("9.50")), ("tip", Decimal("0.90"))]


def test_a_hidden_order_is_none_and_what_is_cut_off_is_noted() -> None:
    with pytest.raises(SkipEvent):
        told({"state": None})
    events = told({"lineItems": elements({"id": "L1", "price": 1})}, {"paymentState": "PAID"})
    assert [one.path for one in events if isinstance(one, Note)] == ["total"]


@pytest.mark.parametrize(("currency", "total"), [("JPY", Decimal(1000)), ("KWD", Decimal(1)), ("EUR", Decimal(10))])
def test_amounts_have_the_digits_of_their_currency(currency: str, total: Decimal) -> None:
    assert order({"currency": currency}, {"paymentState": "PAID"}).order.total == total


def client(answer_: Any) -> HttpClient:
    connection = Connection("till", Connector(manifest=MANIFEST, source=SOURCE), SETTINGS)
    return open_client(connection, SOURCE, transport=httpx.MockTransport(answer_))


def test_each_merchant_is_asked_with_its_own_token() -> None:
    seen: list[str] = []

    def api(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["authorization"])
        return httpx.Response(404, json={"message": "Not Found"})

    with client(api) as http:
        for merchant in SETTINGS.merchants:
            asked = Completion(f"{merchant}/O/1", f"/v3/merchants/{merchant}/orders/1", {})
            assert complete(asked, http, SETTINGS) == b""

    assert seen == ["Bearer sample-clover-token", "Bearer sample-clover-token-2"]


class Till:
    """One merchant's orders by date of change, two a page, as the reference tells; ``touched`` moves one meanwhile."""

    def __init__(self, orders: list[dict[str, Any]]) -> None:
        self.orders, self.asked, self.touched = orders, list[str](), list[str]()

    def answer(self, request: httpx.Request) -> httpx.Response:
        params = request.url.params
        self.asked.append(f"{request.url.path.rpartition('/')[2]} {params.get('filter', '')} {params['offset']}")
        if request.url.path.endswith("customers") or MERCHANT not in request.url.path:
            return httpx.Response(200, json=elements())
        start, offset = int(params["filter"].partition(">=")[2]), int(params["offset"])
        found = sorted(
            (o for o in self.orders if o["modifiedTime"] >= start), key=lambda o: (o["modifiedTime"], o["id"])
        )
        if self.touched:
            identifier = self.touched.pop()
            next(o for o in self.orders if o["id"] == identifier)["modifiedTime"] = AT + 10_000
        return httpx.Response(200, json=elements(*map(dict, found[offset : offset + 2])))

    def walk(self, since: datetime | None = None, cursor: Mapping[str, Any] | None = None) -> list[BackfillPage]:
        with client(self.answer) as http:
            return list(backfill(http, SETTINGS, since, cursor))


def ids(pages: list[BackfillPage]) -> set[str]:
    return {json.loads(item.body)["merchants"][MERCHANT][0]["objectId"] for page in pages for item in page.items}


def test_orders_that_change_while_they_are_listed_are_neither_lost_nor_shift_others_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("hub.connectors.clover.source._PAGE", 2)
    # given orders of which several have the same time, and an early one that is touched after the first page
    times = [1, 1, 1, 1, 2, 3, 3]
    till = Till([{"id": f"O{n}", "modifiedTime": AT + time} for n, time in enumerate(times)])
    till.touched = ["O0"]
    # when the list is walked, and walked on from after each page
    pages = till.walk()
    # then none is missing
    assert ids(pages) == {f"O:O{n}" for n in range(len(times))}
    for number, page in enumerate(pages):
        rest = ids(pages[number + 1 :])
        assert ids(till.walk(cursor=json.loads(json.dumps(page.cursor)))) >= rest


def test_a_poll_costs_two_calls_a_merchant_when_nothing_changed() -> None:
    till = Till([])
    since = datetime.fromtimestamp(AT / 1000, UTC)

    pages = till.walk(since)

    assert ids(pages) == set()
    assert till.asked == [f"customers customerSince>={AT} 0"] * 2 + [f"orders modifiedTime>={AT} 0"] * 2
    assert ids(till.walk(since, cursor=pages[-1].cursor)) == set()


def test_a_customer_keeps_every_address_and_false_is_no_opt_out() -> None:
    body = batch(**{MERCHANT: [update("C:C1")]})
    mails = elements({"emailAddress": "A@Example.de"}, {"emailAddress": "b@example.de"})
    fetched = {f"{MERCHANT}.C.C1": {"id": "C1", "emailAddresses": mails}}

    [known] = parse(entry(body, **fetched), SETTINGS)

    assert isinstance(known, CustomerEvent)
    assert [one.value for one in known.customer.emails] == ["a@example.de", "b@example.de"]
    assert known.customer.consents == ()


def test_an_order_that_no_merchant_has_any_more_is_a_deletion() -> None:
    def api(request: httpx.Request) -> httpx.Response:
        held = request.url.path == f"/v3/merchants/{MERCHANT}/orders/O1"
        return httpx.Response(200, json={"id": "O1"}) if held else httpx.Response(404, json={})

    with client(api) as http:
        [item] = deleted(http, SETTINGS, ["O1", "O2"])
    [gone] = parse(InboxEntry("till", item.event_id, item.topic, {}, item.body, datetime.now(UTC)), SETTINGS)
    assert isinstance(gone, DeletionEvent)
    assert (gone.kind, gone.record.external_id) == ("order", "O2")
