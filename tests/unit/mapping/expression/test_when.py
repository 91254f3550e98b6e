"""Routes' conditions: what they mean, when they may come out otherwise, and what is refused with the right way."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from hub.mapping.expression.errors import ExpressionError
from hub.mapping.expression.former import in_this_language
from hub.mapping.expression.when import compile_condition
from hub.model.address import Address
from hub.model.consent import ConsentChannel, ConsentState
from hub.model.money import Money
from hub.model.profile import ConsentSummary, OrderSummary, Profile, RecordReference


def consent(channel: ConsentChannel, state: ConsentState) -> ConsentSummary:
    return ConsentSummary(purpose="marketing", channel=channel, state=state)


NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PROFILE = Profile(
    id=UUID(int=1),
    aliases=(UUID(int=2),),
    created_at=datetime(2026, 1, 1, tzinfo=UTC),
    updated_at=datetime(2026, 2, 1, tzinfo=UTC),
    emails=("anna.mueller@example.de",),
    addresses=(Address(city="Köln", country="DE"),),
    tags=("vip",),
    consents=(consent("email", "opted_in"), consent("sms", "opted_out")),
    orders=OrderSummary(
        count=3,
        totals=(Money(amount=Decimal("500.00"), currency="EUR"), Money(amount=Decimal(9), currency="CHF")),
        last_at=datetime(2026, 1, 31, 18, tzinfo=UTC),
    ),
    records=(RecordReference(connection="shop-de", kind="customer", external_id="1"),),
)

FORMERLY_AND_NOW = [
    ('orders.count > 0 and consent.email == "opted_in"', "orders.count > `0` && consent.email == 'opted_in'", True),
    (
        'orders.count > 0 and consents.email == "opted_out"',
        "orders.count > `0` && consents.email == 'opted_out'",
        False,
    ),
    ('country in ["DE", "AT"] or suppressed', "one_of(country, 'DE', 'AT') || suppressed", True),
    ('country not in ["DE", "AT"]', "!one_of(country, 'DE', 'AT')", False),
    ('"vip" in tags and not company', "contains(tags, 'vip') && !company", True),
    ('consent.push == "unknown"', "consent.push == 'unknown'", True),
    ('"shop-de" in connections', "contains(connections, 'shop-de')", True),
    ("1 < orders.count <= 3", "`1` < orders.count && orders.count <= `3`", True),
    ("orders.count >= 3.5", "orders.count >= `3.5`", False),
    ("-1 < orders.count", "`-1` < orders.count", True),
    ('orders.last_at >= "2026-01-31"', "orders.last_at >= '2026-01-31'", True),
    ('orders.last_at < "2026-01-31"', "orders.last_at < '2026-01-31'", False),
    ('orders.first_at < "2026-01-31"', "orders.first_at < '2026-01-31'", False),
    ("orders.first_at == null and suppressed == false", "orders.first_at == `null` && suppressed == `false`", True),
    ('birth_date > "1990"', "birth_date > '1990'", False),
    (
        '"00000000-0000-0000-0000-000000000002" in aliases',
        "contains(aliases, '00000000-0000-0000-0000-000000000002')",
        True,
    ),
    ("orders.totals.EUR >= 500", "orders.totals.EUR >= `500`", True),
    (
        "orders.totals.EUR == 500.00 and orders.totals.CHF > 0",
        "orders.totals.EUR == `500.0` && orders.totals.CHF > `0`",
        True,
    ),
    (
        "orders.totals.USD == 0 and not (orders.totals.USD > 0)",
        "orders.totals.USD == `0` && !(orders.totals.USD > `0`)",
        True,
    ),
    ('orders.last_at >= "90 days ago"', "orders.last_at >= ago('90 days')", True),
    ('orders.last_at >= "2 weeks ago"', "orders.last_at >= ago('2 weeks')", False),
    (
        '"2 weeks ago" > orders.last_at and orders.first_at != "1 hour ago"',
        "ago('2 weeks') > orders.last_at && orders.first_at != ago('1 hour')",
        True,
    ),
    ('orders.first_at < "1 day ago"', "orders.first_at < ago('1 day')", False),
    ('orders.last_at == "2026-01-31T19:00:00+01:00"', "orders.last_at == '2026-01-31T19:00:00+01:00'", True),
    ('birth_date > "6570 days ago"', "birth_date > ago('6570 days')", False),
    (
        '"n@exam" not in emails and "shop-de" in connections',
        "!contains(emails, 'n@exam') && contains(connections, 'shop-de')",
        True,
    ),
    ("not name.first", "!(name.first)", True),
    ('tags == ["vip"]', 'tags == `["vip"]`', True),
]


@pytest.mark.parametrize(("condition", "holds"), [(now, holds) for _, now, holds in FORMERLY_AND_NOW])
def test_conditions_over_a_profile(condition, holds):
    assert compile_condition(condition, {"shop-de"})(PROFILE, NOW) is holds


@pytest.mark.parametrize(("formerly", "now"), [(formerly, now) for formerly, now, _ in FORMERLY_AND_NOW])
def test_a_condition_of_the_former_language_is_refused_with_the_way_it_is_written_now(formerly, now):
    rewritten = in_this_language(formerly)
    assert rewritten is not None
    assert rewritten.text == now
    with pytest.raises(ExpressionError) as raised:
        compile_condition(formerly)
    assert str(raised.value) == (
        f"is not in the language of conditions (docs/expressions.md); write it as {rewritten.shown}"
    )


def test_what_was_no_condition_formerly_is_none_now_and_no_text_of_it_is_shown():
    for formerly in ("name.first is null", "f(1)", "1 +", "emails[0] == 'x'", "a" * 1001):
        assert in_this_language(formerly) is None
    with pytest.raises(ExpressionError) as raised:
        compile_condition('"anna.mueller@example.de" in emails and name.last != "O\'Neil"')
    assert str(raised.value).endswith("write it as contains(emails, '…') && name.last != '…'")


def test_a_condition_on_time_tells_when_it_may_come_out_otherwise():
    bought = datetime(2026, 1, 31, 18, tzinfo=UTC)
    recent = compile_condition("orders.last_at >= ago('90 days') && orders.count > `0`")
    over = bought + timedelta(days=90)

    assert recent.next_change(PROFILE, NOW) == over
    assert recent(PROFILE, over)
    assert recent.next_change(PROFILE, over) == over + timedelta(seconds=1)
    assert not recent(PROFILE, over + timedelta(seconds=1))
    assert recent.next_change(PROFILE, over + timedelta(seconds=1)) is None
    assert compile_condition("orders.count > `0`").moving == ()


def test_a_day_is_so_long_ago_for_a_whole_day():
    grown_up = compile_condition("birth_date <= ago('6570 days')")
    young = PROFILE.model_copy(update={"birth_date": date(2010, 5, 1)})
    turns = datetime(2010, 5, 1, tzinfo=UTC) + timedelta(days=6570)

    assert grown_up.next_change(PROFILE, NOW) is None
    assert grown_up.next_change(young, NOW) == turns
    assert not grown_up(young, turns - timedelta(seconds=1))
    assert grown_up(young, turns)


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("orders.last_at > '2026-01-31'", False),  # it was on that day
        ("orders.last_at <= '2026-01'", True),
        ("orders.last_at == '2026'", True),
        ("birth_date < '2000-01-01T00:00:00Z'", True),
        ("birth_date == updated_at", False),
        ("birth_date < updated_at", True),
        ("consents[?channel == 'sms'].state | [0] == 'opted_out'", True),
        ("contains(lower(name.full), 'anna')", False),  # nobody told the name: nothing in, nothing out
        ("length(emails) > `1`", False),
        ("custom.\"P.O. number\" == '7'", False),
        ("div(orders.totals.EUR, orders.count) > `100`", True),
        ("records[?connection == 'shop-de' && kind == 'customer']", True),
        ("default(company, name.full, 'nobody') == 'nobody'", True),
    ],
)
def test_conditions_may_say_more_than_before(condition, holds):
    person = PROFILE.model_copy(update={"birth_date": date(1980, 2, 1)})
    assert compile_condition(condition)(person, NOW) is holds


@pytest.mark.parametrize(
    ("condition", "fault"),
    [
        ("__import__('os').system('true')", "there is no function '__import__'"),
        ("name.__class__", "a profile has no 'name.__class__'"),
        ("(lambda: 1)()", "cannot be read from here on (column 8"),
        ("consent.emial == 'x'", "a profile has no 'consent.emial'; did you mean 'consent.email'?"),
        (
            "orders.count > 5",
            "is not in the language of conditions (docs/expressions.md); write it as orders.count > `5`",
        ),
        ("orders.count > 5 and f(", "a number stands in backticks: `5`"),
        ("suppressed and f(x)", "'and' is written && (column 12 "),
        ("country in f(x)", "'in' is written one_of(value, 'a', 'b') or contains(list, 'a')"),
        ("orders.count + `1` > `2`", "numbers are worked out by functions: add, sub, mul, div"),
        ("orders.count * `2` > `2`", "numbers are worked out by functions: add, sub, mul, div"),
        ("country = 'DE'", "a comparison for equality is written =="),
        ('name.first == "Anna Berg', 'the " that begins here has no end, or holds what it may not'),
        ("lower(\"Anna Berg\") == 'x'", "double quotes are for names of fields, and there is no such field; a text"),
        ("name.first == `Anna`", "backticks hold JSON; a text stands in single quotes"),
        ("`NaN` > orders.count", "holds a number that is none, or too large"),
        ("orders.count >", "ends too early"),
        ("", "is empty"),
        ("  ", "is empty"),
        ("!" * 999 + "a", "is nested too deeply"),
        ("a | " * 240 + "a", "is nested more than 40 levels deep"),
        ("country == '" + "x" * 1000 + "'", "is longer than 1000 characters"),
        ("[@, @] | " * 11 + "@", "may make a result far larger than what it is given"),
        ("consent.email == 'opted-in'", "consent.email is one of opted_in, opted_out, pending, unknown; did you mean"),
        ("country == 'Germany'", "country is an ISO 3166 country of two capital letters, such as DE"),
        ("one_of(country, 'DE', 'UK')", "country is an ISO 3166 country of two capital letters, such as DE (column 23"),
        ("contains(['DE', 'UK'], country)", "country is an ISO 3166 country"),
        ("contains(connections, 'shop-dd')", "connections is one of shop-de; did you mean 'shop-de'?"),
        ("orders.count > '3'", "orders.count is a number; one stands in backticks"),
        ("orders.count == `true`", "orders.count is a number"),
        ("name.first < `5`", "name.first is a text, in single quotes"),
        ("suppressed == 'no'", "suppressed is `true` or `false`, in backticks"),
        ("emails > `1`", "emails is a list; write contains(emails, '…')"),
        ("tags == 'vip'", "tags is a list; write contains(tags, '…')"),
        ('country == `["DE"]`', "country is no list; write one_of(country, '…', '…')"),
        ("contains(orders.count, 'x')", "contains takes a text, list or object; orders.count is a number"),
        ("orders.last_at > '31.1.2026'", "orders.last_at is a time: "),
        ("orders.last_at > '2026-02-30'", "orders.last_at is a time: "),
        (
            "orders.last_at > '90 days ago'",
            "is not in the language of conditions (docs/expressions.md); write it as orders.last_at > ago('90 days')",
        ),
        ("orders.last_at > ago('90 dayz')", "ago takes '12 hours', '90 days' or '6 weeks'"),
        ("orders.last_at > ago(company)", "ago takes '12 hours'"),
        ("orders.count > ago('90 days')", "ago stands beside a time, such as orders.last_at"),
        ("consents[?at > ago('1 day')]", "ago is for conditions of routes, outside of brackets"),
        ("year(ago('1 day')) > `2020`", "ago stands beside a time in a condition only"),
        ("orders.last_at > `90`", "orders.last_at is a time, in single quotes"),
        ("orders.totals > `5`", "'orders.totals' holds one amount per currency; name it: orders.totals.EUR"),
        ("orders.totals.EURO > `5`", "'EURO' is no ISO 4217 currency, such as EUR"),
        ("orders.totals.EUR > '5'", "orders.totals.EUR is a number"),
        ("orders.count && emails", "orders.count is a number, which always counts as true; compare it: > `0`"),
        ("!name.first", "`!` reaches up to the first dot or bracket only; write !(a.b)"),
        ("!company == name.full", "`!` reaches up to the comparison only; write !(a == b)"),
        ("!(orders.totals.EUR)", "orders.totals.EUR is a number, which always counts as true"),
        ("'DE'", "a constant is always the same; compare it with a field"),
        ("id == 'anna'", "id is an id"),
        ("addresses.city == 'Ulm'", "addresses is a list; name one with [0], or all with [*], before .city"),
        ("addresses[0].town == 'Ulm'", "a profile has no 'addresses.town'"),
        ("lower(emails) == 'x'", "lower takes a text; emails is a list"),
        ("matches(company, '(a')", "matches: is no regular expression (RE2: no look-around, no back-references)"),
        ("matches(company, name.last)", "matches takes a constant there"),
        ("money(orders.totals.EUR, 'EURO') > '5'", "money: is no ISO 4217 currency, such as EUR"),
        ("lookup('x', country)", "there is no table of this name; there is none here"),
        ("if(company)", "if takes 2 to 3 values, not 1: if(`true`, 'VIP', 'Customer')"),
        ("&company", "`&` stands before an argument of map"),
        ("tags[::0]", "a slice cannot go by steps of 0"),
    ],
)
def test_what_is_no_condition_is_refused(condition, fault):
    with pytest.raises(ExpressionError) as raised:
        compile_condition(condition, {"shop-de"})
    assert str(raised.value).startswith(fault)
    assert "Anna" not in str(raised.value)
    assert "Germany" not in str(raised.value)


def test_what_cannot_be_worked_out_for_a_profile_is_false_for_it():
    deep = compile_condition("contains(to_array(@)[0], 'x')")
    assert deep(PROFILE, NOW) is False
