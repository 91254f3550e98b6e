"""What the contract kit cannot know of prestashop: its lists, its clock, and what its users report."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from hub.connectors.prestashop.manifest import MANIFEST, PrestaShopSettings
from hub.connectors.prestashop.source import RESOURCES, authorise, backfill, check, deleted, parse
from hub.errors import SkipEvent
from hub.mapping.order import is_open, missing, refunded
from hub.model.event import CustomerEvent, DeletionEvent, OrderEvent
from hub.model.order import Order
from hub.sdk.http import HttpClient
from hub.sdk.source import BackfillItem, InboxEntry

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SETTINGS = PrestaShopSettings.model_validate(dict(MANIFEST.sample_settings))
SAMPLES = Path(__file__).parent / "samples"


def told(sample: str, part: str = "order", **more: Any) -> dict[str, Any]:
    item: dict[str, Any] = json.loads((SAMPLES / sample / "body.json").read_bytes())
    return {**item, part: {**item[part], **more}}


def events(item: dict[str, Any], topic: str = "order") -> list[Any]:
    return list(parse(InboxEntry("shop", "1", topic, {}, json.dumps(item).encode(), NOW), SETTINGS))


def read(item: dict[str, Any]) -> Order:
    [event] = [event for event in events(item) if isinstance(event, OrderEvent)]
    return event.order


class Shop:
    """A webservice as far as the backfill asks it: lists by change, by ids, and by offset."""

    def __init__(self, **lists: list[dict[str, Any]]) -> None:
        self.lists, self.asked = lists, list[httpx.URL]()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url)
        query, resource = request.url.params, request.url.path.rpartition("/")[2]
        found = list(self.lists.get(resource, []))
        for name, value in query.items():
            field = name.removeprefix("filter[").removesuffix("]")
            if name == "filter[date_upd]":
                begin = value[1:].partition(",")[0]
                found = [row for row in found if row["date_upd"] >= begin]
            elif name.startswith("filter["):
                found = [row for row in found if str(row[field]) in value[1:-1].split("|")]
        found.sort(key=lambda row: (row.get("date_upd", ""), row["id"]))
        if "limit" in query:
            start, count = map(int, query["limit"].split(","))
            found = found[start : start + count]
        self.after(resource)
        return httpx.Response(200, json={resource: found} if found else [])

    def after(self, resource: str) -> None:
        """What happens in the shop meanwhile."""

    def client(self) -> HttpClient:
        return HttpClient(
            SETTINGS.base_url, transport=httpx.MockTransport(self), headers=authorise(SETTINGS), allow_private=True
        )

    def walk(self, since: datetime | None) -> Iterator[BackfillItem]:
        with self.client() as http:
            for page in backfill(http, SETTINGS, since, None):
                yield from page.items


def row(n: int, at: str, **more: Any) -> dict[str, Any]:
    return {"id": n, "date_upd": at, "id_customer": "1", "id_currency": "1", "current_state": "1", **more}


def test_nothing_new_is_an_empty_array_and_one_call_for_each_list() -> None:
    # PrestaShop/PrestaShop#10172: [] where an object with an empty list is expected
    shop = Shop()
    assert list(shop.walk(NOW)) == []
    assert [url.path for url in shop.asked] == [
        "/api/customers",
        "/api/addresses",
        "/api/orders",
        "/api/order_slips",
        "/api/products",
    ]


def test_dates_are_filtered_in_the_shops_time_and_only_with_date_1() -> None:
    # PrestaShop/PrestaShop#10822, #25334: without date=1 there is an error, and no result
    shop = Shop()
    list(shop.walk(datetime(2026, 7, 1, 12, 0, tzinfo=UTC)))
    [query] = {(url.params["filter[date_upd]"], url.params["date"]) for url in shop.asked}
    assert query == ("[2026-07-01 14:00:00,9999-12-31 00:00:00]", "1")


def test_the_hour_that_comes_twice_is_asked_for_whole() -> None:
    # OCA/connector-prestashop#142: AmbiguousTimeError while the clock is put back
    shop = Shop()
    list(
        shop.walk(datetime(2026, 10, 25, 0, 30, tzinfo=UTC))
    )  # 02:30 for the first time, at 01:00 UTC it is 02:00 again
    assert shop.asked[0].params["filter[date_upd]"].startswith("[2026-10-25 01:30:00,")
    order = read(told("order/delivered", date_add="2026-10-25 02:30:00"))
    assert order.placed_at == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_what_changes_while_a_list_is_paged_is_not_lost() -> None:
    # given 250 orders, of which one is touched after every page and so moves to the end of the list
    orders = [row(n, f"2026-02-01 00:{n // 60:02}:{n % 60:02}") for n in range(1, 251)]
    clock = iter(range(60))

    class Busy(Shop):
        def after(self, resource: str) -> None:
            if resource == "orders":
                orders[10]["date_upd"] = f"2026-02-02 00:00:{next(clock):02}"

    items = list(Busy(orders=orders).walk(None))
    assert {json.loads(item.body)["order"]["id"] for item in items} == set(range(1, 251))


def test_more_than_a_page_that_changed_within_one_second_is_walked_by_offset() -> None:
    orders = [row(n, "2026-02-01 00:00:00") for n in range(1, 251)]  # an import
    items = list(Shop(orders=orders).walk(None))
    assert len({item.event_id for item in items}) == 250


def test_a_credit_slip_or_an_address_brings_what_it_belongs_to() -> None:
    # both leave date_upd of the order or customer where it was
    old, new = "2026-01-01 00:00:00", "2026-03-02 00:00:00"
    slip = {"id": 3, "id_order": "5", "date_upd": new}
    address = {"id": 7, "id_customer": "1", "date_upd": new, "id_country": "8", "deleted": "0"}
    shop = Shop(
        customers=[{"id": 1, "date_upd": old}],
        addresses=[address, {"id": 8, "id_customer": "0", "date_upd": new}],
        orders=[row(5, old, secure_key="b44a6d9e")],
        order_slips=[slip],
        currencies=[{"id": 1, "iso_code": "EUR"}],
    )
    first = list(shop.walk(NOW))
    assert [item.topic for item in first] == ["customer", "order"]
    assert "secure_key" not in json.loads(first[1].body)["order"]
    slip["date_upd"] = "2026-03-03 00:00:00"
    assert list(shop.walk(NOW))[1].event_id != first[1].event_id


def test_no_password_hash_is_asked_for() -> None:
    shop = Shop(customers=[{"id": 1, "date_upd": "2026-01-01 00:00:00"}])
    list(shop.walk(None))
    asked = {url.params["display"] for url in shop.asked if url.path.endswith("/customers")}
    assert asked
    assert not any("passwd" in each or "full" in each for each in asked)


def test_the_key_is_a_user_without_a_password_and_every_resource_is_checked() -> None:
    with HttpClient(
        SETTINGS.base_url,
        transport=httpx.MockTransport(lambda request: httpx.Response(200, json={})),
        headers=authorise(SETTINGS),
    ) as http:
        assert len(check(http, SETTINGS).works) == len(RESOURCES)
    assert authorise(SETTINGS) == {"authorization": "Basic SU5WRU5URURLRVk6"}


def test_orders_that_are_gone_are_told() -> None:
    shop = Shop(orders=[row(12, "2026-01-01 00:00:00")])
    with shop.client() as http:
        items = list(deleted(http, SETTINGS, ["11", "12"]))
    [[gone]] = [events(json.loads(item.body), item.topic) for item in items]
    assert isinstance(gone, DeletionEvent)
    assert (gone.kind, gone.record.external_id) == ("order", "11")


def test_guest_checkouts_of_one_person_are_one_guest() -> None:
    # OCA/connector-prestashop#30: guest checkouts make one customer per order
    keys = {events(told("order/guest_by_wire", "customer", id=n))[-1].record for n in (26, 27)}
    assert len(keys) == 1
    [known] = events(told("customer/guest", "customer", id=28), "customer")
    assert {known.customer.key} == keys


def test_people_who_were_deleted_are_not_one_person() -> None:
    # PrestaShop/PrestaShop#24442, #26476: their orders go to anonymous@psgdpr.com, who "wants" the offers of partners
    [what] = [event for event in events(told("order/of_a_deleted_customer")) if not hasattr(event, "path")]
    assert isinstance(what, OrderEvent)
    assert (what.record, what.order.contact_email, what.order.contact_phone) == (None, None, None)
    with pytest.raises(SkipEvent, match="stand-in"):
        events(told("customer/anonymous", "customer"), "customer")


@pytest.mark.parametrize(
    ("sample", "state", "waits"),
    [
        ("guest_by_wire", "open", True),
        ("account_and_gift", "paid", False),
        ("cash_on_delivery", "open", True),
        ("delivered", "fulfilled", False),
        ("sent_on_invoice", "fulfilled", True),
        ("rounded_per_order", "paid", False),
    ],
)
def test_flags_say_how_far_an_order_is(sample: str, state: str, waits: bool) -> None:
    order = read(told(f"order/{sample}"))
    assert (order.state, is_open(order)) == (state, waits)


@pytest.mark.parametrize(
    ("template", "state"), [("order_canceled", "cancelled"), ("refund", "refunded"), ("payment_error", "failed")]
)
def test_mails_say_what_the_flags_do_not(template: str, state: str) -> None:
    # PrestaShop/PrestaShop#25727: shops set the flags of "refunded" as they like
    for paid in ("0", "1"):
        assert read(told("order/delivered", "state", template=template, paid=paid)).state == state


def test_cash_on_delivery_is_due_until_it_is_delivered() -> None:
    item = told("order/delivered", module="ps_cashondelivery")
    assert not is_open(read(item))
    item["state"]["template"] = "shipped"
    assert is_open(read(item))


@pytest.mark.parametrize("unit", ["11.900000", "11.896700", "11.903000"])
def test_rounding_of_the_shop_is_a_line(unit: str) -> None:
    # mollie/PrestaShop#89, PrestaShop/PrestaShop#16832: lines and total differ by cents, or by the voucher
    item = told("order/account_and_gift")
    item["order"]["associations"]["order_rows"][0]["unit_price_tax_incl"] = unit
    assert missing(read(item)) == 0


def test_a_voucher_of_more_than_the_goods_leaves_no_negative_order() -> None:
    # PrestaShop/PrestaShop#28176
    order = read(told("order/guest_by_wire", total_discounts_tax_incl="27.680000", total_paid_tax_incl="0.000000"))
    assert (order.total, order.discount_total) == (Decimal(0), Decimal("27.68"))
    assert not missing(order)


def test_slips_of_old_and_new_shops_are_read() -> None:
    assert refunded(read(told("order/slip_in_part"))) == Decimal("46.000000")


def test_the_newsletter_is_a_consent_with_its_evidence() -> None:
    [who] = events(told("customer/account", "customer"), "customer")
    assert isinstance(who, CustomerEvent)
    [consent] = who.customer.consents
    assert (consent.state, consent.at, consent.explicit) == ("opted_in", datetime(2026, 1, 5, 9, tzinfo=UTC), True)
    assert consent.evidence == "newsletter box ticked, from 203.0.113.7"
    [other] = events(told("customer/opted_out", "customer"), "customer")
    assert [one.state for one in other.customer.consents] == ["opted_out"]
    [never] = events(told("customer/opted_out", "customer", newsletter_date_add="0000-00-00 00:00:00"), "customer")
    assert never.customer.consents == ()
