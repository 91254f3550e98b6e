"""Counts that take long are kept; those that do not are made with every look."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hub.application import counting
from hub.application.counting import Counting
from hub.store.outbox_counts import Counted


@pytest.mark.parametrize(("takes", "looks"), [(0.04, 3), (0.5, 1)])
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


def test_what_somebody_changed_is_counted_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, rows = [0.0], {"crm": {"dead": 3}}

    def slow(_: Any) -> Counted:
        clock[0] += 0.1
        found = Counted(dict(rows), {})
        if meanwhile:
            meanwhile.pop()()
        return found

    monkeypatch.setattr(counting, "counted", slow)
    count = Counting(clock=lambda: clock[0])
    meanwhile: list[Callable[[], None]] = []

    def redriven() -> None:
        rows["crm"] = {"dead": 0}
        count.forget()

    count(None)  # type: ignore[arg-type]
    redriven()
    assert count(None).rows == {"crm": {"dead": 0}}  # type: ignore[arg-type]
    rows["crm"] = {"dead": 2}
    count.forget()
    meanwhile.append(redriven)
    assert count(None).rows == {"crm": {"dead": 2}}  # type: ignore[arg-type]
    assert count(None).rows == {"crm": {"dead": 0}}  # type: ignore[arg-type]
