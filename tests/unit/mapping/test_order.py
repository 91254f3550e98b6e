"""Do the parts make the total; what is left after refunds; when an order is open."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from hub.mapping.custom import labels, note, texts
from hub.mapping.money import at_told_rate
from hub.mapping.order import charge, is_open, is_paid, missing, refunded, told_once, unexplained, with_charges
from hub.model.money import Money
from hub.model.order import Order, OrderLine, Payment, ProductReference, Refund, ShippingLine

EUR = "EUR"


def order(total: str, *lines: str, **fields: Any) -> Order:
    made = tuple(OrderLine(product=ProductReference(), quantity=Decimal(1), total=Decimal(line)) for line in lines)
    given = {"external_id": "o", "state": "paid", "placed_at": datetime(2026, 3, 1, tzinfo=UTC), "currency": EUR}
    return Order.model_validate({**given, "total": Decimal(total), "lines": made, **fields})


def refund(amount: str, number: str = "r", currency: str = EUR, **fields: Any) -> Refund:
    return Refund(external_id=number, amount=Money(amount=Decimal(amount), currency=currency), **fields)


def test_lines_shipping_and_tax_on_top_make_the_total() -> None:
    shipping = (ShippingLine(amount=Decimal("4.90")),)

    assert not missing(order("30.35", "20.00", shipping=shipping, tax_total=Decimal("5.45")))
    assert not missing(order("24.90", "20.00", shipping=shipping, tax_total=Decimal("3.98"), tax_included=True))


@pytest.mark.parametrize(
    ("total", "reason"),
    [
        ("24.00", "the parts make 4.00 EUR less than the total"),
        ("15.00", "the parts make 5.00 EUR more than the total"),
    ],
)
def test_what_is_missing_is_said_by_how_much(total: str, reason: str) -> None:
    assert [(one.path, one.reason) for one in unexplained(order(total, "20.00"))] == [("total", reason)]


def test_an_order_that_tells_its_total_only_lacks_nothing() -> None:
    assert unexplained(order("24.00")) == ()


def test_less_than_the_currency_has_digits_for_is_rounding_of_the_source() -> None:
    assert not missing(order("10.00", "3.3333", "6.6666"))
    assert missing(order("10", "9", currency="JPY"))
    assert not missing(order("10", "9.6", currency="JPY"))


def test_a_charge_is_a_line_where_the_total_holds_it() -> None:
    tip, rounding = charge("Tip", Decimal(2), "tip"), charge("Rounding", Decimal("-0.02"), "rounding")

    both = with_charges(order("21.98", "20.00"), tip, rounding)
    assert [(line.kind, line.total) for line in both.lines[1:]] == [("tip", 2), ("rounding", Decimal("-0.02"))]
    # the tip is a line item already, and rounding was of what was received
    assert len(with_charges(order("22.00", "20.00", "2.00"), tip, rounding).lines) == 2
    # no choice makes the total: what the source says is in it is kept, and the note says what is missing
    odd = with_charges(order("30.00", "20.00"), tip, rounding)
    assert [line.kind for line in odd.lines] == ["product", "tip"]
    assert [one.reason for one in unexplained(odd)] == ["the parts make 8.00 EUR less than the total"]


def test_nought_is_no_charge() -> None:
    assert charge("Tip", Decimal(0), "tip") == charge("Tip", None, "tip") == ()


def test_a_refund_in_another_currency_or_one_that_failed_takes_nothing_off() -> None:
    told = (refund("5"), refund("1600", "r2", "JPY"), refund("7", "r3", state="failed"))

    assert refunded(order("50", refunds=told)) == 5


@pytest.mark.parametrize(
    ("refunds", "reduction", "amounts"),
    [
        # an edit takes an item off, then its money goes back
        ([("25", "goods"), ("25", "money")], "25", ["25", "0"]),
        ([("25", "goods"), ("25", "money")], None, ["25", "0"]),
        # the source says that both took something off
        ([("25", "goods"), ("5", "money")], "30", ["25", "5"]),
        # money without goods, out of courtesy: the order is worth as much as before
        ([("5", "money")], "0", ["5"]),
        # goods and money in one, and an edit that was paid back
        ([("10", None), ("25", "goods"), ("25", "money")], "35", ["10", "25", "0"]),
        # the total is without the goods already
        ([("25", "goods")], "0", ["0"]),
        ([("20", "goods"), ("12", "money"), ("12", "money")], None, ["20", "0", "4"]),
    ],
)
def test_one_reduction_counts_once(
    refunds: list[tuple[str, str | None]], reduction: str | None, amounts: list[str]
) -> None:
    told = [refund(amount, f"r{n}", basis=basis) for n, (amount, basis) in enumerate(refunds)]

    found = told_once(told, EUR, reduction=None if reduction is None else Decimal(reduction))

    assert [one.amount.amount for one in found] == [Decimal(amount) for amount in amounts]
    assert refunded(order("100", refunds=found)) == sum(map(Decimal, amounts))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"state": "open"}, True),
        ({"state": "paid"}, False),
        ({"state": "fulfilled", "payment_due": True}, True),
        ({"state": "open", "payment_due": False}, False),
    ],
)
def test_an_order_is_open_while_nobody_has_paid(fields: dict[str, Any], expected: bool) -> None:
    assert is_open(order("1", **fields)) is expected


@pytest.mark.parametrize(
    ("state", "expected"),
    [("COMPLETED", True), (None, True), ("approved", False), ("pending", False), ("failed", False)],
)
def test_a_promise_is_no_payment(state: str | None, expected: bool) -> None:
    assert is_paid(Payment(external_id="p", amount=Money(amount=Decimal(1), currency=EUR), state=state)) is expected


def test_money_is_changed_at_a_rate_the_payload_tells_and_at_no_other() -> None:
    yen, euro = Money(amount=Decimal(1600), currency="JPY"), Money(amount=Decimal("10.01"), currency=EUR)
    dollar = Money(amount=Decimal(11), currency="USD")

    half = Money(amount=Decimal(800), currency="JPY")
    assert at_told_rate(half, EUR, [None, (dollar, euro), (yen, euro)]) == Money(amount=Decimal("5.01"), currency=EUR)
    assert at_told_rate(half, EUR, [(dollar, euro)]) == half
    assert at_told_rate(euro, EUR, [(yen, euro)]) == euro


def test_custom_values_are_texts_without_what_is_hidden_or_empty() -> None:
    given = [("Farbe", "blau"), ("_internal", "x"), ("Größen", [38, 40]), ("leer", " "), ("Farbe", "rot"), ("ja", True)]

    assert texts(given, [("plugin", {"state": 1}), (None, "x"), ("Preis", Decimal("1.50"))]) == {
        "Farbe": "blau; rot",
        "Größen": "38; 40",
        "ja": "true",
        "Preis": "1.50",
    }
    assert note(" Bitte klingeln ", None, "", "bald") == "Bitte klingeln\nbald"
    assert labels("b2b, vip,, vip") == ("b2b", "vip")
