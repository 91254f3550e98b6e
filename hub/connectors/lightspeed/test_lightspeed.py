"""What the contract kit cannot know of X-Series: vendor payloads, the signature's two spellings, polling by version."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from hub.connectors.lightspeed.manifest import MANIFEST, LightspeedSettings, oauth
from hub.connectors.lightspeed.source import (
    SOURCE,
    api_root,
    authorise,
    backfill,
    check,
    name_event,
    parse,
    sign,
    verify,
)
from hub.errors import ConfigError, PayloadError, SkipEvent, VerificationError
from hub.model.case import Case
from hub.model.event import CaseEvent, CustomerEvent, Note, OrderEvent, OrderPartEvent
from hub.model.identifier import RecordKey
from hub.model.order import Refund
from hub.sdk.http import HttpClient
from hub.sdk.source import BackfillPage, InboxEntry, RawDelivery

ROOT = Path(__file__).parents[3]
CONTRACTS = Path(os.environ.get("HUB_CONTRACTS_DIR") or ROOT.parent / "shared" / "contracts")
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SETTINGS = LightspeedSettings.model_validate(dict(MANIFEST.sample_settings))
SECRET = "sample-lightspeed-secret"
SALE: dict[str, Any] = {"id": "S1", "status": "CLOSED", "sale_date": "2026-02-11T17:03:40Z", "customer_id": "C1"}


def delivery(body: bytes, **headers: str) -> RawDelivery:
    return RawDelivery("POST", "https://hub.example.com/webhooks/till", {}, headers, body, NOW)


def form(payload: Mapping[str, Any], **fields: str) -> bytes:
    return urlencode({"payload": json.dumps(payload), **fields}).encode()


def line(price: str, quantity: int, *, tax: str = "0", **told: Any) -> dict[str, Any]:
    return {"id": f"L{price}", "price": price, "quantity": quantity, "tax": tax, **told}


def sale(*lines: Mapping[str, Any], **told: Any) -> dict[str, Any]:
    totals = {
        "total_price": str(sum(Decimal(one["price"]) * one["quantity"] for one in lines)),
        "total_tax": str(sum(Decimal(one["tax"]) * one["quantity"] for one in lines)),
    }
    return {**SALE, "register_sale_products": list(lines), "totals": totals, **told}


def read(document: Mapping[str, Any], topic: str = "sale.update") -> list[Any]:
    return list(parse(InboxEntry("till", "1", topic, {}, json.dumps(document).encode(), NOW), SETTINGS))


def orders(events: list[Any]) -> list[OrderEvent]:
    return [event for event in events if isinstance(event, OrderEvent)]


def test_the_vendors_own_sale_is_anonymous_and_whole() -> None:
    for path in (CONTRACTS / "lightspeed-x").glob("sale.update.form"):
        body = path.read_bytes()
        name = name_event(delivery(body), SETTINGS)

        events = list(parse(InboxEntry("till", name.event_id, name.topic, {}, body, NOW), SETTINGS))

        assert name.topic == "sale.update"
        [told] = events  # the walk-in customer is nobody, and the parts make the total
        assert isinstance(told, OrderEvent)
        assert told.record is None
        assert (told.order.total, told.order.tax_total) == (Decimal("299.00"), Decimal(39))
        assert [paid.amount.amount for paid in told.order.payments] == [Decimal(299)]


@pytest.mark.parametrize("written", [bytes.hex, lambda digest: base64.b64encode(digest).decode()])
@pytest.mark.parametrize("header", ["signature={},algorithm=HMAC-SHA256", "signature={}, algorithm=HMAC-SHA256"])
def test_a_signature_made_by_hand_is_accepted(written: Any, header: str) -> None:
    # given the digest of the raw body, in either spelling: the vendor's page does not say which
    body = form(SALE, type="sale.update")
    value = header.format(written(hmac.new(SECRET.encode(), body, hashlib.sha256).digest()))
    # then it verifies, and not over another body
    verify(delivery(body, **{"x-signature": value}), SETTINGS)
    with pytest.raises(VerificationError):
        verify(delivery(body + b"&environment=prod", **{"x-signature": value}), SETTINGS)


@pytest.mark.parametrize(
    "header", ["", "signature=,algorithm=HMAC-SHA256", "algorithm=HMAC-SHA256", "signature=abc,algorithm=none", "x"]
)
def test_what_is_no_signature_is_refused(header: str) -> None:
    with pytest.raises(VerificationError):
        verify(delivery(form(SALE), **{"x-signature": header}), SETTINGS)


def test_another_algorithm_is_refused_even_with_the_right_digest() -> None:
    signed = sign(delivery(form(SALE)), SETTINGS)
    value = signed.headers["x-signature"].replace("SHA256", "MD5")

    with pytest.raises(VerificationError, match="algorithm"):
        verify(replace(signed, headers={"x-signature": value}), SETTINGS)


def test_the_topic_is_known_without_its_field() -> None:
    assert name_event(delivery(form(SALE)), SETTINGS).topic == "sale.update"
    assert name_event(delivery(form({"id": "C1", "customer_code": "A-1"})), SETTINGS).topic == "customer.update"
    assert name_event(delivery(form({"id": "P1"}, type="product.update")), SETTINGS).topic == "product.update"
    with pytest.raises(SkipEvent, match="topic not read"):
        read({"id": "P1"}, "product.update")


def test_every_change_has_a_name_of_its_own() -> None:
    changes: list[dict[str, Any]] = [
        SALE,
        {**SALE, "version": 2},
        {**SALE, "version": 3},
        {**SALE, "status": "VOIDED"},
    ]
    names = {name_event(delivery(form(one)), SETTINGS).event_id for one in changes}

    assert len(names) == len(changes)
    with pytest.raises(PayloadError) as caught:
        name_event(delivery(b"environment=prod"), SETTINGS)
    assert caught.value.path == "payload"


def test_a_partial_return_takes_its_own_worth_off_the_sale() -> None:
    # given a return of one of three things, with a line of nought for what stayed
    back = sale(
        line("69.9", -1, tax="13.281", is_return=True), line("198.9", 0, is_return=True), return_for="S0", id="R1"
    )
    # when it is read
    events = read(back)
    # then it is no order, but a refund of the sale, and a case with what came back
    assert orders(events) == []
    [part] = [event for event in events if isinstance(event, OrderPartEvent)]
    assert isinstance(part.part, Refund)
    assert (part.order_id, part.part.amount.amount) == ("S0", Decimal("83.18"))
    [case] = [event.case for event in events if isinstance(event, CaseEvent)]
    assert isinstance(case, Case)
    assert [(one.quantity, case.order_id) for one in case.lines] == [(Decimal(1), "S0")]


@pytest.mark.parametrize(("bought", "total", "refunds"), [("80", ["30"], []), ("50", ["0"], []), ("20", [], ["30"])])
def test_an_exchange_counts_its_money_once(bought: str, total: list[str], refunds: list[str]) -> None:
    events = read(sale(line("50", -1, is_return=True), line(bought, 1, is_return=False), return_for="S0"))

    assert [event.order.total for event in orders(events)] == [Decimal(one) for one in total]
    parts = [event.part for event in events if isinstance(event, OrderPartEvent)]
    assert [part.amount.amount for part in parts if isinstance(part, Refund)] == [Decimal(one) for one in refunds]


@pytest.mark.parametrize(
    ("status", "state", "due", "kind"),
    [
        ("CLOSED", "completed", None, "in_store"),
        ("ONACCOUNT", "fulfilled", True, "in_store"),
        ("ONACCOUNT_CLOSED", "completed", None, "in_store"),
        ("LAYBY", "open", True, None),
        ("LAYBY_CLOSED", "completed", None, "in_store"),
        ("AWAITING_PICKUP", "paid", None, None),
        ("PICKED_UP_CLOSED", "completed", None, "pickup"),
        ("DISPATCHED_CLOSED", "completed", None, "shipping"),
        ("VOIDED", "cancelled", None, None),
    ],
)
def test_every_status_has_a_state(status: str, state: str, due: bool | None, kind: str | None) -> None:
    paid = [{"id": "P1", "amount": "10"}]

    [told] = orders(read(sale(line("10", 1), status=status, register_sale_payments=paid)))

    assert (told.order.state, told.order.payment_due) == (state, due)
    assert [one.kind for one in told.order.fulfilments] == ([kind] if kind else [])


@pytest.mark.parametrize(
    ("status", "case", "given_back"),
    [("SAVED", "open", []), ("VOIDED", "cancelled", ["voided"]), ("CLOSED", "solved", [None])],
)
def test_a_return_counts_once_it_is_closed(status: str, case: str, given_back: list[str | None]) -> None:
    events = read(sale(line("5", -1, is_return=True), return_for="S0", status=status))

    assert [event.case.state for event in events if isinstance(event, CaseEvent)] == [case]
    parts = [event.part for event in events if isinstance(event, OrderPartEvent)]
    assert [part.state for part in parts if isinstance(part, Refund)] == given_back


def test_two_returns_of_one_sale_are_two_refunds_and_each_counts_once() -> None:
    # given OCA/pos#1015 (only the first of two returns arrives) and PrestaShopCorp/ps_checkout#331 (one arrives twice)
    returns = [
        sale(line(price, -1, is_return=True), return_for="S0", id=one) for one, price in (("R1", "5"), ("R2", "7"))
    ]
    parts = [event for told in (*returns, returns[1]) for event in read(told) if isinstance(event, OrderPartEvent)]

    refunds = {part.part.external_id: part.part.amount.amount for part in parts if isinstance(part.part, Refund)}
    assert refunds == {"R1": Decimal(5), "R2": Decimal(7)}
    assert {part.order_id for part in parts} == {"S0"}


def test_change_that_was_given_is_no_refund() -> None:
    # given adempiere/adempiere-vue#1172: paid with a note, and change told as a payment of its own
    paid = [{"id": "P1", "amount": "50"}, {"id": "P2", "amount": "-26.20"}]

    [told] = orders(read(sale(line("20", 1, tax="3.8"), register_sale_payments=paid)))

    assert sum(one.amount.amount for one in told.order.payments) == told.order.total == Decimal("23.80")
    assert told.order.refunds == ()


def test_a_discount_on_the_whole_sale_is_no_return() -> None:
    events = read(sale(line("12", 1, tax="1.8"), line("6", -1, tax="0.9")))

    [told] = events
    assert (told.order.total, [one.total for one in told.order.lines]) == (Decimal("6.90"), [Decimal(12), Decimal(-6)])


def test_money_back_without_a_sale_is_noted() -> None:
    events = read(sale(line("10", -1, is_return=True), customer_id=None))

    assert [note.path for note in events if isinstance(note, Note)] == ["return_for"]
    assert orders(events) == []


def test_an_odd_line_costs_itself_and_says_what_the_total_lacks() -> None:
    events = read(sale(line("10", 1), {**line("5", 1), "quantity": 1, "id": None}))

    assert len(orders(events)[0].order.lines) == 1
    assert {note.path for note in events if isinstance(note, Note)} == {"register_sale_products.1.id", "total"}


def test_a_payment_that_names_its_currency_is_believed() -> None:
    paid = {"id": "P1", "amount": "10", "currency": "NZD"}

    [told] = orders(read(sale(line("10", 1), register_sale_payments=[paid])))

    assert (told.order.currency, told.order.payments[0].amount.currency) == ("NZD", "NZD")


def test_a_customer_deleted_at_the_till_is_no_walk_in() -> None:
    with pytest.raises(SkipEvent, match="WALKIN"):
        read({"id": "W", "customer_code": "WALKIN", "updated_at": "2026-02-11 17:03:44"}, "customer.update")


class Store:
    """A store's lists by version, two a page, as https://x-series-api.lightspeedhq.com/docs/pagination tells."""

    def __init__(self, **lists: list[dict[str, Any]]) -> None:
        self.lists, self.asked = lists, list[tuple[str, int]]()

    def answer(self, request: httpx.Request) -> httpx.Response:
        name, after = request.url.path.rpartition("/")[2], int(request.url.params["after"])
        assert request.headers["authorization"] == "Bearer sample-lightspeed-token"
        self.asked.append((name, after))
        found = [
            one for one in sorted(self.lists.get(name, []), key=lambda one: one["version"]) if one["version"] > after
        ][:2]
        ends = {"min": found[0]["version"], "max": found[-1]["version"]} if found else {"min": None, "max": None}
        return httpx.Response(200, json={"data": found, "version": ends})

    def walk(self, since: datetime | None = None, cursor: Mapping[str, Any] | None = None) -> list[BackfillPage]:
        transport = httpx.MockTransport(self.answer)
        with HttpClient(api_root(SETTINGS), headers=authorise(SETTINGS), transport=transport) as http:
            return list(backfill(http, SETTINGS, since, cursor))


def test_a_poll_goes_on_where_the_last_ended_and_sees_what_changed() -> None:
    # given a store whose history was read
    people = [{"id": "W", "customer_code": "WALKIN", "version": 1}, {"id": "C1", "customer_code": "A-1", "version": 2}]
    sold = [{**sale(line("10", 1)), "id": f"S{number}", "version": number} for number in range(10, 15)]
    store = Store(customers=people, sales=sold)
    first = store.walk()
    assert SOURCE.changed is not None
    assert SOURCE.changed(SETTINGS, first[-1].cursor)
    # when nothing happened, and when an old sale is changed and an anonymous one made
    store.asked.clear()
    assert [item for page in store.walk(cursor=first[-1].cursor) for item in page.items] == []
    assert store.asked == [("customers", 2), ("sales", 14), ("products", 0)]
    sold[0]["version"] = 20
    sold.append({**sale(line("5", 1)), "id": "S9", "customer_id": "W", "version": 21})
    items = [item for page in store.walk(cursor=first[-1].cursor) for item in page.items]
    # then only these two come, and the anonymous one belongs to nobody
    assert [item.event_id for item in items] == ["backfill:sale.update:S10:20", "backfill:sale.update:S9:21"]
    told = [read(json.loads(item.body)) for item in items]
    assert [orders(events)[0].record for events in told] == [RecordKey(kind="customer", external_id="C1"), None]
    assert not any(isinstance(event, CustomerEvent) for event in told[1])


def test_history_since_a_day_leaves_out_what_is_older() -> None:
    days = {"S1": "2026-01-31T23:59:59+00:00", "S2": "2026-02-01T00:00:00+00:00"}
    sold = [
        {**sale(line("1", 1)), "id": one, "updated_at": at, "version": n + 1}
        for n, (one, at) in enumerate(days.items())
    ]

    pages = Store(customers=[], sales=sold).walk(since=datetime(2026, 2, 1, tzinfo=UTC))

    assert [item.event_id for page in pages for item in page.items] == ["backfill:sale.update:S2:2"]


def test_the_api_needs_the_stores_address_and_an_app_gets_its_tokens_there() -> None:
    told = {name: value for name, value in MANIFEST.sample_settings.items() if name != "base_url"}
    with pytest.raises(ConfigError, match="base_url"):
        api_root(LightspeedSettings.model_validate(told))
    assert oauth(SETTINGS) is None
    app = oauth(LightspeedSettings.model_validate({**MANIFEST.sample_settings, "client_id": "app"}))
    assert app is not None
    assert app.token_url == "https://blumenfeld.retail.lightspeed.app/api/1.0/token"


def test_a_token_from_before_that_may_not_read_products_reads_all_else() -> None:
    def store(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/products"):
            return httpx.Response(403, json={"error": "scope"})
        return httpx.Response(200, json={"data": [], "version": {"min": None, "max": None}})

    with HttpClient(api_root(SETTINGS), transport=httpx.MockTransport(store)) as http:
        pages = list(backfill(http, SETTINGS, None, {"customers": 5, "sales": 7, "nobody": []}))
        found = check(http, SETTINGS)
    assert pages[-1].cursor == {"customers": 5, "sales": 7, "products": 0, "nobody": []}
    assert (found.wrong, any("products" in one for one in found.untested)) == ([], True)
