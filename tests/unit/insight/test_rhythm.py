"""Rhythm and spend against published numbers, against quadrature, and on shops that are hard to fit."""

from __future__ import annotations

import csv
from dataclasses import astuple
from pathlib import Path

import numpy as np
import pytest

from hub.insight import rhythm, spend
from hub.insight.rhythm import Rhythm
from hub.insight.special_functions import log_gamma
from tests.unit.insight.shops import shop

# The CDNOW sample of Fader and Hardie (2,357 customers, as PyPI lifetimes has it), as sufficient statistics.
_ROWS = list(csv.DictReader((Path(__file__).parent / "cdnow_sample.csv").open()))
X, TX, T, Z, N = (np.array([float(row[name]) for row in _ROWS]) for name in ("x", "tx", "t", "z", "customers"))


def test_bg_nbd_has_the_published_parameters_on_cdnow():
    found = rhythm.fit(X, TX / 7, T / 7, N, kind="bg")
    assert astuple(found) == pytest.approx((0.243, 4.414, 0.793, 2.426), abs=6e-4)
    # Marketing Science 24 (2005), table 2
    assert rhythm.log_likelihood(found, X, TX / 7, T / 7, N, "bg") == pytest.approx(-9582.4, abs=0.05)


def test_gamma_gamma_has_the_published_parameters_on_cdnow():
    again = np.repeat(np.column_stack([X, Z / 100])[X > 0], N[X > 0].astype(int), axis=0)
    assert len(again) == 946
    assert astuple(spend.fit(again[:, 0], again[:, 1])) == pytest.approx((6.25, 3.74, 15.44), abs=0.01)


def test_the_unit_of_time_changes_nothing_but_alpha():
    weeks, days = rhythm.fit(X, TX / 7, T / 7, N), rhythm.fit(X, TX, T, N)
    assert astuple(days) == pytest.approx((weeks.r, 7 * weeks.alpha, weeks.a, weeks.b), rel=1e-3)


def test_a_one_time_buyer_is_not_alive_for_ever():
    """CamDavidsonPilon/lifetimes #336: customers who ordered once were left out to get a fit at all."""
    held = rhythm.fit(X, TX, T, N)
    assert held.alive(0, 0, [0, 100, 1000, 10_000]).tolist() == sorted(
        held.alive(0, 0, [0, 100, 1000, 10_000]), reverse=True
    )
    assert held.alive(0, 0, 10_000) < 0.1


@pytest.mark.parametrize("p", [0.9, 0.5, 0.2, 0.05])
def test_the_day_of_a_probability_is_the_day_on_which_it_is_so_low(p: float):
    held = Rhythm(0.5, 40.0, 0.8, 1.5)
    x, tx = np.array([0.0, 1, 5, 400]), np.array([0.0, 20, 300, 900])
    t = held.falls_to(p, x, tx)
    possible = t >= tx
    assert held.alive(x, tx, t)[possible] == pytest.approx(p)
    assert (held.alive(x, tx, tx)[~possible] < p).all()


@pytest.mark.parametrize("a", [0.3, 1.0, 1.0000001, 2.5])
@pytest.mark.parametrize(
    ("x", "tx", "t", "days"), [(0, 0, 30, 365), (3, 100, 160, 90), (40, 700, 705, 730), (2, 5, 900, 30)]
)
def test_expected_orders_are_what_quadrature_says(a: float, x: int, tx: int, t: int, days: int):
    held = Rhythm(0.6, 45.0, a, 1.7)
    # Of somebody alive: rate ~ gamma(r + x, alpha + t), chance to leave ~ beta(a, b + x + 1), orders until then.
    rates = np.exp(np.linspace(np.log(1e-9), np.log(3.0), 1500))
    chances = 1 / (1 + np.exp(-np.linspace(-30, 30, 1500)))
    log_rate = (held.r + x) * np.log(rates) - rates * (held.alpha + t)
    log_chance = held.a * np.log(chances) + (held.b + x + 1) * np.log1p(-chances)
    on_rate, on_chance = (np.exp(one - one.max()) for one in (log_rate, log_chance))
    orders = -np.expm1(-np.outer(rates, chances) * days) / chances
    truth = held.alive(x, tx, t) * (on_rate @ orders @ on_chance) / (on_rate.sum() * on_chance.sum())
    assert held.expected(x, tx, t, days) == pytest.approx(truth, rel=2e-3)


def test_no_day_ahead_brings_no_order_and_every_further_day_brings_more():
    held = Rhythm(0.6, 45.0, 0.9, 1.7)
    orders = held.expected(4, 100, 130, [0, 1, 30, 365, 3650, 36500])
    assert orders[0] == 0
    assert (np.diff(orders) > 0).all()


@pytest.mark.parametrize("parameters", [(0.8, 40.0, 0.9, 2.0), (0.3, 15.0, 0.5, 3.0)])
def test_a_shop_that_was_made_by_the_law_is_found_again(parameters: tuple[float, float, float, float]):
    """lifetimes #55: the modified model did not find its own parameters, a and b were next to zero."""
    r, alpha, a, b = parameters
    held = shop(6000, r=r, alpha=alpha, a=a, b=b).customers
    found = rhythm.fit(*rhythm.grouped(held.x, held.tx, held.t))
    assert found.r == pytest.approx(r, rel=0.15)
    assert found.a / found.b == pytest.approx(a / b, rel=0.2)
    assert not rhythm.at_the_edge(found)


def test_customers_who_order_daily_to_the_last_day_are_fitted():
    """lifetimes #405: two of three customers at T of 500 and frequencies up to 501 did not converge."""
    dice = np.random.default_rng(3)
    x = dice.integers(0, 501, 800).astype(float)
    tx = np.where(x > 0, np.minimum(500, x + dice.integers(0, 60, 800)), 0.0)
    found = rhythm.fit(*rhythm.grouped(x, tx, np.full(800, 501.0)))
    assert all(np.isfinite(astuple(found)))
    assert ((found.alive(x, tx, 501) >= 0) & (found.alive(x, tx, 501) <= 1)).all()


def test_where_nobody_leaves_the_edge_is_seen():
    """lifetimes #262, #419: no convergence, and no word of why."""
    dice = np.random.default_rng(4)
    x = dice.poisson(60, 500).astype(float)
    found = rhythm.fit(x, np.full(500, 599.0), np.full(500, 600.0))
    assert rhythm.at_the_edge(found)


def test_log_gamma_is_the_logarithm_of_factorials():
    assert np.exp(log_gamma(np.arange(1, 10))) == pytest.approx([1, 1, 2, 6, 24, 120, 720, 5040, 40320])
    assert log_gamma(0.5) == pytest.approx(np.log(np.pi) / 2)
