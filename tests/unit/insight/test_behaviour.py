"""How far people came: per person, whatever the order of what is known of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.insight import funnel
from hub.insight.acts import FUNNEL, LADDER, Act, act_of
from hub.insight.behaviour import DAY, behaviour
from hub.insight.contact import Known, contact, language_of

NOW = 1000.0 * DAY


def did(kind: str, day: float, what: str = "interaction", connected: str = "web", **told: Any) -> Act:
    payload = {"kind": kind, "channel": "web", **told} if what == "interaction" else {"kind": kind, **told}
    found = act_of(what, day * DAY, connected, payload)
    assert found is not None
    return found


def order(day: float, where: str = "web") -> Act:
    return did("", day, "order", where)


def cart(day: float, **told: Any) -> Act:
    return did("", day, "cart", total="40.00", currency="EUR", lines=[{}], **told)


def test_a_person_passes_each_step_at_its_first_time_however_often_they_came():
    """TelemetryDeck/Issues #375: a second order was told of everybody with a first one, as times were not looked at."""
    acts = [did("page_viewed", day) for day in (900, 901, 902)] + [cart(902.5), order(903), order(903.5), order(950)]
    how = behaviour(acts, NOW)
    assert list(how.funnel) == [900 * DAY, 902.5 * DAY, None, 903 * DAY, 950 * DAY]
    assert FUNNEL[how.step or 0] == "repeat"


def test_who_enters_in_the_middle_is_counted_in_what_comes_before():
    """jesstelford/funnels #1: whoever entered at the second step was in no conversion."""
    report = funnel.funnel([behaviour([cart(900), order(901)], NOW).funnel] * 20, NOW)
    assert [row[1] for row in report.rows] == [20, 20, 20, 20, 0]


def test_an_order_in_the_store_before_the_first_visit_is_no_conversion_of_it():
    how = behaviour([order(800, "till"), did("page_viewed", 900)], NOW)
    assert list(how.funnel) == [900 * DAY, None, None, None, None]
    assert LADDER[how.rung or 0] == "purchase"


def test_a_cart_is_left_until_an_order_of_any_channel_ends_it():
    assert behaviour([cart(990)], NOW).left == 990 * DAY
    assert behaviour([cart(990)], NOW).total == 40
    assert behaviour([cart(990), order(991, "till")], NOW).left is None
    assert behaviour([order(989), cart(990)], NOW).left == 990 * DAY
    assert behaviour([order(990), cart(990)], NOW).left is None


def test_an_empty_cart_and_what_is_ahead_are_nothing():
    assert act_of("cart", DAY, "web", {"total": "0", "currency": "EUR"}) is None
    assert behaviour([cart(1001)], NOW).left is None


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("interaction", None), ("interaction", {}), ("cart", {"total": "much"}), ("cart", []), ("case", "x"),
        ("feedback", {"rating": "NaN"}), ("feedback", {"rating": 5, "worst": 5, "best": 5}), ("wish", {}),
        ("feedback", {"rating": 5, "state": "withdrawn"}),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_no_act(kind, told):
    assert act_of(kind, 1.0, "web", told) is None


def test_a_journey_tells_ways_across_channels():
    acts = [
        did("page_viewed", 900, url="https://shop.example/?utm_source=google&utm_medium=cpc"),
        did("email_clicked", 901, channel="email"),
        order(902),
        did("pickup", 903, "fulfilment"),
        did("", 905, "refund", amount={}),
    ]
    [journey] = behaviour(acts, NOW).journeys
    assert journey == "visit from google ads → click in a mail → order online → collect in store → return by post"


def test_praise_makes_an_advocate_only_of_a_customer():
    praise = did("review", 960, "feedback", rating=5)
    assert behaviour([praise], NOW).rung is None
    how = behaviour([order(900), praise], NOW)
    assert LADDER[how.rung or 0] == "advocacy"


_KINDS = ("page_viewed", "product_added", "checkout_started", "email_clicked", "message", "store_visit")
ACTS = st.lists(
    st.one_of(
        st.builds(did, st.sampled_from(_KINDS), st.integers(1, 1100)),
        st.builds(order, st.integers(1, 1100), st.sampled_from(["web", "till"])),
        st.builds(cart, st.integers(1, 1100)),
        st.builds(lambda day: did("pickup", day, "fulfilment"), st.integers(1, 1100)),
    ),
    max_size=12,
)


@given(ACTS, st.randoms(use_true_random=False))
def test_the_same_acts_in_any_order_give_the_same(acts, random):
    shuffled = list(acts)
    random.shuffle(shuffled)
    assert behaviour(shuffled, NOW) == behaviour(acts, NOW)


@given(st.lists(ACTS, max_size=6))
@settings(max_examples=40)
def test_a_later_step_is_never_reached_by_more_people_than_an_earlier_one(people):
    """PostHog/posthog #5575, TelemetryDeck/Issues #500: conversions of more than 100 %, one of 750 %."""
    hows = [behaviour(acts, NOW) for acts in people]
    for report in (
        funnel.funnel([how.funnel for how in hows], NOW),
        funnel.ladder([how.ladder for how in hows], [(700, None, 3)], NOW),
    ):
        numbers = [int(str(row[1])) for row in report.rows]
        assert numbers == sorted(numbers, reverse=True)
        days = [row[4] for row in report.rows if row[4] is not None]
        assert all(isinstance(day, float) and day >= 0 for day in days)


def test_conversion_time_and_drop_outs_of_a_funnel():
    bought = behaviour([did("page_viewed", 900), cart(901), order(903)], NOW).funnel
    left = behaviour([did("page_viewed", 900), cart(902)], NOW).funnel
    fresh = behaviour([did("page_viewed", 999)], NOW).funnel
    report = funnel.funnel([bought] * 10 + [left] * 20 + [fresh] * 10, NOW)
    told = {row[0]: row[1:] for row in report.rows}
    assert told["visit"] == (40, 1.0, None, None, 0, 10)
    assert told["cart"] == (30, 0.75, 0.75, 2.0, 20, 0)
    assert told["checkout"][:2] == (10, 0.25)
    assert told["order"] == (10, 0.25, None, 2.0, 10, 0)


def test_a_handful_of_people_have_numbers_and_no_shares():
    """PostHog/posthog #12460: a funnel of one person who did not get through showed 100 %."""
    report = funnel.funnel([behaviour([did("page_viewed", 900)], NOW).funnel], NOW)
    assert report.rows[0][1:3] == (1, None)
    assert "too little data for shares: 1 people, 20 are needed" in report.notes
    assert "too little data" in funnel.funnel([], NOW).notes[0]
    assert "too little data" in funnel.journeys([]).notes[0]


def test_carts_by_age_are_worth_by_currency_and_never_added():
    people = [
        funnel.Left(NOW - 3600, left=True, total=10.0, currency="EUR"),
        funnel.Left(NOW - 2 * DAY, left=True, total=20.0, currency="EUR"),
        funnel.Left(NOW - 2 * DAY, left=True, total=30.0, currency="CHF"),
        funnel.Left(NOW - 2 * DAY, left=False),
        funnel.Left(NOW - 200 * DAY, left=True, total=99.0, currency="EUR"),
        funnel.Left(NOW + DAY, left=True),
    ]
    rows = [(row[0], row[1], row[3], row[4]) for row in funnel.carts(people, NOW).rows]
    assert rows == [
        ("ordered since", 1, None, None),
        ("left in the last 4 hours, may still be shopping", 1, "EUR", 10.0),
        ("left 1 to 7 days ago", 2, "CHF", 30.0),
        ("left 1 to 7 days ago", None, "EUR", 20.0),
    ]
    assert "no cart" in funnel.carts([], NOW).notes[0]


# -- contact -----------------------------------------------------------------------------------------------------------


def moment(hour: int, day: int = 1) -> float:
    return datetime(2026, 7, day, hour, tzinfo=UTC).timestamp()


def test_the_preferred_channel_is_of_those_that_were_agreed_to():
    mails = [did("email_sent", day, channel="email", direction="out") for day in range(900, 940)]
    clicks = [did("email_clicked", 905, channel="email")]
    chats = [did("message", 900 + day, channel="whatsapp") for day in range(6)]
    acts = [*mails, *clicks, *chats]
    assert contact(acts, Known(frozenset({"email", "whatsapp"}))).channel == "whatsapp"
    assert contact(acts, Known(frozenset({"email"}))).channel == "email"
    assert contact(acts, Known()).channel is None
    assert contact(chats[:4], Known(frozenset({"whatsapp"}))).channel is None


def test_the_best_hour_is_local_to_the_country():
    """mautic/mautic #4221 and #9616: an hour off in summer, as a zone was taken for its offset."""
    acts = [Act(moment(17, day), "page_viewed") for day in range(1, 13)]
    assert contact(acts, Known(country="DE")).hour == 19
    assert contact(acts, Known(country="GB")).hour == 18
    assert contact(acts, Known()).hour is None
    assert contact(acts[:4], Known(country="DE")).hour is None


@pytest.mark.parametrize(
    ("known", "texts", "language"),
    [
        (Known(language="de-AT"), [], "de"),
        (Known(country="DE"), ["Where is my parcel, and when will it come?"], "en"),
        (Known(country="AT"), [], "de"),
        (Known(country="CH"), [], None),
        (Known(country="CH"), ["Wann kommt mein Paket?"], "de"),
    ],
)
def test_the_language_is_what_a_source_says_else_what_is_written_else_the_countrys(known, texts, language):
    acts = [did("message", 900 + place, channel="whatsapp", text=text) for place, text in enumerate(texts)]
    assert contact(acts, known).language == language


def test_a_text_of_neither_language_has_none():
    assert language_of("ok 👍") is None
    assert language_of("Où est mon colis ?") is None
