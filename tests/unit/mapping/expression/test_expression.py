"""What an expression gives, which fields it uses, and that it never does anything else than give or refuse."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.mapping.expression import ORDER, PROFILE, ExpressionError, compile_expression, plain
from hub.mapping.expression.functions import FUNCTIONS, MOST_ITEMS
from hub.mapping.expression.when import compile_condition
from hub.model.address import Address
from hub.model.base import FrozenTexts
from hub.model.customer import PersonName
from hub.model.money import Money
from hub.model.order import Order, OrderLine, ProductReference
from hub.model.profile import ConsentSummary, OpenOrders, OrderSummary, Profile, RecordReference
from tests.support.examples import examples

AT = datetime(2026, 3, 1, 12, 30, 15, 999_999, tzinfo=UTC)
TABLES = {"stages": {"loyal": "VIP", "former": None}}


def euro(amount: str) -> Money:
    return Money(amount=Decimal(amount), currency="EUR")


ANNA = Profile(
    id=UUID(int=1),
    created_at=AT,
    updated_at=AT,
    name=PersonName(first="anna", last="O'Neil", full="Anna O'Neil"),
    emails=("anna@example.com", "a@example.org"),
    addresses=(Address(city="Ulm", country="DE"), Address(city="Wien", country="AT")),
    birth_date=date(1980, 2, 1),
    tags=("vip", "b2b"),
    custom=FrozenTexts({"P.O. number": "7", "points": "120.50", "stage": "loyal"}),
    consents=(ConsentSummary(purpose="marketing", channel="email", state="opted_in", at=AT),),
    orders=OrderSummary(
        count=3,
        totals=(euro("129.90"), Money(amount=Decimal(9), currency="CHF")),
        last_at=AT,
        open=OpenOrders(count=1, totals=(euro("5"),)),
    ),
    records=(RecordReference(connection="shop-de", kind="customer", external_id="1"),),
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("name.first", "anna"),
        ("emails[0]", "anna@example.com"),
        ("emails[7]", None),
        ("phones[0]", None),
        ("addresses[1].city", "Wien"),
        ("addresses[*].city", ["Ulm", "Wien"]),
        ("addresses[?country == 'AT'].city | [0]", "Wien"),
        ("birth_date", "1980-02-01"),
        ("orders.last_at", "2026-03-01T12:30:15Z"),
        ("orders.totals.EUR", Decimal("129.90")),
        ("orders.totals.USD", 0),
        ("orders.open.totals.EUR", 5),
        ("orders.totals[1].amount", 9),
        ("orders.totals", [{"amount": Decimal("129.90"), "currency": "EUR"}, {"amount": 9, "currency": "CHF"}]),
        ("orders.totals[*].join(' ', [currency, to_string(amount)])", ["EUR 129.90", "CHF 9"]),
        ('custom."P.O. number"', "7"),
        ("custom.nobody", None),
        ("add(custom.points, orders.totals.EUR)", Decimal("250.40")),
        ("add(custom.stage, `1`)", None),  # a text that is no number
        ("mul(orders.totals.EUR, `0.1`)", Decimal("12.990")),
        ("concat(title(name.first), ' ', upper(name.last))", "Anna O'NEIL"),
        ("concat(name.middle, name.first)", "anna"),
        ("concat(company)", None),
        ("join(' ', [name.first, name.middle, name.last])", "anna O'Neil"),
        ("lower(company)", None),
        ("default(company, name.full)", "Anna O'Neil"),
        ("company || 'none'", "none"),
        ("lookup('stages', custom.stage, 'Customer')", "VIP"),
        ("lookup('stages', custom.nobody, 'Customer')", "Customer"),
        ("lookup('stages', 'former', 'Customer')", "Customer"),
        ("lookup('stages', orders.count)", None),
        ("money(orders.totals.EUR, 'JPY')", "130"),
        ("format_date(orders.last_at, 'DD.MM.YY hh:mm', 'Europe/Berlin')", "01.03.26 13:30"),
        ("date(birth_date, 'America/New_York')", "1980-02-01"),  # a day is a day in every zone
        ("days_between(birth_date, '1980-02-11')", 10),
        ("sort_by(addresses, &city)[0].city", "Ulm"),
        ("map(&upper(city), addresses)", ["ULM", "WIEN"]),
        ("consents[0].{channel: channel, state: state}", {"channel": "email", "state": "opted_in"}),
        ("consent.sms", "unknown"),
        ("country", "DE"),
        ("connections", ["shop-de"]),
        ("orders.count < name.first", None),  # jmespath.py#169: not comparable, and no crash
        ("orders.count == `3.0`", True),
        ("div(`1`, `0`)", None),
        ("substring(name.first, `-2`)", "na"),
        ("avg(`[]`)", None),
        ("country_name(country, 'de')", "Deutschland"),
        ("unique(split('a;b;a', ';'))", ["a", "b"]),
    ],
)  # fmt: skip
def test_a_value_of_a_profile(text: str, value: Any) -> None:
    found = compile_expression(text, PROFILE, TABLES).of(ANNA)
    assert found == value
    assert isinstance(found, bool) == isinstance(value, bool)


def test_an_order_has_expressions_too() -> None:
    line = OrderLine(product=ProductReference(name="Shirt"), quantity=Decimal(2), unit_price=Decimal("9.95"))
    order = Order(external_id="o1", state="paid", placed_at=AT, currency="EUR", total=Decimal("19.90"), lines=(line,))
    assert compile_expression("join(', ', lines[*].product.name)", ORDER).of(order) == "Shirt"
    with pytest.raises(ExpressionError, match="an order has no 'totl'; did you mean 'total'"):
        compile_expression("totl", ORDER)


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("name.first", {"name.first"}),
        ("addresses[0].city", {"addresses", "addresses.city"}),
        ("country == 'DE' && consent.email == 'opted_in'", {"addresses.country", "consents.email"}),
        ("contains(connections, 'shop')", {"records.connection"}),
        ("if(orders.totals.EUR > `5`, custom.size, company)", {"orders.totals.EUR", "custom.size", "company"}),
        ("addresses[?country == 'DE'].postal_code", {"addresses", "addresses.country", "addresses.postal_code"}),
        ("'constant'", set()),
    ],
)
def test_the_fields_an_expression_uses_are_known_before_there_is_data(text: str, fields: set[str]) -> None:
    assert compile_expression(text, PROFILE).fields == fields


@pytest.mark.parametrize("declared", [one for one in FUNCTIONS.values() if one.name != "ago"], ids=lambda one: one.name)
def test_every_function_does_what_its_example_says(declared: Any) -> None:
    found = compile_expression(declared.example, tables=TABLES).read({})
    assert found == declared.result
    assert isinstance(found, bool) == isinstance(declared.result, bool)
    assert declared.about


def test_what_no_json_can_hold_becomes_plain_data() -> None:
    class Stage(Enum):
        LOYAL = "loyal"

    given = {
        "at": AT, "day": date(2026, 1, 2), "id": UUID(int=3), "stage": Stage.LOYAL, "amount": Decimal("1.10"),
        "odd": [float("nan"), Decimal("Infinity"), 1.5, 10**50], "model": euro("1"), "set": {1},
        "naive": AT.replace(tzinfo=None),
    }  # fmt: skip
    assert plain(given) == {
        "at": "2026-03-01T12:30:15Z",
        "day": "2026-01-02",
        "id": str(UUID(int=3)),
        "stage": "loyal",
        "amount": Decimal("1.10"),
        "odd": [None, None, Decimal("1.5"), None],
        "model": {"amount": Decimal(1), "currency": "EUR"},
        "set": [1],
        "naive": "2026-03-01T12:30:15Z",
    }


@pytest.mark.parametrize(
    ("text", "data", "said"),
    [
        ("lower(a)", {"a": ["anna@example.com"]}, "lower takes a text, and was given a list (column 1 of lower(a))"),
        ("a && sum(b)", {"a": 1, "b": ["x"]}, "sum takes a list of numbers, and one is a text (column 6 of "),
        ("sort(a)", {"a": [1, "anna"]}, "sort takes a list of numbers or a list of texts"),
        ("replace(a, 'x', a)", {"a": "x" * 4000}, "replace gives more than 65536 characters"),
        ("join(a, b)", {"a": "x" * 1000, "b": ["y"] * 1000}, "join gives more than 65536 characters"),
        ("concat(a, a)", {"a": "x" * 60_000}, "concat gives more than 65536 characters"),
        ("split(a, ',')", {"a": "x," * 20_000}, "split gives more than 10000 items"),
        ("[a, a]", {"a": [1] * 6000}, "gives more than 10000 items"),
        ("round(a)", {"a": {}}, "round takes a number, and was given an object"),
    ],
)
def test_a_value_that_cannot_be_worked_on_is_told_by_place_and_never_shown(text: str, data: Any, said: str) -> None:
    with pytest.raises(ExpressionError) as raised:
        compile_expression(text).read(data)
    assert str(raised.value).startswith(said)
    assert "anna" not in str(raised.value)


@pytest.mark.parametrize(
    "text",
    [
        "matches(a, '^(a+)+$')",  # RE2 takes linear time
        "[[@, @] | [@, @] | [@, @], `1`] | to_string(@)",
        "map(&to_string([@, @]), b)",
        "b[?contains(to_string(@), 'x')] | [b, b] | to_string(@)",
        "sort(b) == sort(reverse(b))",
        "replace(replace(a, 'a', 'aa'), 'a', 'aa')",
        "round(`1`, `99999999999999999999`)",
        "substring(a, `-99999999999999999999`, `99999999999999999999`)",
        "mul(`1e39`, `1e39`, `1e39`, `1e39`)",
        "to_number('1e99999999')",
        "div(`1`, `3`)",
        "mask(a, `99999999999999999999`)",
        "b[99999999999999999999]",
        "b[-99999999999999999999:99999999999999999999:99999999999999999999]",
        "date(`99999999999999999999`)",
        "days_between('0001-01-01', '9999-12-31')",
        "format_date('9999-12-31T23:59:59Z', 'YYYY', 'Pacific/Kiritimati')",
        "format_date('0001-01-01T00:00:00Z', 'YYYY', 'America/New_York')",
    ],
)
def test_a_hostile_expression_ends(text: str) -> None:
    data = plain({"a": "a" * 30_000 + "!", "b": list(range(3_000))})
    try:
        compile_expression(text).read(data)
    except ExpressionError as error:
        assert "aaa" not in error.reason  # noqa: PT017 - it may also give a value


# -- whatever is written, whatever is in the data ----------------------------------------------------------------------

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
DATA = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["a", "b", "c"]), inner, max_size=3),
    max_leaves=12,
)
ATOMS = st.sampled_from(
    ["a", "b", "@", "a.b", "a[0]", "a[*].b", "a[]", "*", "'x'", "`1`", '`[1, "x"]`', '`{"a": 2}`', "'2026-01-01'"]
)


def calls(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    names = st.sampled_from(sorted(FUNCTIONS))
    return st.builds(lambda name, parts: f"{name}({', '.join(parts)})", names, st.lists(inner, max_size=3))


EXPRESSIONS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        calls(inner),
        calls(inner.map(lambda one: f"&{one}") | inner),
        st.builds(
            lambda a, op, b: f"({a} {op} {b})", inner, st.sampled_from(["==", "<", "&&", "||", "|", "!="]), inner
        ),
        st.builds("[{}, {}]".format, inner, inner),
        st.builds(lambda a, b: f"{{x: {a}, y: {b}}}", inner, inner),
        st.builds("{}[?{}]".format, inner, inner),
        inner.map(lambda one: f"!({one})"),
    ),
    max_leaves=8,
)
RELAXED = settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.too_slow])


@RELAXED
@given(st.text(max_size=40) | st.text(alphabet="ab.[]()|&!@*'`\"{}:,<>=01 \\", max_size=40))
def test_any_text_is_an_expression_or_gets_the_one_error(text: str) -> None:
    for compiled in (lambda: compile_expression(text), lambda: compile_expression(text, PROFILE),
                     lambda: compile_condition(text)):  # fmt: skip
        try:
            compiled()
        except ExpressionError:
            continue


@RELAXED
@given(EXPRESSIONS, DATA)
def test_any_expression_on_any_data_ends_with_plain_data_or_the_one_error(text: str, data: Any) -> None:
    try:
        found = compile_expression(text, tables=TABLES).read(plain(data))
    except ExpressionError:
        return
    assert len(json.dumps(found, default=str)) < 100 * MOST_ITEMS


@RELAXED
@given(st.text(min_size=5, max_size=20, alphabet="KLMNPQRS"), EXPRESSIONS)
def test_no_value_of_the_data_and_no_constant_is_in_an_error(secret: str, text: str) -> None:
    written = text.replace("'x'", f"'{secret}'")
    said = ""
    try:
        compile_expression(written, tables=TABLES).read({"a": [secret, {"b": secret}], "b": {secret: secret}})
    except ExpressionError as error:
        said = str(error)
    assert secret not in said


PARTS = ["name.first", "name", "orders.count", "orders", "orders.totals.EUR", "orders.open", "@", "emails", "country",
         "consent.email", "consent", "custom.points", "addresses[0].city", "addresses", "records"]  # fmt: skip


@RELAXED
@given(
    st.lists(st.sampled_from(PARTS), min_size=1, max_size=3),
    st.sampled_from(["[{}]", "to_string([{}])", "(({})||'x')"]),
)
def test_a_view_of_only_what_is_used_gives_the_same(parts: list[str], form: str) -> None:
    text = form.format(" || ".join(parts) if "||" in form else ", ".join(parts))
    try:
        expression = compile_expression(text, PROFILE)
        whole = expression.read(PROFILE.viewer(list(PROFILE.shape.fields))(ANNA))
    except ExpressionError:
        return
    assert expression.of(ANNA) == whole
