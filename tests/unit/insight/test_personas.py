"""Personas: groups that are there, the same in any order of the facts, with names that stay."""

from __future__ import annotations

import numpy as np
import pytest

from hub.insight import clusters, personas
from hub.insight.clusters import agreement
from hub.insight.customers import Customers, customers
from tests.unit.insight.shops import TODAY

EUR = ["EUR"]


def shop_of_three(size: int = 450, seed: int = 1, order: list[int] | None = None) -> tuple[Customers, np.ndarray]:
    """Who came once long ago, who comes all the time, and who buys dear things now and then; and which each is."""
    dice = np.random.default_rng(seed)
    days, nets = [], []
    for place in range(size):
        kind = place % 3
        if kind == 0:
            mine, spent = [TODAY - int(dice.integers(300, 500))], 20
        elif kind == 1:
            mine, spent = sorted({TODAY - int(day) for day in dice.integers(1, 200, size=12)}), 30
        else:
            mine, spent = sorted({TODAY - int(day) for day in dice.integers(30, 700, size=3)}), 200
        days.append(mine)
        nets.append([float(spent * dice.uniform(0.7, 1.4)) for _ in mine])
    order = order or list(range(size))
    truth = np.array([place % 3 for place in range(size)])[order]
    return customers([days[place] for place in order], [nets[place] for place in order], TODAY), truth


@pytest.fixture(scope="module")
def found() -> personas.Personas:
    told, said = personas.fit(shop_of_three()[0], EUR * 450)
    assert said == []
    assert told is not None
    return told


def test_the_groups_that_are_there_are_found_and_no_more(found: personas.Personas) -> None:
    told, truth = shop_of_three()
    assert len(found.groups) == 3
    assert found.agreement >= clusters.STABLE
    assert agreement(truth, found.of(told, EUR * 450, np.full(450, float(TODAY)))) > 0.95
    assert {one.name for one in found.groups} >= {"many orders, ordered lately"}


def test_the_order_of_customers_changes_nothing(found: personas.Personas) -> None:
    """scikit-learn#20216, haifengl/smile#117: the same rows in another order, or run, got other labels."""
    order = np.random.default_rng(3).permutation(450).tolist()
    again, _ = personas.fit(shop_of_three(order=order)[0], EUR * 450)
    assert again == found


def test_names_stay_while_groups_do(found: personas.Personas) -> None:
    renamed = personas.Personas(
        tuple(personas.Persona(f"our {place}", one.centre) for place, one in enumerate(found.groups)),
        found.knots,
        found.agreement,
    )
    later, _ = personas.fit(shop_of_three(seed=2)[0], EUR * 450, renamed)
    assert later is not None
    assert sorted(one.name for one in later.groups) == ["our 0", "our 1", "our 2"]
    for one in later.groups:
        before = next(each for each in renamed.groups if each.name == one.name)
        assert np.abs(np.subtract(one.centre, before.centre)).max() < 0.15


def test_where_there_are_no_groups_none_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "STABLE", 1.01)
    told, said = personas.fit(shop_of_three()[0], EUR * 450)
    assert told is None
    assert said[0].startswith("no personas: resamples of the customers do not give the same groups again")


@pytest.mark.parametrize("size", [1, 10, 199])
def test_few_customers_are_too_little_data(size: int) -> None:
    told, said = personas.fit(shop_of_three(size)[0], EUR * size)
    assert told is None
    assert said == [f"too little data for personas: {size} customers, 200 are needed"]


def test_customers_who_are_all_the_same_are_no_groups() -> None:
    same = customers([[TODAY - 5]] * 250, [[10.0]] * 250, TODAY)
    assert personas.fit(same, EUR * 250)[0] is None


def test_a_wholesaler_moves_nothing_and_currencies_are_never_compared(found: personas.Personas) -> None:
    huge = list(range(TODAY - 1500, TODAY))
    told = customers([huge, [TODAY - 1]], [[1e7] * 1500, [1e7]], TODAY)
    ranks = found.ranks(told, ["EUR", "JPY"], np.full(2, float(TODAY)))
    assert ranks.max() <= 1.0
    assert ranks[1, personas.FEATURES.index("basket")] == 0.5


def test_a_history_names_nobody_and_no_day(found: personas.Personas) -> None:
    told, _ = shop_of_three()
    day = np.full(450, float(TODAY))
    ranks, groups = found.ranks(told, EUR * 450, day), found.of(told, EUR * 450, day)
    for group in range(3):
        rows = personas.typical(ranks, groups, found.centres, group)
        assert len(rows) == 3
        assert {int(groups[row]) for row in rows} == {group}
        assert "days ago" in personas.journey(told, rows[0], "EUR", "till")


def test_agreement_is_that_of_hubert_and_arabie() -> None:
    one = np.array([0, 0, 0, 1, 1, 1])
    other = np.array([0, 0, 1, 1, 2, 2])
    assert agreement(one, other) == pytest.approx(0.24242424)
    assert agreement(one, 1 - one) == 1.0
