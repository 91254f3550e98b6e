"""Canonical values that are built unchecked are those that a check would give."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from hub.model.built import built
from hub.model.feedback import Feedback
from hub.model.order import Order, OrderLine, ProductReference


def test_a_built_value_is_the_checked_one() -> None:
    line = OrderLine(product=ProductReference(sku="A1"), quantity=Decimal(2), custom={"engraving": "Uwe"})
    told = {
        "external_id": "1",
        "state": "paid",
        "placed_at": datetime(2026, 5, 1, 12, tzinfo=timezone(timedelta(hours=2))),
        "currency": "EUR",
        "total": Decimal("9.90"),
        "lines": (line,),
        "tags": ("vip\u200b", "new"),
        "custom": {"gift\u200b": "ja\u00ad"},
    }

    quick = built(Order)(**told)

    checked = Order.model_validate(told)
    assert quick == checked
    assert hash(quick) == hash(checked)
    assert repr(quick) == repr(checked)
    assert quick.model_dump_json() == checked.model_dump_json()
    assert quick.model_fields_set == checked.model_fields_set
    assert quick.placed_at == datetime(2026, 5, 1, 10, tzinfo=UTC)
    assert quick.tags == ("vip", "new")
    assert quick.model_copy(update={"note": "x"}).note == "x"


def test_a_field_that_the_type_does_not_have_is_a_mistake() -> None:
    with pytest.raises(TypeError, match="ProductReference has no skew"):
        built(ProductReference)(skew="A1")  # type: ignore[call-arg]


def test_a_time_without_a_zone_is_refused_as_ever() -> None:
    naive = datetime(2026, 5, 1)  # noqa: DTZ001
    with pytest.raises(ValueError, match="time without a zone"):
        built(Order)(external_id="1", state="paid", placed_at=naive, currency="EUR", total=Decimal(1))


def test_a_type_that_checks_more_than_types_is_not_built() -> None:
    with pytest.raises(TypeError, match="Feedback checks more than types"):
        built(Feedback)
