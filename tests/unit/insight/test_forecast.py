"""Forecast: chosen by the past, shown only where it beats last week, and honest about how far it is off."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from hub.application.report import series_by_channel
from hub.insight import forecast
from hub.insight.calendar import holidays_of
from hub.insight.customers import day_of
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


def closed_on(days: np.ndarray, closed: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """The series with next to nothing on some days, and which days are such, four weeks ahead too."""
    flags = np.zeros(len(days) + forecast.HORIZON, dtype=bool)
    flags[closed] = True
    told = days.copy()
    told[flags[: len(days)]] *= 0.05
    return told, flags


def test_a_holiday_ahead_is_forecast_as_those_of_the_past_were():
    """facebook/prophet #1665 and #2284: a holiday of the year before was forecast like any day."""
    size = 60 * 7
    past, flags = closed_on(series(60), [100, 200, 300, size - 60, size - 40, size - 20, size - 9, size + 3])
    heeding, plain = forecast.forecast(past, holidays=flags), forecast.forecast(past)
    assert isinstance(heeding, Forecast)
    assert isinstance(plain, Forecast)
    assert heeding.method.endswith("holidays")
    assert heeding.error < plain.error
    assert heeding.values[3] < 0.3 * plain.values[3]
    assert heeding.values[4] > 0.7 * plain.values[4]


def test_holidays_are_left_out_where_the_past_says_they_do_nothing():
    size = 60 * 7
    flags = np.zeros(size + forecast.HORIZON, dtype=bool)
    flags[[100, 200, 300, size - 40, size - 20, size + 3]] = True
    told = forecast.forecast(series(60), holidays=flags)
    plain = forecast.forecast(series(60))
    assert isinstance(told, Forecast)
    assert isinstance(plain, Forecast)
    assert told.error <= plain.error
    assert abs(told.values[3] - plain.values[3]) < 0.25 * plain.values[3]


def test_too_few_holidays_change_nothing():
    past, flags = closed_on(series(40), [100, 200])
    told, plain = forecast.forecast(past, holidays=flags), forecast.forecast(past)
    assert isinstance(told, Forecast)
    assert isinstance(plain, Forecast)
    assert (told.values == plain.values).all()
    assert not told.method.endswith("holidays")


def test_the_holidays_of_a_country_move_with_the_year():
    """facebook/prophet #2635: Easter of one year is no holiday of the next."""
    first = day_of(datetime(2026, 4, 1, tzinfo=UTC))
    assert np.flatnonzero(holidays_of("DE", first, 30)).tolist() == [2, 5]
    first = day_of(datetime(2027, 3, 1, tzinfo=UTC))
    assert np.flatnonzero(holidays_of("DE", first, 31)).tolist() == [25, 28]
    assert not holidays_of("XX", first, 365).any()


def test_a_week_below_what_was_expected_is_told():
    past = series(40)
    assert forecast.missed(past) is None
    past[-7:] *= 0.2
    short = forecast.missed(past)
    assert short is not None
    assert short[0] < short[1]
    assert forecast.missed(np.ones(3)) is None


def test_each_channel_has_a_past_of_its_own_from_its_first_order_on():
    rows = [("shop", "EUR", 95, 2, 30.0), ("till", "EUR", 98, 1, 5.0), ("shop", "CHF", 97, 1, 9.0)]
    told = {name: past.tolist() for name, past in series_by_channel(rows, 100)}
    assert told == {
        "orders by shop": [2, 0, 1, 0, 0],
        "revenue in EUR by shop": [30, 0, 0, 0, 0],
        "revenue in CHF by shop": [0, 0, 9, 0, 0],
        "orders by till": [1, 0],
        "revenue in EUR by till": [5, 0],
    }
    assert series_by_channel([], 100) == []
