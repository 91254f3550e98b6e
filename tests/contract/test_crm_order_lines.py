"""What was ordered stands at the order in every CRM: for people to read, bounded, once, and with what went back."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from hub.model.order import Order, OrderLine, ProductReference
from hub.sdk import registry
from tests.support.crm import House, doubles, house_before
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
