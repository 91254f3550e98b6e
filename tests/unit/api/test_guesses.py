"""Wrong tokens are slowed down by caller; nobody else is, and the memory is bounded."""

from __future__ import annotations

import pytest

from hub.intake import guesses as counted
from hub.intake.guesses import GUESS_SECONDS, GUESSES, Guesses


def test_a_few_wrong_tokens_are_free_and_then_one_per_some_seconds() -> None:
    guesses = Guesses()
    assert [guesses.wrong("a", 0.0) for _ in range(GUESSES)] == [None] * GUESSES
    assert guesses.wrong("a", 0.0) == GUESS_SECONDS
    assert guesses.wrong("a", GUESS_SECONDS / 2) == GUESS_SECONDS / 2
    assert guesses.wrong("a", GUESS_SECONDS) is None
    assert guesses.wrong("a", GUESS_SECONDS) is not None


def test_another_caller_is_not_slowed_down() -> None:
    guesses = Guesses()
    assert [guesses.wrong("a", 0.0) for _ in range(50)][-1] is not None
    assert guesses.wrong("b", 0.0) is None


def test_a_quiet_caller_starts_anew() -> None:
    guesses = Guesses()
    for _ in range(50):
        guesses.wrong("a", 0.0)
    assert [guesses.wrong("a", 10_000.0) for _ in range(GUESSES)] == [None] * GUESSES


def test_the_memory_is_bounded_however_many_callers_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counted, "CALLERS", 100)
    guesses = Guesses()
    for number in range(1_000):
        guesses.wrong(f"caller {number}", 0.0)
    assert len(guesses._left) == 100


def test_a_right_one_is_given_back_and_gives_nothing_more() -> None:
    guesses = Guesses()
    for _ in range(50):
        assert guesses.wrong("a", 0.0) is None
        guesses.right("a")
    guesses.right("a")
    assert [guesses.wrong("a", 0.0) for _ in range(GUESSES + 1)][-2:] == [None, GUESS_SECONDS]
