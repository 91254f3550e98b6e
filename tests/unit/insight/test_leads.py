"""Lead scores: bits per fact, learned from outcomes without leaks, better than a table of points, and calibrated."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.insight import lead_model, logistic
from hub.insight.lead_model import LeadModel, Prior, drift, fit, off, reasons
from hub.insight.lead_rules import LeadRules, compile_leads
from hub.insight.leads import Outcome, Story, Told, columns, is_open, labelled, steady_moment, story
from tests.unit.insight.leads_of_a_shop import NOW, leads


@pytest.fixture(scope="module")
def learned() -> LeadModel:
    return fit(leads(1_000), NOW)


def test_the_fit_ranks_leads_it_never_saw_better_than_the_points_and_tells_true_chances(learned: LeadModel) -> None:
    unseen = leads(1_500, seed=99)
    past = labelled(unseen, NOW, 90.0)
    told = columns([unseen[place] for place in past.who], past.moments.tolist())
    chances, points = learned.chance(told), LeadModel().bits(told)
    assert logistic.auc(chances, past.won) > logistic.auc(points, past.won) + 0.02
    assert off(chances, past.won) <= 0.03
    assert learned.quality is not None
    assert learned.quality.auc > learned.quality.auc_table
    assert learned.quality.brier < learned.quality.brier_table


def test_nobody_is_sure(learned: LeadModel) -> None:
    """odoo/odoo#128237, #49027: a probability of 0 or 100 % was taken for an outcome, and stuck."""
    certain = story(0.0, [Told(1.0, kind) for kind in ("lead_form", "call", "product_added") for _ in range(400)])
    hopeless = story(0.0, [Told(1.0, "email_unsubscribed") for _ in range(400)])
    told = columns([certain, hopeless], [1.0, 400.0])
    for model in (learned, LeadModel()):
        chances = model.chance(told)
        assert chances.min() >= 0.01
        assert chances.max() <= 0.99
        assert set(model.scores(chances).tolist()) <= set(range(1, 100))


def test_without_outcomes_the_table_stands_in_and_it_is_said() -> None:
    found = fit(leads(8), NOW)
    assert (found.share, found.quality) == (0.0, None)
    assert [line for line in found.said if line.startswith("too little data for lead scores of your own")]
    keen = story(NOW - 2, [Told(NOW - 1, "form_submitted"), Told(NOW - 1, "product_added")], email="a@gmail.com")
    quiet = story(NOW - 200, [], email="b@gmail.com")
    high, low = found.chance(columns([keen, quiet], [NOW, NOW]))
    assert high > 4 * low
    assert fit([], NOW).leads == 0


def test_what_people_do_often_counts_often_and_fades() -> None:
    """mautic/mautic#929 and #4582: a point action was worth its points once, and for ever."""
    once = story(0.0, [Told(0.0, "email_clicked")])
    often = story(0.0, [Told(0.0, "email_clicked")] * 3)
    told = columns([once, often, once], [0.0, 0.0, 14.0])
    assert told["mail_clicks"].tolist() == [1.0, 3.0, 0.5]


happenings = st.lists(
    st.builds(
        Told,
        st.floats(0, 300).map(lambda at: round(at, 3)),
        st.sampled_from(["page_viewed", "form_submitted", "call", "order", "email_sent"]),
    ),
    max_size=12,
)


@given(happenings, st.randoms(use_true_random=False))
def test_a_story_is_the_same_in_whatever_order_it_was_told(told: list[Told], dice: random.Random) -> None:
    """mautic/mautic#6387: points were added again when a contact changed its segment."""
    mixed = list(told)
    dice.shuffle(mixed)
    assert story(5.0, told) == story(5.0, mixed)


@given(happenings)
def test_what_happens_later_changes_nothing_of_what_was_known(told: list[Told]) -> None:
    at = 100.0
    whole, known = story(5.0, told), story(5.0, [one for one in told if one.at <= at])
    whole_told, known_told = columns([whole], [at]), columns([known], [at])
    assert all(whole_told[name].tolist() == known_told[name].tolist() for name in whole_told if name != "came_by")


def test_a_label_is_won_within_the_days_and_what_is_not_over_is_none() -> None:
    won = story(0.0, [Told(20.0, "order")])
    late = story(0.0, [Told(300.0, "order")])
    fresh = story(650.0, [])
    past = labelled([won, late, fresh], NOW, 90.0)
    assert past.won[past.who == 0].tolist() == [1.0] * 4  # at 1, 3, 7 and 14 days; from day 20 it is no lead
    assert set(past.won[past.who == 1].tolist()) == {0.0}
    assert not (past.who == 2).any()


def test_who_was_lost_is_a_lead_again_by_coming_back() -> None:
    rules = [Outcome("tracked", "Deal lost")]
    lost = Told(10.0, "tracked", {"kind": "tracked", "subject": "Deal lost"})
    gone = story(0.0, [lost], lost=rules)
    back = story(0.0, [lost, Told(30.0, "form_submitted")], lost=rules)
    assert (is_open(gone, 40.0), is_open(back, 40.0), is_open(back, 20.0)) == (False, True, False)


def test_reasons_are_the_three_that_weigh_most(learned: LeadModel) -> None:
    one = story(NOW - 3, [Told(NOW - 2, "product_added")] * 3, email="a@firm.example", source="web")
    told = reasons(learned, columns([one], [NOW]), 0)
    assert len(told) <= 3
    assert [abs(bits) for _, bits, _ in told] == sorted((abs(bits) for _, bits, _ in told), reverse=True)
    by_table = reasons(LeadModel(), columns([one], [NOW]), 0)
    assert [name for name, _, _ in by_table[:1]] == ["carts"]


def test_leads_of_another_kind_are_told_as_drift(learned: LeadModel) -> None:
    same = [one for one in leads(600, seed=5) if is_open(one, NOW)]
    other = [
        Story(one.known_since, one.happened, one.contacts, "fair", "tiktok ads", "none") for one in same
    ]  # from a fair, with no address
    for stories, found in ((same, False), (other, True)):
        index = drift(learned, columns(stories, [steady_moment(one, NOW) for one in stories]))
        assert (max(index[name] for name in ("address", "source")) > lead_model.DRIFTED) is found


def test_a_quiet_lead_is_told_once_a_week() -> None:
    one = story(0.0, [Told(10.0, "call")])
    assert [steady_moment(one, day) for day in (10.0, 16.9, 17.0, 30.5)] == [10.0, 10.0, 17.0, 24.0]


def test_the_same_leads_give_the_same_model(learned: LeadModel) -> None:
    assert fit(leads(1_000), NOW) == learned


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        ({"wn": ["order"]}, "did you mean 'won'"),
        ({"won": ["ordr"]}, "did you mean 'order'"),
        ({"won": []}, "leads.won"),
        ({"days": 0}, "leads.days"),
        ({"nurture": {"score": 90}}, "leads.nurture.score: is above"),
        ({"usual": {"bits": {"forms": [1]}}}, "must hold 2 numbers"),
        ({"usual": {"bits": {"form": [0, 1]}}}, "did you mean 'forms'"),
        ({"never": "tagz"}, "did you mean 'tags'"),
        ([], "leads: must hold"),
    ],
    ids=str,
)
def test_a_file_with_a_fault_names_what_is_right(written: object, fault: str) -> None:
    _, faults = compile_leads(written)
    assert any(fault in one for one in faults), faults


def test_above_a_score_or_a_value_there_is_a_task_and_below_one_the_newsletter() -> None:
    rules, faults = compile_leads({"task": {"score": 80, "value": 500}, "nurture": {"score": 30}})
    assert not faults
    assert [rules.action(score, None) for score in (80, 50, 29)] == ["task", "wait", "nurture"]
    assert [rules.action(10, value) for value in (499.0, 500.0)] == ["nurture", "task"]
    assert LeadRules().prior == Prior()
