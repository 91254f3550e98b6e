"""What a business is weighed by: calibrated, measured against fixed days, and silent where there is too little."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.insight import calibrate, cohorts, kpis, logistic, model, reports, rfm, stages, traits
from hub.insight.customers import Customers, customers
from hub.insight.model import UNFITTED, Model
from tests.unit.insight.shops import TODAY, shop


@pytest.fixture(scope="module")
def fitted() -> tuple[Customers, Model]:
    held = shop(3000, seed=21).customers
    return held, model.fit(held, ["EUR"] * len(held.counts))


def test_a_model_is_stored_and_read_without_loss(fitted: tuple[Customers, Model]):
    assert model.read(fitted[1].text()) == fitted[1]
    assert model.read(UNFITTED.text()) == UNFITTED


def test_the_calibrated_forecast_beats_the_best_fixed_days_and_plain_recency(fitted: tuple[Customers, Model]):
    """Brier at least 7 % lower than the best of 51 rules, which was chosen in the past; AUC not below recency's."""
    quality = fitted[1].quality
    assert quality is not None
    assert quality.brier < 0.93 * quality.brier_rule
    assert quality.auc >= quality.auc_recency


def test_what_is_said_to_be_likely_happens_so_often():
    truth = shop(6000, seed=22)
    found = model.fit(truth.customers, ["EUR"] * len(truth.customers.counts), measured=False)
    assert found.rhythm is not None
    held = truth.customers
    yearly = found.rhythm.expected(held.x, held.tx, held.t, 365.0)
    assert yearly.sum() == pytest.approx(truth.later.sum(), rel=0.12)
    alive = found.rhythm.alive(held.x, held.tx, held.t)
    for low in (0.0, 0.25, 0.5, 0.75):
        inside = (alive >= low) & (alive < low + 0.25)
        if inside.sum() > 200:
            assert truth.alive[inside].mean() == pytest.approx(alive[inside].mean(), abs=0.08)


def test_values_and_their_interval_are_of_one_customer(fitted: tuple[Customers, Model]):
    held, found = fitted
    told = traits.traits(held, ["EUR"] * len(held.counts), found).told
    assert len(told) == len(held.counts)
    for one in told:
        if "value_next_year_low" in one:
            low, value, high = (
                float(one[name]) for name in ("value_next_year_low", "value_next_year", "value_next_year_high")
            )
            assert low <= value <= high
        assert 0 <= float(one["alive"]) <= 1


def test_most_customers_stay_as_they_were_over_night(fitted: tuple[Customers, Model]):
    """A nightly recomputation writes what changed: a few per cent, not everybody."""
    held, found = fitted
    currencies = ["EUR"] * len(held.counts)
    # From the second of a month on, so that no number is of another month.
    tonight = int(np.datetime64("2024-10-10", "D").astype(int))
    before, after = (traits.traits(replace(held, as_of=day), currencies, found).told for day in (tonight, tonight + 1))
    changed = sum(one != other for one, other in zip(before, after, strict=True))
    assert changed < 0.03 * len(before)


def test_why_is_three_facts(fitted: tuple[Customers, Model]):
    held, found = fitted
    one = held.only(np.arange(len(held.counts)) == 5)
    for name in ("stage", "alive", "rfm", "order_value", "value_next_year", "orders_next_year"):
        assert len(traits.why(one, "EUR", found, name)) == 3
        assert len(traits.why(one, "EUR", UNFITTED, name)) == 3


# -- too little, and odd -----------------------------------------------------------------------------------------------


def few(number: int) -> Customers:
    return customers([[TODAY - 10 * place] for place in range(number)], [[5.0]] * number, TODAY)


def test_ten_customers_are_too_few_for_all_of_it():
    found = model.fit(few(10), ["EUR"] * 10)
    assert (found.rhythm, found.rfm, found.spend, found.calibration, found.quality) == (None, None, {}, None, None)
    assert len([line for line in found.said if line.startswith("too little data")]) == 4
    [told, *_] = traits.traits(few(10), ["EUR"] * 10, found).told
    assert told.keys() == {"stage", "stage_since", "stage_before"}


def test_few_repeaters_lean_on_a_usual_rhythm_and_it_is_said():
    held = shop(130, seed=5).customers
    found = model.fit(held, ["EUR"] * len(held.counts))
    assert 20 <= found.repeaters < 200
    assert found.rhythm is not None
    assert found.said[0].startswith("few data")


def test_where_nobody_leaves_it_is_said_and_the_stages_still_make_sense():
    dice = np.random.default_rng(4)
    days = [sorted(set((TODAY - dice.integers(0, 700, 70)).tolist()) | {TODAY - 700, TODAY}) for _ in range(400)]
    held = customers(days, [[10.0] * len(one) for one in days], TODAY)
    found = model.fit(held, ["EUR"] * 400)
    assert any("nobody seems to leave" in line for line in found.said)
    staged = stages.stages(held, found.limits).stage
    assert np.isin(staged, (stages.EXISTING, stages.LOYAL)).all()


def test_one_employee_with_five_thousand_orders_changes_nobody_else():
    held = shop(2000, seed=6).customers
    days = [*np.split(held.days, held.starts[1:]), np.arange(TODAY - 4999, TODAY + 1)]
    more = customers([one.tolist() for one in days], [[10.0] * len(one) for one in days], TODAY)
    one, other = (model.fit(each, ["EUR"] * len(each.counts), measured=False) for each in (held, more))
    assert one.rhythm is not None
    assert other.rhythm is not None
    before = one.rhythm.alive(held.x, held.tx, held.t)
    after = other.rhythm.alive(held.x, held.tx, held.t)
    assert np.abs(before - after).mean() < 0.03


def test_currencies_have_values_of_their_own():
    held = shop(1500, seed=7).customers
    mixed = ["EUR" if place % 3 else "CHF" for place in range(len(held.counts))]
    lone = ["JPY" if place == 0 else one for place, one in enumerate(mixed)]
    found = model.fit(held, lone, measured=False)
    assert set(found.spend) == {"EUR", "CHF"}
    assert any("too little data for values in JPY" in line for line in found.said)
    told = traits.traits(held, lone, found).told
    assert "value_next_year" not in told[0]
    assert {one["currency"] for one in told[1:] if "currency" in one} == {"EUR", "CHF"}


def test_orders_of_tomorrow_are_not_there_yet():
    held = customers([[TODAY - 5, TODAY + 40], [TODAY - 3]], [[5.0, 5.0], [5.0]], TODAY)
    assert held.counts.tolist() == [1, 1]


# -- RFM, cohorts, figures ---------------------------------------------------------------------------------------------


@given(st.lists(st.integers(1, 5), min_size=60, max_size=120))
def test_equal_customers_have_equal_scores(orders: list[int]) -> None:
    number = np.array(orders, dtype=np.float64)
    held = rfm.limits(number, number, {"EUR": number})
    assert held is not None
    scored = rfm.scores(held, number, number, number, ["EUR"] * len(number))
    for each in set(orders):
        assert len(np.unique(scored[number == each], axis=0)) == 1
    order = np.argsort(number)
    assert (np.diff(scored[order, 1]) >= 0).all()  # who ordered more scores no less
    assert (np.diff(scored[order, 0]) <= 0).all()  # whose order is older scores no more
    assert ((scored >= 1) & (scored <= 5)).all()


def test_every_score_has_a_group_that_merchants_know():
    names = {rfm.group(r, f, m) for r in range(1, 6) for f in range(1, 6) for m in range(6)}
    assert names == set(rfm.GROUPS)
    assert (rfm.group(5, 5, 5), rfm.group(1, 1, 1), rfm.group(5, 1, 1)) == ("champions", "dormant", "new")


def test_a_month_that_goes_on_has_no_share_of_returners():
    day = int(np.datetime64("2026-03-15", "D").astype(int))
    first = [int(np.datetime64(f"2026-01-{place:02}", "D").astype(int)) for place in (3, 20)]
    held = customers([[first[0], first[0] + 35], [first[1]]], [[1.0, 1.0], [1.0]], day)
    [row] = cohorts.cohorts(held, ["EUR", "EUR"], months=3).rows
    assert row == ("2026-01", 2, 0.5, None, None, 1.5)


def test_money_of_two_currencies_is_in_two_rows(fitted: tuple[Customers, Model]):
    held, found = fitted
    mixed = ["EUR" if place % 2 else "USD" for place in range(len(held.counts))]
    told = kpis.kpis(held, mixed, found)
    revenue = {row[2]: row[1] for row in told.rows if row[0] == "revenue"}
    assert set(revenue) == {"EUR", "USD"}
    alone = kpis.kpis(held, ["EUR"] * len(mixed), found)
    [whole] = [row[1] for row in alone.rows if row[0] == "revenue"]
    assert sum(revenue.values()) == pytest.approx(whole)  # type: ignore[arg-type]


def test_the_balance_of_stages_adds_up(fitted: tuple[Customers, Model]):
    held, found = fitted
    told = reports.life_cycle(held, ["EUR"] * len(held.counts), found).documents()
    assert sum(row["customers"] for row in told) == len(held.counts)
    for row in told:
        assert row["customers"] == row["90 days ago"] + row["came"] - row["left"]


# -- logistic ----------------------------------------------------------------------------------------------------------


def test_auc_is_how_often_the_one_is_above_the_other():
    dice = np.random.default_rng(1)
    scores, outcomes = dice.integers(0, 6, 60).astype(float), (dice.random(60) < 0.4).astype(float)
    hits, misses = scores[outcomes == 1], scores[outcomes == 0]
    brute = np.mean([(a > b) + (a == b) / 2 for a in hits for b in misses])
    assert logistic.auc(scores, outcomes) == pytest.approx(brute)


def test_a_regression_finds_the_odds_it_was_made_of():
    dice = np.random.default_rng(2)
    rows = dice.normal(size=(20_000, 2)) * (1.0, 3.0)
    outcomes = (dice.random(20_000) < logistic.sigmoid(-1 + rows @ np.array([0.8, -0.3]))).astype(float)
    found = logistic.fit(rows, outcomes)
    assert np.array(found.weights) / np.array(found.scales) == pytest.approx([0.8, -0.3], abs=0.07)


def test_what_never_happens_is_no_reason_to_fail():
    rows = np.ones((300, 2))
    assert logistic.fit(rows, np.zeros(300)).probability(rows).max() < 0.05
    held = customers([[TODAY - 800 - place] for place in range(400)], [[1.0]] * 400, TODAY)
    assert calibrate.learn(held) is None
    assert calibrate.measure(held) is None
