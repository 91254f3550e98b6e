"""What the contract kit cannot know of Odoo's till: both APIs, returns, orders that move while they are listed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest

from hub.connectors.odoo_pos.manifest import MANIFEST, OdooPosSettings
from hub.connectors.odoo_pos.source import SOURCE, backfill, parse
from hub.errors import AuthError, RejectedError
from hub.model.event import CustomerEvent, Note, OrderEvent, OrderPartEvent
from hub.model.order import Refund
from hub.sdk.connection import Connection, open_client
from hub.sdk.http import HttpClient
from hub.sdk.registry import Connector
from hub.sdk.source import BackfillPage, InboxEntry

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SETTINGS = OdooPosSettings.model_validate(dict(MANIFEST.sample_settings))
RPC = OdooPosSettings.model_validate({**MANIFEST.sample_settings, "api": "jsonrpc", "user_id": 7})


def line(number: int, price: str, quantity: int, *, back: int | None = None) -> dict[str, Any]:
    worth = str(Decimal(price) * quantity)
    return {
        "id": number,
        "qty": quantity,
        "price_subtotal_incl": worth,
        "refunded_orderline_id": [back, "x"] if back else False,
    }


def read(*lines: Mapping[str, Any], returned: Mapping[str, str] | None = None, **told: Any) -> list[Any]:
    total = str(sum(Decimal(one["price_subtotal_incl"]) for one in lines))
    head = {"id": 9, "date_order": "2026-02-11 17:03:40", "amount_total": total, "state": "paid", **told}
    body = json.dumps({"order": head, "lines": lines, "returned": returned or {}}).encode()
    return list(parse(InboxEntry("till", "1", "pos.order", {}, body, NOW), SETTINGS))


def refunds(events: list[Any]) -> dict[str, Decimal]:
    parts = [one for one in events if isinstance(one, OrderPartEvent)]
    return {one.order_id: one.part.amount.amount for one in parts if isinstance(one.part, Refund)}


def test_a_return_is_taken_off_each_order_it_gives_back_of() -> None:
    # given odoo/odoo#125780: one return of lines of two orders
    events = read(line(1, "5", -1, back=11), line(2, "7", -2, back=12), returned={"11": "A", "12": "B"})

    assert refunds(events) == {"A": Decimal(5), "B": Decimal(14)}
    assert not any(isinstance(one, OrderEvent | Note) for one in events)


def test_a_reward_below_nought_makes_no_return_of_an_order() -> None:
    # given odoo/odoo#195705: a loyalty reward is a negative line of an ordinary order
    [told] = read(line(1, "20", 1), line(2, "5", -1))

    assert (told.order.total, told.order.state, refunds([told])) == (Decimal(15), "completed", {})


def test_of_a_mixed_return_no_more_is_taken_off_than_was_given_back() -> None:
    # given odoo/odoo#52626: goods are bought on the return itself
    events = read(line(1, "20", -1, back=11), line(2, "5", 1), returned={"11": "A"})

    assert refunds(events) == {"A": Decimal(15)}


def test_money_back_for_no_order_is_noted() -> None:
    assert [one.path for one in read(line(1, "20", -1)) if isinstance(one, Note)] == ["order.amount_total"]


@pytest.mark.parametrize(
    ("state", "told"), [("paid", "completed"), ("done", "completed"), ("invoiced", "completed"), ("draft", "open")]
)
def test_every_state_has_a_state(state: str, told: str) -> None:
    [event] = read(line(1, "20", 1), state=state)

    assert (event.order.state, event.order.currency) == (told, "EUR")


def test_a_company_is_no_person() -> None:
    head = {"id": 9, "date_order": "2026-02-11 17:03:40", "amount_total": 1, "state": "paid"}
    body = json.dumps({"order": head, "partner": {"id": 7, "name": "Ähren GmbH", "is_company": True}}).encode()

    who = parse(InboxEntry("till", "1", "pos.order", {}, body, NOW), SETTINGS)[0]

    assert isinstance(who, CustomerEvent)
    assert (who.customer.name, who.customer.company) == (None, "Ähren GmbH")


class Odoo:
    """Orders by date of change, two a page; ``write_date`` is told in seconds and held in more."""

    def __init__(self, *times: str) -> None:
        self.orders = [{"id": number, "at": f"2026-02-11 17:{time}"} for number, time in enumerate(times, 1)]
        self.asked: list[str] = []
        self.touched: int | None = None

    def answer(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        rpc = request.url.path == "/jsonrpc"
        model, named = (
            (body["params"]["args"][3], body["params"]["args"][6]) if rpc else (request.url.path.split("/")[3], body)
        )
        assert rpc or request.headers["x-odoo-database"] == "sample"
        self.asked.append(model)
        found = self.listed(named) if model == "pos.order" else []
        return httpx.Response(200, json={"jsonrpc": "2.0", "id": 1, "result": found} if rpc else found)

    def listed(self, named: Mapping[str, Any]) -> list[dict[str, Any]]:
        since = named["domain"][0][2]
        there = sorted((one for one in self.orders if str(one["at"]) >= since), key=lambda one: (one["at"], one["id"]))
        if self.touched is not None:
            self.orders[self.touched]["at"], self.touched = "2026-02-11 17:59:59.9", None
        page = there[named["offset"] : named["offset"] + 2]
        return [{"id": one["id"], "write_date": str(one["at"])[:19], "partner_id": False} for one in page]

    def walk(self, settings: OdooPosSettings, since: datetime | None = None, cursor: Any = None) -> list[BackfillPage]:
        with client(self.answer, settings) as http:
            return list(backfill(http, settings, since, cursor))


def client(answer: Any, settings: OdooPosSettings) -> HttpClient:
    connection = Connection("till", Connector(manifest=MANIFEST, source=SOURCE), settings)
    return open_client(connection, SOURCE, transport=httpx.MockTransport(answer))


def ids(pages: list[BackfillPage]) -> set[int]:
    return {json.loads(item.body)["order"]["id"] for page in pages for item in page.items}


@pytest.mark.parametrize("settings", [SETTINGS, RPC])
def test_orders_of_one_second_and_orders_that_move_are_all_read(
    settings: OdooPosSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.connectors.odoo_pos.source._PAGE", 2)
    odoo = Odoo("01:00.1", "01:00.2", "01:00.3", "01:00.9", "02:00.5", "03:00.0")
    odoo.touched = 0
    pages = odoo.walk(settings)

    assert ids(pages) == {1, 2, 3, 4, 5, 6}
    for number, page in enumerate(pages):
        assert ids(odoo.walk(settings, cursor=json.loads(json.dumps(page.cursor)))) >= ids(pages[number + 1 :])


def test_a_poll_costs_one_call_for_each_list_when_nothing_changed() -> None:
    odoo = Odoo("01:00.1")

    assert ids(odoo.walk(SETTINGS, datetime(2026, 2, 12, tzinfo=UTC))) == set()
    assert odoo.asked == ["pos.order", "product.product"]


@pytest.mark.parametrize(
    ("name", "kind"), [("odoo.exceptions.AccessDenied", AuthError), ("odoo.exceptions.ValidationError", RejectedError)]
)
def test_a_refusal_of_json_rpc_is_told_without_its_words(name: str, kind: type[Exception]) -> None:
    error = {
        "error": {"message": "Odoo Server Error", "data": {"name": name, "message": "anna@example.de", "debug": "key"}}
    }

    with client(lambda _: httpx.Response(200, json=error), RPC) as http, pytest.raises(kind, match=name) as caught:
        list(backfill(http, RPC, None, None))

    assert "anna" not in str(caught.value)
