"""What is used up and when it is due again; what dearer product comes next: counted over customers, never guessed."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from hub.insight.habits import Habit, Step, dearer, habits, needs, up_sell

COFFEE = {"coffee": [0, 30, 60]}


def test_what_a_fifth_of_its_buyers_buy_again_is_used_up() -> None:
    people = [*([COFFEE] * 6), *([{"coffee": [5], "mill": [5]}] * 14)]
    found = habits(people)
    assert found["coffee"] == Habit(30.0, 6, 20)
    assert found["mill"].gap_days == 0.0
    assert habits([*([COFFEE] * 4), *([{"coffee": [5]}] * 4)])["coffee"].gap_days == 0.0  # four are an accident


def test_a_customers_own_gap_counts_the_more_the_oftener_it_was_seen() -> None:
    known = {"coffee": Habit(30.0, 9, 20)}
    once = needs({"coffee": [100]}, known, 110)
    often = needs({"coffee": [40, 50, 60, 70, 80, 90, 100]}, known, 110)
    assert [(one.item, one.due) for one in once] == [("coffee", 130)]
    assert [(one.due, one.times) for one in often] == [(115, 7)]


def test_what_is_long_overdue_was_bought_elsewhere_and_what_went_back_is_not_offered() -> None:
    known = {"coffee": Habit(30.0, 9, 20)}
    assert needs({"coffee": [100]}, known, 161) == []
    assert needs({"coffee": [100]}, known, 110, never={"coffee"}) == []
    assert needs({"coffee": [100]}, {}, 110) == []


def test_two_of_one_day_are_one_purchase() -> None:
    assert habits([{"coffee": [0, 0, 0]}] * 9)["coffee"].again == 0


PRICES = {"mill": (50.0, "EUR"), "big mill": (90.0, "EUR"), "throne": (900.0, "EUR"), "us mill": (90.0, "USD")}
MILLS = dict.fromkeys(PRICES, "mills")


def test_a_dearer_one_of_the_category_is_the_next_step() -> None:
    people = [{"mill": [0], "big mill": [50]}] * 5 + [{"mill": [0]}] * 15
    assert dearer(people, PRICES, MILLS) == {"mill": [Step("big mill", 5, 20)]}
    assert up_sell({"mill"}, dearer(people, PRICES, MILLS)) == ("big mill", "mill", Step("big mill", 5, 20))


def test_no_step_is_made_to_another_category_or_currency_or_much_dearer_or_before() -> None:
    for other, day in (("throne", 50), ("us mill", 50), ("big mill", 0)):
        assert dearer([{"mill": [0], other: [day]}] * 9, PRICES, MILLS) == {}
    assert dearer([{"mill": [0], "big mill": [9]}] * 9, PRICES, {"mill": "mills", "big mill": "big"}) == {}
    assert dearer([{"mill": [0], "big mill": [9]}] * 9, PRICES, {}) == {}  # no catalogue


def test_nothing_owned_or_given_back_is_the_next_step() -> None:
    known = {"mill": [Step("big mill", 5, 20)]}
    assert up_sell({"mill", "big mill"}, known) is None
    assert up_sell({"mill"}, known, never={"big mill"}) is None


people = st.lists(
    st.dictionaries(st.sampled_from(list(PRICES)), st.lists(st.integers(0, 400), min_size=1, max_size=4), max_size=4),
    max_size=30,
)


@given(people, st.randoms(use_true_random=False))
def test_the_order_of_people_changes_nothing(told: list[dict[str, list[int]]], dice: random.Random) -> None:
    mixed = [{item: dice.sample(days, len(days)) for item, days in one.items()} for one in dice.sample(told, len(told))]
    assert habits(mixed) == habits(told)
    assert dearer(mixed, PRICES, MILLS) == dearer(told, PRICES, MILLS)
