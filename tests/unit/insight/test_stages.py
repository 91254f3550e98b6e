"""Stages: by the customer's own rhythm, known ahead, and the same whichever way one comes to them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hub.insight import stages
from hub.insight.customers import Customers, customers
from hub.insight.rhythm import Rhythm
from hub.insight.stages import NAMES, NEVER, Limits
from tests.unit.insight.shops import TODAY, shop

RHYTHM = Rhythm(0.7, 45.0, 0.6, 1.4)
LIMITS = Limits(RHYTHM, second_order=90, loyal=(6.0, 5.0))


def one(*days: int, today: int) -> Customers:
    return customers([list(days)], [[10.0] * len(days)], today)


def stage(*days: int, today: int, limits: Limits = LIMITS) -> str:
    return NAMES[int(stages.stages(one(*days, today=today), limits).stage[0])]


def test_a_new_customer_is_new_for_as_long_as_second_orders_come():
    assert [stage(0, today=day) for day in (0, 89)] == ["new", "new"]
    assert stage(0, today=90) in ("existing", "at_risk")


def test_without_an_order_everybody_goes_the_same_way():
    seen = [stage(0, 80, today=day) for day in range(80, 2000, 5)]
    order = list(dict.fromkeys(seen))
    assert order == ["existing", "at_risk", "former"]


def test_whoever_orders_often_is_at_risk_earlier_than_whoever_orders_seldom():
    often, seldom = one(*range(0, 100, 10), today=100), one(0, 50, 100, today=100)
    assert stages.stages(often, LIMITS).due[0] < stages.stages(seldom, LIMITS).due[0]


def test_a_loyal_customer_is_one_by_three_orders_that_come_fast():
    assert stage(*range(0, 200, 10), today=200) == "loyal"
    assert stage(0, 10, today=11) != "loyal"


def test_a_former_customer_who_orders_is_won_back_until_the_next_order_or_two_gaps():
    assert stage(0, 20, 40, 1500, today=1500) == "won_back"
    assert stage(0, 20, 40, 1500, 1510, today=1511) in ("existing", "loyal")
    assert stage(0, 20, 40, 1500, today=1540) == "existing"


def test_hysteresis_keeps_whoever_is_on_the_brink_where_they_were():
    # After the order that brings somebody back from at_risk, the probability has to be clearly above the limit.
    shaky = Limits(Rhythm(0.7, 45.0, 1.4, 1.4), second_order=10)
    x1 = float(shaky.rhythm.alive(1, 100, 100)) if shaky.rhythm else 0
    assert 0.5 < x1 < 0.65
    loose = Limits(Rhythm(0.7, 45.0, 2.3, 1.4), second_order=10)
    assert 0.5 < float(loose.rhythm.alive(1, 30, 30)) < 0.55 if loose.rhythm else False
    before = stage(0, today=29, limits=loose)
    assert before == "at_risk"
    assert stage(0, 30, today=30, limits=loose) == "at_risk"


@pytest.mark.parametrize("seed", range(3))
def test_the_next_change_is_known_to_the_day(seed: int):
    held = shop(25, seed=seed).customers
    staged = stages.stages(held, LIMITS)
    assert (staged.due > held.as_of).all()
    for place in range(len(held.counts)):
        mine = held.only(np.arange(len(held.counts)) == place)
        now = stages.stages(mine, LIMITS)
        while now.due[0] < NEVER:
            day = int(now.due[0])
            eve, then = (stages.stages(replace(mine, as_of=at), LIMITS) for at in (day - 1, day))
            assert (eve.stage[0], eve.since[0], eve.due[0]) == (now.stage[0], now.since[0], day)
            assert then.stage[0] != eve.stage[0]
            assert then.since[0] == day
            now = then


def test_a_history_ends_in_the_stage_of_today_and_no_day_is_told_twice():
    held = shop(40, seed=7).customers
    staged = stages.stages(held, LIMITS)
    for place in range(len(held.counts)):
        mine = held.only(np.arange(len(held.counts)) == place)
        told = stages.history(mine, LIMITS)
        assert told[-1] == (int(staged.since[place]), NAMES[int(staged.stage[place])])
        assert told[0] == (int(mine.first[0]), "new")
        days = [day for day, _ in told]
        assert days == sorted(days)
        for day, name in told:
            known, _ = mine.until(day)
            if sum(1 for other in days if other == day) == 1:
                assert NAMES[int(stages.stages(known, LIMITS).stage[0])] == name


@pytest.mark.parametrize("limits", [LIMITS, Limits()], ids=["rhythm", "fixed days"])
def test_the_stage_before_is_the_one_that_the_history_tells(limits: Limits):
    held = shop(150, seed=12).customers
    told = stages.stages(held, limits)
    for row in range(len(held.counts)):
        start, number = int(held.starts[row]), int(held.counts[row])
        mine = Customers(
            held.days[start : start + number], held.nets[start : start + number], held.counts[row : row + 1], TODAY
        )
        walked = [stages.POTENTIAL, *(stage for _, stage in stages.history(mine, limits))]
        before = int(told.before[row])
        assert (stages.POTENTIAL if before == stages.NOBODY else NAMES[before]) == walked[-2]


def test_fixed_days_stand_in_where_there_is_no_rhythm():
    assert [stage(0, 30, today=day, limits=Limits()) for day in (31, 209, 210, 394, 395)] == [
        "existing", "existing", "at_risk", "at_risk", "former",
    ]  # fmt: skip


def test_five_thousand_orders_by_one_employee_are_one_customer():
    staged = stages.stages(one(*range(5000), today=5001), LIMITS)
    assert NAMES[int(staged.stage[0])] == "loyal"
    assert staged.due[0] - 5001 < 30


def test_the_window_of_second_orders_is_what_kaplan_and_meier_say():
    held = shop(800, seed=5).customers
    again = held.counts > 1
    gap = np.where(again, held.days[np.minimum(held.starts + 1, len(held.days) - 1)] - held.first, TODAY - held.first)
    survival, came = 1.0, []
    for day in sorted(set(gap.tolist())):
        at_risk, happened = (gap >= day).sum(), ((gap == day) & again).sum()
        survival *= 1 - happened / at_risk
        came.append((day, 1 - survival))
    expected = next(day for day, share in came if share >= 0.8 * came[-1][1])
    assert stages.second_order_window(held) == expected


def test_stages_tell_who_is_still_there_better_than_ninety_or_a_year_of_days():
    """On a shop whose truth is known: the mean of the shares that are told right, of those there and those gone."""
    truth = shop(4000, seed=11, r=0.9, alpha=60.0, a=0.7, b=1.5)
    held = truth.customers
    from hub.insight import rhythm

    found = rhythm.fit(*rhythm.grouped(held.x, held.tx, held.t))
    staged = stages.stages(held, Limits(found, stages.second_order_window(held) or 90)).stage
    still = np.isin(staged, (stages.NEW, stages.EXISTING, stages.LOYAL, stages.WON_BACK))

    def balanced(told: np.ndarray) -> float:
        return float(told[truth.alive].mean() + (~told)[~truth.alive].mean()) / 2

    rules = [balanced(held.t - held.tx < days) for days in (90, 365)]
    assert balanced(still) > max(rules)
