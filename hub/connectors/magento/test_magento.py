"""What the contract kit cannot know of Magento: the vendor's payloads and specification, history since a day."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from hub.connectors.magento.manifest import MANIFEST, MagentoSettings
from hub.connectors.magento.source import api_root, authorise, backfill, deleted, parse
from hub.errors import ConfigError, SkipEvent
from hub.mapping.order import missing
from hub.model.event import CustomerEvent, DeletionEvent, OrderEvent, OrderPartEvent
from hub.sdk.http import HttpClient
from hub.sdk.source import BackfillPage, InboxEntry

ROOT = Path(__file__).parents[3]
CONTRACTS = Path(os.environ.get("HUB_CONTRACTS_DIR") or ROOT.parent / "shared" / "contracts")
SAMPLES = Path(__file__).parent / "samples"
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SETTINGS = MagentoSettings.model_validate(dict(MANIFEST.sample_settings))


def parsed(topic: str, document: Any) -> Sequence[Any]:
    return parse(InboxEntry("shop", "1", topic, {}, json.dumps(document).encode(), NOW), SETTINGS)


def sample(topic: str, case: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SAMPLES / topic / case / "body.json").read_bytes())
    return found


def order_of(document: Any) -> OrderEvent:
    return next(event for event in parsed("order", document) if isinstance(event, OrderEvent))


class Shop:
    """Answers as Magento does: filters, sorts and pages, and gives the last page again behind the end."""

    def __init__(self, orders: Sequence[Mapping[str, Any]]) -> None:
        self.orders = orders
        self.asked: list[tuple[str, dict[str, str]]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        query = dict(request.url.params)
        self.asked.append((request.url.path, query))
        assert request.headers["authorization"] == "Bearer sample-magento-token"
        rows = list(self.orders) if request.url.path.endswith("/orders") else []
        for group in range(3):
            at = f"searchCriteria[filterGroups][{group}][filters][0]"
            value = query.get(f"{at}[value]", "")
            match query.get(f"{at}[field]"), query.get(f"{at}[conditionType]"):
                case "entity_id", "gt":
                    rows = [row for row in rows if row["entity_id"] > int(value)]
                case "entity_id", "in":
                    rows = [row for row in rows if str(row["entity_id"]) in value.split(",")]
                case "updated_at", "gteq":
                    rows = [row for row in rows if row["updated_at"] >= value]
        size = int(query["searchCriteria[pageSize]"])
        return httpx.Response(200, json={"items": rows[:size], "total_count": len(rows)})

    def client(self) -> HttpClient:
        return HttpClient(api_root(SETTINGS), headers=authorise(SETTINGS), transport=httpx.MockTransport(self))

    def walk(self, since: datetime | None = None) -> Iterator[BackfillPage]:
        with self.client() as client:
            yield from backfill(client, SETTINGS, since, None)


def test_the_vendors_own_customers_are_read() -> None:
    for path in (CONTRACTS / "magento").glob("rest-customers-search.json"):
        [found] = parsed("customer", json.loads(path.read_bytes())["items"][0])

        assert isinstance(found, CustomerEvent)
        assert found.customer.emails[0].value == "roni_cost@example.com"
        assert found.occurred_at == datetime(2018, 9, 22, 6, 32, 50, tzinfo=UTC)
        assert {address.country for address in found.customer.addresses} == {"US", "GB"}


def test_every_field_that_is_read_is_one_of_the_specification() -> None:
    for path in (CONTRACTS / "specs" / "magento").glob("admin-schema-2.4.8.trimmed.prism.json"):
        kinds = json.loads(path.read_bytes())["definitions"]
        for topic, kind in (
            ("order", "sales-data-order-interface"),
            ("customer", "customer-data-customer-interface"),
            ("creditmemo", "sales-data-creditmemo-interface"),
            ("product", "catalog-data-product-interface"),
        ):
            for case in (SAMPLES / topic).iterdir():
                assert set(sample(topic, case.name)) <= set(kinds[kind]["properties"]), case.name


def test_a_walk_of_many_pages_gives_each_order_once_and_asks_for_no_page_behind_the_end() -> None:
    shop = Shop([{"entity_id": number, "updated_at": "2026-02-01 00:00:00"} for number in range(1, 201)])

    items = [item.event_id.split(":")[1] for page in shop.walk() for item in page.items]

    assert items == [str(number) for number in range(1, 201)]
    assert [path for path, _ in shop.asked].count("/rest/V1/orders") == 2


def test_an_order_that_is_touched_while_pages_are_read_costs_no_other() -> None:
    # given three pages of orders that changed since a day, of which the first is being read
    orders = [{"entity_id": number, "updated_at": "2026-02-01 00:00:00"} for number in range(1, 251)]
    shop = Shop(orders)
    found: list[str] = []
    for page in shop.walk(datetime(2026, 1, 31, tzinfo=UTC)):
        found += [item.event_id.split(":")[1] for item in page.items]
        # when an order that was read is touched meanwhile
        orders[0]["updated_at"] = "2026-03-01 11:59:59"
    # then every order came
    assert sorted(map(int, found)) == list(range(1, 251))


def test_a_poll_that_finds_nothing_is_one_call_a_list_and_asks_in_utc() -> None:
    shop = Shop([])

    pages = list(shop.walk(datetime.fromisoformat("2026-02-01T01:00:00+01:00")))

    assert [path for path, _ in shop.asked] == [
        f"/rest/V1/{name}" for name in ("customers/search", "orders", "creditmemos", "products")
    ]
    assert {query["searchCriteria[filterGroups][0][filters][0][value]"] for _, query in shop.asked} == {
        "2026-02-01 00:00:00"
    }
    assert not any(page.items for page in pages)


def test_two_states_within_one_second_are_two_events() -> None:
    state = {"entity_id": 1, "updated_at": "2026-02-01 00:00:00"}
    names = {
        item.event_id
        for total in (10, 20)
        for page in Shop([{**state, "total_paid": total}]).walk()
        for item in page.items
    }

    assert len(names) == 2


def test_orders_that_the_shop_has_no_more_are_deletions() -> None:
    with Shop([{"entity_id": 12, "updated_at": ""}]).client() as client:
        [item] = deleted(client, SETTINGS, ["11", "12"])

    [gone] = parsed(item.topic, json.loads(item.body))
    assert isinstance(gone, DeletionEvent)
    assert (gone.kind, gone.record.external_id) == ("order", "11")


@pytest.mark.parametrize(
    ("state", "paid", "expected", "due"),
    [
        ("new", None, "open", None),
        ("pending_payment", None, "open", None),
        ("payment_review", None, "open", None),
        ("processing", None, "open", None),
        ("processing", 23.8, "paid", None),
        ("processing", 10, "open", None),
        ("holded", 23.8, "paid", None),
        ("complete", 23.8, "completed", None),
        ("complete", None, "completed", True),
        ("closed", 23.8, "refunded", None),
        ("canceled", None, "cancelled", None),
        ("state_of_an_extension", None, "open", None),
    ],
)
def test_every_state_is_read(state: str, paid: float | None, expected: str, due: bool | None) -> None:
    found = order_of({**sample("order", "complete_on_invoice"), "state": state, "total_paid": paid}).order

    assert (found.state, found.payment_due) == (expected, due)


def test_times_without_a_zone_are_utc() -> None:
    found = order_of(sample("order", "configurable_paid"))

    assert found.order.placed_at == datetime(2026, 2, 10, 14, 4, 5, tzinfo=UTC)
    assert found.occurred_at == datetime(2026, 2, 10, 14, 4, 12, tzinfo=UTC)


def test_a_part_that_repeats_the_price_of_its_whole_is_not_counted_twice() -> None:
    # given a configurable product whose simple item has the price too, as older shops told it
    document = sample("order", "configurable_paid")
    document["items"][1] |= {"price": 42.02, "row_total": 42.02, "tax_amount": 7.98}

    found = order_of(document).order

    assert [line.total for line in found.lines] == [Decimal("42.02"), None]
    assert not missing(found)


@pytest.mark.parametrize("case", [path.name for path in (SAMPLES / "order").iterdir()])
def test_the_parts_of_every_sample_make_its_total(case: str) -> None:
    assert not missing(order_of(sample("order", case)).order)


def test_a_refund_is_in_the_currency_of_the_order() -> None:
    [part] = parsed("creditmemo", sample("creditmemo", "in_dollars"))

    assert isinstance(part, OrderPartEvent)
    assert (part.order_id, part.part.amount.currency) == ("43", "USD")  # type: ignore[union-attr]


def test_an_account_that_is_not_subscribed_did_not_opt_out() -> None:
    [found] = parsed("customer", sample("customer", "company_not_subscribed"))

    assert [consent.state for consent in found.customer.consents] == ["unknown"]


def test_history_without_the_address_of_the_shop_is_a_configuration_fault() -> None:
    with pytest.raises(ConfigError, match="base_url"):
        api_root(SETTINGS.model_copy(update={"base_url": None}))


def test_with_all_four_values_of_the_integration_requests_are_signed() -> None:
    values = {"access_token_secret": "ts", "consumer_key": "ck", "consumer_secret": "cs"}
    settings = MagentoSettings.model_validate({**MANIFEST.sample_settings, **values})
    asked: list[str] = []

    def shop(request: httpx.Request) -> httpx.Response:
        asked.append(request.headers["authorization"])
        return httpx.Response(200, json={"items": [], "total_count": 0})

    with HttpClient(api_root(settings), headers=authorise(settings), transport=httpx.MockTransport(shop)) as client:
        list(backfill(client, settings, None, None))

    assert len(set(asked)) == 4
    assert all(one.startswith('OAuth oauth_consumer_key="ck"') and "HMAC-SHA256" in one for one in asked)
    with pytest.raises(ValueError, match="consumer_key"):
        MagentoSettings.model_validate({**MANIFEST.sample_settings, "consumer_secret": "cs"})


def test_another_topic_is_skipped() -> None:
    with pytest.raises(SkipEvent):
        parsed("invoice", {"entity_id": 1})
