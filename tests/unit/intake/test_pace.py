"""Strangers are slowed down one by one and together; nobody who waits is punished for it."""

from __future__ import annotations

from hub.intake.pace import BURST_SECONDS, CALLERS, Pace


def test_a_burst_is_taken_and_then_so_many_a_second() -> None:
    pace = Pace(2, 1_000)
    burst = int(2 * BURST_SECONDS)
    assert [pace.take("a", 0.0) for _ in range(burst)] == [None] * burst
    assert pace.take("a", 0.0) == 1
    assert pace.take("a", 0.5) is None
    assert pace.take("a", 0.5) == 1


def test_one_who_sends_too_much_is_refused_alone() -> None:
    pace = Pace(1, 1_000)
    while pace.take("a", 0.0) is None:
        pass
    assert pace.take("b", 0.0) is None


def test_many_together_are_slowed_down_and_a_refused_one_loses_nothing() -> None:
    pace = Pace(10, 1)
    taken = [pace.take(str(number), 0.0) is None for number in range(20)]
    assert taken == [number < BURST_SECONDS for number in range(20)]
    assert pace.take("late", 1.0) is None


def test_a_slow_pace_says_how_long_to_wait_and_takes_one_all_the_same() -> None:
    pace = Pace(0.01, 100)
    assert (pace.take("a", 0.0), pace.take("a", 0.0), pace.take("a", 100.0)) == (None, 100, None)


def test_no_number_of_callers_takes_memory() -> None:
    pace = Pace(1, 1e9)
    for number in range(CALLERS + 50):
        pace.take(str(number), 0.0)
    assert len(pace._of) == CALLERS
