"""What was ordered stands at the order in every CRM: for people to read, bounded, once, and with what went back.

Where a CRM keeps lines as records of their own, and needs no product for them, they stand there as well.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from hub.model.order import Order, OrderLine, ProductReference
from hub.sdk import registry
from tests.contract.test_crm_hostile import EVERY_FAULT
from tests.support.crm import AFTER, BEFORE, House, doubles, house_before
from tests.support.crm.cast import ANNA, ORDER, order, person, placed

SLUGS = [slug for slug in doubles() if slug in registry.slugs()]


def bought(*goods: tuple[str, str]) -> Order:
    """An order of these quantities and names."""
    lines = (OrderLine(product=ProductReference(name=name), quantity=Decimal(count)) for count, name in goods)
    return order("1001").model_copy(update={"lines": tuple(lines)})


def texts(house: House) -> list[str]:
    """What stands in fields of several lines at the order, as people read it."""
    values: dict[str, Any] = placed(house.double, ORDER)["values"]
    return [value for value in values.values() if isinstance(value, str) and " x " in value]


def delivered(slug: str, told: Order, house: House | None = None, **apart: Any) -> House:
    house = house or house_before(slug)
    house.known(person(ANNA))
    house.ordered(ORDER, told, ANNA, **apart)
    house.settle()
    return house


@pytest.mark.parametrize("slug", SLUGS)
def test_what_was_ordered_can_be_read_at_the_order_and_once_only(slug: str) -> None:
    # given an order of two things
    told = bought(("2", "Kanne"), ("0.75", "Kaffee"))
    house = delivered(slug, told)
    assert texts(house) == ["2 x Kanne\n0.75 x Kaffee"]
    # when one more comes, the answer to which is lost
    house.hostile.every["a time-out after the write"] = 1
    delivered(slug, bought(("2", "Kanne"), ("0.75", "Kaffee"), ("1", "Tasse")), house)
    # then each stands there once
    assert texts(house) == ["2 x Kanne\n0.75 x Kaffee\n1 x Tasse"]


@pytest.mark.parametrize("slug", SLUGS)
def test_what_went_back_stands_there_too(slug: str) -> None:
    house = delivered(slug, bought(("2", "Kanne")))
    delivered(slug, bought(("2", "Kanne")), house, refunded=Decimal("40.00"))
    assert texts(house) == ["2 x Kanne\ngiven back: 40.00 EUR"]


@pytest.mark.parametrize("slug", SLUGS)
def test_an_order_of_many_lines_is_cut_and_says_so(slug: str) -> None:
    [many] = texts(delivered(slug, bought(*((str(number), "Kanne") for number in range(1, 201)))))
    assert (len(many.splitlines()), many.splitlines()[-1]) == (51, "and 150 more")
    [long] = texts(delivered(slug, bought(*(("1", "K" * 250) for _ in range(20)))))
    assert len(long) < 2000
    assert long.endswith("and 15 more")


@pytest.mark.parametrize("slug", SLUGS)
def test_lines_are_left_out_where_nobody_wants_them(slug: str) -> None:
    house = House(doubles()[slug](), order_lines="none").prepare()
    assert texts(delivered(slug, bought(("2", "Kanne")), house)) == []


# -- lines as records of their own


AS_RECORDS = ["hubspot"]
ENDURED = ("429", "a time-out after the write", "half an answer", "a killed process")


def line(count: str, name: str | None, price: str | None = None, **told: Any) -> OrderLine:
    product = ProductReference(name=name, sku=told.pop("sku", None))
    return OrderLine(product=product, quantity=Decimal(count), unit_price=price and Decimal(price), **told)


def ordering(*lines: OrderLine) -> Order:
    return order("1001").model_copy(update={"lines": lines})


def records_of(house: House) -> list[dict[str, Any]]:
    """The lines below the order, as people read them, in its order."""
    double: Any = house.double
    [deal] = [one["id"] for one in house.double.orders()]
    below = [one for one in double.lines() if one["deals"] == [deal]]
    assert len(below) == len(double.lines()), "a line is below no order, or below two"
    told = sorted(below, key=lambda one: one.get("hub_line_key", ""))
    return [{name: value for name, value in one.items() if name not in ("id", "deals", "hub_line_key")} for one in told]


def keeping(slug: str) -> House:
    return House(doubles()[slug](), order_lines="records").prepare()


KANNE = line("2", "Kanne", "20.00", sku="K-1", total=Decimal("40.00"))
KAFFEE = line("0.75", "Kaffee", "16.00", total=Decimal("10.50"))
TASSE = line("1", "Tasse", "8.00")


@pytest.mark.parametrize("slug", AS_RECORDS)
def test_each_line_is_a_record_of_its_own_once_with_quantity_and_what_one_cost(slug: str) -> None:
    # given two goods, one at a discount, and a fee that no line of a CRM is for
    fee = line("1", "Pfand", "0.25", kind="fee")
    house = delivered(slug, ordering(KANNE, fee, KAFFEE), keeping(slug))
    assert texts(house) == []
    assert records_of(house) == [
        {"name": "Kanne", "hs_sku": "K-1", "quantity": "2", "price": "20", "hs_line_item_currency_code": "EUR"},
        {"name": "Kaffee", "quantity": "0.75", "price": "14", "hs_line_item_currency_code": "EUR"},
    ]
    # when nothing differs, then nothing is sent
    house.hostile.clear()
    delivered(slug, ordering(KANNE, fee, KAFFEE), house)
    assert house.hostile.calls == 0


@pytest.mark.parametrize("slug", AS_RECORDS)
def test_a_line_that_is_taken_off_is_gone_and_one_in_its_place_has_nothing_of_it(slug: str) -> None:
    house = delivered(slug, ordering(KANNE, KAFFEE), keeping(slug))
    delivered(slug, ordering(TASSE), house)
    assert records_of(house) == [{"name": "Tasse", "quantity": "1", "price": "8", "hs_line_item_currency_code": "EUR"}]
    delivered(slug, ordering(), house)
    assert records_of(house) == []


@pytest.mark.parametrize("slug", AS_RECORDS)
def test_a_line_that_costs_less_than_nothing_has_no_price(slug: str) -> None:
    house = delivered(slug, ordering(line("1", "Rückgabe", "-5.00"), line("0", "Muster")), keeping(slug))
    assert [one.get("price") for one in records_of(house)] == [None, None]


@pytest.mark.parametrize("slug", AS_RECORDS)
def test_an_order_of_many_lines_has_the_first_of_them_as_records(slug: str) -> None:
    house = delivered(slug, ordering(*(line("1", f"Kanne {number}") for number in range(120))), keeping(slug))
    assert len(records_of(house)) == 50


@pytest.mark.parametrize("slug", AS_RECORDS)
def test_a_fault_at_any_call_leaves_each_line_once(slug: str) -> None:
    # given an order of two lines, and what stands there once it has three, and one
    begun = delivered(slug, ordering(KANNE, KAFFEE), keeping(slug))
    calm = delivered(slug, ordering(TASSE, KAFFEE, KANNE), begun.copy())
    shrunk = delivered(slug, ordering(TASSE), calm.copy())
    for fault in (*BEFORE, *AFTER) if EVERY_FAULT else ENDURED:
        for before, told, expected in ((begun, (TASSE, KAFFEE, KANNE), calm), (calm, (TASSE,), shrunk)):
            for number in range(1, 6):
                # when any of the calls fails
                house = before.copy()
                house.hostile.at[number] = fault
                delivered(slug, ordering(*told), house)
                # then it is the same in the end
                assert records_of(house) == records_of(expected), f"{fault} at call {number}"


@pytest.mark.parametrize("slug", AS_RECORDS)
@pytest.mark.parametrize("fault", ["a killed process", "a time-out after the write", "429"])
def test_lines_that_change_back_after_an_unheard_attempt_are_as_they_were(slug: str, fault: str) -> None:
    begun = delivered(slug, ordering(KANNE), keeping(slug))
    for number in range(1, 5):
        house = begun.copy()
        house.hostile.at[number] = fault
        house.ordered(ORDER, ordering(TASSE, KAFFEE, KANNE), ANNA)
        house.deliver()
        delivered(slug, ordering(KANNE), house)
        assert records_of(house) == records_of(begun), f"call {number}"


@pytest.mark.parametrize("slug", AS_RECORDS)
def test_lines_are_below_an_order_that_is_made_anew(slug: str) -> None:
    house = delivered(slug, ordering(KANNE, KAFFEE), keeping(slug))
    before = records_of(house)
    house.double.delete_order(placed(house.double, ORDER)["id"])
    delivered(slug, ordering(KANNE, KAFFEE).model_copy(update={"state": "cancelled"}), house)
    assert records_of(house) == before


@pytest.mark.parametrize("slug", AS_RECORDS)
def test_what_people_added_below_an_order_stays(slug: str) -> None:
    house = delivered(slug, ordering(KANNE, KAFFEE), keeping(slug))
    double: Any = house.double
    typed = double.crm.add("line_items", name="Gutschein")
    double.crm.links.add((typed, placed(house.double, ORDER)["id"]))
    delivered(slug, ordering(TASSE), house)
    assert sorted(one["name"] for one in records_of(house)) == ["Gutschein", "Tasse"]


@pytest.mark.parametrize("slug", AS_RECORDS)
def test_a_refused_line_keeps_neither_its_order_nor_the_others(slug: str) -> None:
    house = keeping(slug)
    house.double.refuse("Verboten")
    house.known(person(ANNA))
    house.ordered(ORDER, ordering(KANNE, line("1", "Verboten")), ANNA)
    house.deliver()
    # then the order and the other line are there, the order is tried again, and no value stands in its reason
    assert [one["name"] for one in records_of(house)] == ["Kanne"]
    row = house.tables.outbox[ORDER]
    assert (row.state, "line" in row.reason, "Verboten" in row.reason) == ("retrying", True, False)


def test_lines_that_are_wanted_no_more_are_taken_away() -> None:
    house = delivered("hubspot", ordering(KANNE, KAFFEE), keeping("hubspot"))
    house.own_settings = {"order_lines": "text"}
    house = delivered("hubspot", ordering(KANNE, KAFFEE), house.copy())
    assert records_of(house) == []
    assert texts(house) == ["2 x Kanne\n0.75 x Kaffee"]
