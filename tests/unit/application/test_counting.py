"""Counts that take long are kept; those that do not are made with every look."""

from __future__ import annotations

from typing import Any

import pytest

from hub.application import counting
from hub.application.counting import Counting
from hub.store.outbox_counts import Counted


@pytest.mark.parametrize(("takes", "looks"), [(0.05, 3), (0.5, 1)])
def test_what_takes_long_is_counted_once_for_a_while(monkeypatch: pytest.MonkeyPatch, takes: float, looks: int) -> None:
    clock, made = [0.0], list[Counted]()

    def slow(_: Any) -> Counted:
        clock[0] += takes
        made.append(Counted({}, {}))
        return made[-1]

    monkeypatch.setattr(counting, "counted", slow)
    count = Counting(clock=lambda: clock[0])
    for _ in range(3):
        count(None)  # type: ignore[arg-type]
    assert len(made) == looks
    clock[0] += counting.LONGEST
    count(None)  # type: ignore[arg-type]
    assert len(made) == looks + 1
