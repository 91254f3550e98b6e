"""Figures beside stages: each with its definition, and nothing where nothing is known."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from hub.insight import cohorts, kpis
from hub.insight.customers import customers
from hub.insight.kpis import Besides
from hub.insight.model import UNFITTED
from hub.insight.replies import replies

TODAY = 20_000
HOUR = 3600.0


NOTHING = Besides()


def figures(days: Sequence[Sequence[int]], besides: Besides = NOTHING, net: float = 10.0) -> dict[str, object]:
    told = customers(days, [[net] * len(one) for one in days], TODAY)
    report = kpis.kpis(told, ["EUR"] * len(days), UNFITTED, besides)
    return {str(row[0]): row[1] for row in report.rows}


def test_who_came_back_within_their_first_year_is_new_and_no_existing_customer():
    """woocommerce-admin #4410: returning was all less new, so that a long period had none."""
    old, new = [TODAY - 500, TODAY - 10], [TODAY - 300, TODAY - 20]
    told = figures([old, new, [TODAY - 600]])
    assert (told["active customers"], told["existing customers"]) == (2, 1)


def test_recurring_revenue_is_of_those_who_order_regularly_and_are_not_overdue():
    regular = [TODAY - 5 - 30 * back for back in range(11, -1, -1)]
    stopped = [day - 100 for day in regular]
    random_ = [TODAY - back for back in (300, 290, 150, 149, 3)]
    told = figures([regular, stopped, random_, [TODAY]])
    assert told["recurring revenue"] == round(10 * 365 / 12 / 30, 2)
    assert told["average cycle"] == 30


def test_what_is_not_known_has_no_value_and_shares_have_their_base():
    told = figures([[TODAY]])
    assert [told[name] for name in ("opt-in base", "contacts gone stale", "response time", "complaints")] == [None] * 4
    told = figures([[TODAY - 1], [TODAY - 2]], Besides(10, 4, 8, 1, 2.5, 3, 6, 2, 1.5))
    assert (told["opt-in rate"], told["contacts gone stale"], told["complaints per 1,000 orders"]) == (0.4, 0.125, 3000)


def test_contacts_are_told_before_anybody_ordered():
    report = kpis.kpis(customers([], [], TODAY), [], UNFITTED, Besides(5, 2, 0, 0))
    assert {row[0] for row in report.rows} >= {"contacts by e-mail", "opt-in rate"}
    assert kpis.kpis(customers([], [], TODAY), [], UNFITTED).rows == []


def test_a_wait_begins_with_the_first_message_that_is_not_answered():
    """chatwoot #4043 and #13181: the last message, or one of weeks before, began the wait."""
    told = [("a", 0.0, True), ("a", 10 * HOUR, False), ("a", 11 * HOUR, False), ("a", 12 * HOUR, True)]
    told += [("a", 400 * HOUR, False), ("a", 401 * HOUR, True), ("b", 100 * HOUR, False), ("c", 498 * HOUR, False)]
    found = replies(told, 500 * HOUR)
    assert (found.answered, found.hours, found.waiting) == (2, 1.5, 1)
    assert replies([], 0.0).hours is None


@given(st.lists(st.tuples(st.sampled_from("ab"), st.floats(0, 1e6), st.booleans()), max_size=20))
def test_a_wait_is_never_negative(messages):
    found = replies(sorted(messages), 1e6)
    assert found.hours is None or found.hours >= 0


def test_cohorts_by_channel_leave_out_what_is_not_over_and_what_is_few():
    first = [TODAY - 450] * 25 + [TODAY - 40] * 25 + [TODAY - 450] * 3
    days = [[day, day + 30] if place % 5 == 0 else [day] for place, day in enumerate(first)]
    told = customers(days, [[1.0] * len(one) for one in days], TODAY)
    report = cohorts.by_channel(told, ["shop"] * 50 + ["till"] * 3)
    rows = {(row[1], row[2]): row[3:] for row in report.rows}
    assert len(report.rows) == 3
    assert rows["till", 3][:2] == (None, None)
    shares = [row[3:5] for row in report.rows if row[1] == "shop"]
    assert shares == [(0.2, 0.2), (None, None)]
    assert cohorts.by_channel(customers([], [], TODAY), []).rows == []
