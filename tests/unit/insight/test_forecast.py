"""Forecast: chosen by the past, shown only where it beats last week, and honest about how far it is off."""

from __future__ import annotations

import numpy as np
import pytest

from hub.insight import forecast
from hub.insight.forecast import Forecast

WEEKDAYS = np.array([30.0, 20, 22, 25, 40, 80, 10])


def series(weeks: int = 40, *, trend: float = 0.0, noise: float = 4.0, seed: int = 1) -> np.ndarray:
    dice = np.random.default_rng(seed)
    days = np.arange(weeks * 7)
    return np.asarray(np.maximum(0, np.resize(WEEKDAYS, len(days)) + trend * days + dice.normal(0, noise, len(days))))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("trend", [0.0, 0.1])
def test_a_shop_with_a_week_is_forecast_better_than_by_last_week(seed: int, trend: float):
    past, truth = np.split(series(48, seed=seed, trend=trend), [44 * 7])
    told = forecast.forecast(past)
    assert isinstance(told, Forecast)
    assert told.error < told.naive_error
    assert forecast.mase(past, truth, told.values) < 1


def test_four_of_five_days_are_within_the_interval():
    inside = []
    for seed in range(20):
        past, truth = np.split(series(48, seed=seed), [44 * 7])
        told = forecast.forecast(past)
        assert isinstance(told, Forecast)
        inside.append(((truth >= told.low) & (truth <= told.high)).mean())
    assert 0.7 < np.mean(inside) < 0.9


def test_where_nothing_beats_last_week_none_is_shown():
    assert "no method beats" in str(forecast.forecast(series(noise=0)))


def test_too_little_is_said_and_nothing_is_no_zero():
    assert "too little data" in str(forecast.forecast(np.ones(50)))
    assert "too little data" in str(forecast.forecast(np.concatenate([np.ones(200), np.zeros(100)])))


def test_no_shop_is_forecast_to_sell_less_than_nothing():
    told = forecast.forecast(np.maximum(0, series(40, trend=-0.08, noise=8)))
    if isinstance(told, Forecast):
        assert (told.low >= 0).all()
        assert (told.values >= 0).all()
