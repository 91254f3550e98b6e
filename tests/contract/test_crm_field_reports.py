"""What broke for others that write to CRMs: batches in part, limits, records that are gone, and lines of orders.

Each is named by the public report it re-makes, with invented people.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

import httpx
import orjson
import pytest

from hub.model.order import Order, OrderLine, ProductReference
from hub.sdk.crm import facts
from hub.sdk.destination import OrderChange
from tests.support.crm import House, doubles, house_before
from tests.support.crm.cast import ANNA, BERT, CARLA, DORA, ORDER, SECOND, live, one, order, person, placed, told

PEOPLE = (ANNA, BERT, CARLA, DORA)


def of_lines(*lines: OrderLine, total: str = "100.00") -> Order:
    return order("1001", total).model_copy(update={"lines": lines})


def line(count: str, name: str | None, price: str | None = None, total: str | None = None) -> OrderLine:
    return OrderLine(
        product=ProductReference(name=name),
        quantity=Decimal(count),
        unit_price=price and Decimal(price),
        total=total and Decimal(total),
    )


def prices(told: Order) -> list[tuple[str, str]]:
    """Quantity and price of each line, as a record of a CRM has them."""
    change = OrderChange(told, "shop", str(ORDER), "1", 1)
    records = facts.line_records(change, {"quantity": "quantity", "price": "price"})
    return [(one["quantity"], one["price"]) for one in records]


# -- batches in part


def test_several_of_a_batch_are_known_there_and_the_answer_names_the_first_alone() -> None:
    """HubSpot/hubspot-api-python#51."""
    house = house_before("hubspot")
    typed = {house.double.add_person(email) for email in ("anna@example.com", "bert@example.com")}
    house.known(*(person(key) for key in PEOPLE))
    house.settle()
    assert len(house.double.people()) == 4
    assert {one(house.double, ANNA)["id"], one(house.double, BERT)["id"]} == typed


@pytest.mark.parametrize("slug", ["dynamics", "hubspot", "salesforce", "twenty", "zoho"])
def test_a_misspelt_domain_of_one_stops_no_run(slug: str) -> None:
    """Atlas-Authority/marketing-automation#174, hubspot-net/HubSpot.NET#25."""
    house = house_before(slug)
    house.double.refuse("berg@example.invalid")
    house.known(*(person(key) for key in (ANNA, BERT)), person(CARLA, "berg@example.invalid"), person(DORA))
    house.settle()
    assert [len(live(house.double, key)) for key in (ANNA, BERT, DORA)] == [1, 1, 1]
    row = house.tables.outbox[CARLA]
    assert row.state in ("delivered", "rejected")
    assert "berg@example" not in f"{row.reason} {row.refused}"


def test_a_locked_row_is_tried_again_and_holds_up_nobody() -> None:
    """jsforce/jsforce#1018, datacite/datacite#1461."""
    house = house_before("salesforce")
    handle, locked = house.double.handle, [True]

    def busy(request: httpx.Request) -> httpx.Response:
        answer = handle(request)
        if locked and "/composite/sobjects" in request.url.path and request.method == "PATCH":
            locked.clear()
            results = orjson.loads(answer.content)
            error = {"statusCode": "UNABLE_TO_LOCK_ROW", "message": "unable to obtain exclusive access", "fields": []}
            results[0] = {"success": False, "errors": [error]}
            return httpx.Response(200, json=results)
        return answer

    house.through(busy)
    house.known(*(person(key) for key in PEOPLE))
    house.deliver()
    assert sorted(house.states().values()) == ["delivered"] * 3 + ["retrying"]
    house.settle()
    assert [len(live(house.double, key)) for key in PEOPLE] == [1, 1, 1, 1]


# -- limits


def test_the_calls_of_a_day_are_used_up_and_nothing_counts_as_failed() -> None:
    """airbytehq/airbyte#8690."""
    house = house_before("salesforce")
    handle, used_up = house.double.handle, [True]

    def limited(request: httpx.Request) -> httpx.Response:
        if used_up:
            error = {"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}
            return httpx.Response(403, json=[error])
        return handle(request)

    house.through(limited)
    house.known(person(ANNA))
    house.deliver()
    assert (house.tables.outbox[ANNA].attempts, house.tables.state.credentials) == (0, "")
    assert house.tables.not_before >= house.tables.now + 800
    used_up.clear()
    house.settle()
    assert one(house.double, ANNA)


@pytest.mark.parametrize("slug", ["espocrm", "pipedrive"])
def test_a_run_that_meets_a_limit_goes_on_where_it_was(slug: str) -> None:
    """PipedreamHQ/pipedream#4209: it began anew each time, and met the limit again."""
    house = house_before(slug)
    house.known(*(person(UUID(int=0xA100 + number), f"{number}@example.com") for number in range(20)))
    calm = house.copy()
    calm.settle()
    for number in range(25, 500, 25):
        house.hostile.at[house.hostile.calls + number] = "429 that names a time"
    begun = house.hostile.calls
    house.settle()
    assert told(house) == told(calm)
    assert house.hostile.calls - begun <= 2 * calm.hostile.calls + 10


# -- records that are gone


@pytest.mark.parametrize("slug", ["hubspot", "salesforce", "pipedrive", "odoo", "dynamics", "twenty", "zoho"])
def test_a_record_that_was_merged_away_there_is_followed_by_person_and_orders(slug: str) -> None:
    """JacksonRiver/springboard_modules#1416: ENTITY_IS_DELETED for ever."""
    house = house_before(slug)
    house.known(person(ANNA, "anna@example.com", "a.amsel@example.org"))
    house.settle()
    kept = house.double.add_person("a.amsel@example.org")
    house.double.merge_people(kept, one(house.double, ANNA)["id"])
    house.known(person(ANNA, "anna@example.com", "a.amsel@example.org", last="Meise"))
    house.ordered(ORDER, order("1001"), ANNA)
    house.settle()
    [record] = house.double.people()
    assert placed(house.double, ORDER)["person"] == record["id"]
    assert set(house.states().values()) == {"delivered"}


@pytest.mark.parametrize("slug", doubles())
def test_who_is_deleted_there_again_and_again_is_healed_each_time(slug: str) -> None:
    """chatwoot/chatwoot#14818: the id that is no more was never forgotten."""
    house = house_before(slug)
    house.known(person(ANNA))
    house.settle()
    for city in ("Bonn", "Ulm"):
        house.double.delete_person(one(house.double, ANNA)["id"])
        house.known(person(ANNA, city=city))
        house.settle()
        assert len(live(house.double, ANNA)) == 1


@pytest.mark.parametrize("slug", ["hubspot", "salesforce", "espocrm", "odoo", "dynamics", "twenty", "zoho"])
def test_an_order_beside_one_whose_person_is_gone_is_there_once(slug: str) -> None:
    """forcedotcom/SalesforceMobileSDK-ReactNative#381: the good child of a batch was made twice."""
    house = house_before(slug)
    house.known(person(ANNA), person(BERT))
    house.settle()
    house.double.delete_person(one(house.double, BERT)["id"])
    house.ordered(ORDER, order("1001"), ANNA)
    house.ordered(SECOND, order("1002"), BERT)
    house.deliver()
    house.known(person(BERT, city="Bonn"))
    house.settle()
    assert sorted(str(each["owner"]) for each in house.double.orders()) == [str(ORDER), str(SECOND)]


# -- lines of orders


def test_lines_that_change_later_are_written_and_a_retry_makes_none_twice() -> None:
    """flexprice/flexprice#2606, getcandy/candy-api#428: stale, doubled by a retry, and a failure was swallowed."""
    house = House(doubles()["hubspot"](), order_lines="records").prepare()
    house.known(person(ANNA))
    house.ordered(ORDER, of_lines(line("1", "Kanne", "20.00")), ANNA)
    house.hostile.every["502 after the write"] = 4
    house.settle()
    double: Any = house.double
    assert [(one["name"], one["quantity"]) for one in double.lines()] == [("Kanne", "1")]
    house.ordered(ORDER, of_lines(line("3", "Kanne", "20.00"), line("1", "Tasse", "8.00")), ANNA)
    house.hostile.every["a time-out after the write"] = 4
    house.settle()
    assert sorted((one["name"], one["quantity"]) for one in double.lines()) == [("Kanne", "3"), ("Tasse", "1")]


def test_the_price_of_a_line_is_of_one_piece_and_keeps_its_cents() -> None:
    """mailchimp/mc-woocommerce#11 (five at 10 were five at 50), openedx-unsupported/ecommerce#2127 (whole numbers)."""
    assert prices(of_lines(line("5", "Becher", total="50.00"))) == [("5", "10")]
    assert prices(of_lines(line("5", "Becher", "10.00"))) == [("5", "10")]
    assert prices(of_lines(line("1", "Kanne", "12.99"), line("3", "Tee", total="10.00"))) == [
        ("1", "12.99"),
        ("3", "3.333333"),
    ]


def test_one_product_in_two_lines_stays_two_lines() -> None:
    """taxjar/taxjar-woocommerce-plugin#50: the same product twice, with other add-ons."""
    engraved = line("1", "Ring", "65.00", "52.00")
    house = House(doubles()["hubspot"](), order_lines="records").prepare()
    house.known(person(ANNA))
    house.ordered(ORDER, of_lines(engraved, engraved, engraved), ANNA)
    house.settle()
    double: Any = house.double
    assert [one["price"] for one in double.lines()] == ["52", "52", "52"]


@pytest.mark.parametrize(
    "slug", ["dynamics", "espocrm", "hubspot", "odoo", "pipedrive", "salesforce", "twenty", "zoho"]
)
def test_a_line_without_a_product_stops_no_order(slug: str) -> None:
    """openedx-unsupported/ecommerce#2161."""
    house = house_before(slug)
    house.known(person(ANNA))
    house.ordered(ORDER, of_lines(line("1", None, "5.00")), ANNA)
    house.settle()
    assert any("1 x ?" in str(value) for value in placed(house.double, ORDER)["values"].values())


@pytest.mark.parametrize("slug", doubles())
def test_what_is_written_once_more_adds_nothing_up(slug: str) -> None:
    """mailchimp/mc-woocommerce#1: revenue doubled with each new sync."""
    house = house_before(slug)
    house.known(person(ANNA, totals=[("100.00", "EUR")]))
    house.ordered(ORDER, of_lines(line("1", "Kanne", "100.00")), ANNA)
    house.settle()
    before = told(house)
    house.tables.mirror.clear()  # as `hub outbox resend` does
    house.known(person(ANNA, totals=[("100.00", "EUR")]))
    house.ordered(ORDER, of_lines(line("1", "Kanne", "100.00")), ANNA)
    house.settle()
    assert told(house) == before
