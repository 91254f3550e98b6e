"""Law L9 within one worker process: a slow destination occupies one thread, however often it is announced."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from hub.workers import broker as actors
from hub.workers.broker import Turn, Work, declare_actors, make_broker

IN_TIME = 10.0


class Announced:
    """A waker that counts what was started."""

    def __init__(self) -> None:
        self.started_: list[tuple[str, str]] = []

    def wake(self, queue: str, argument: str = "") -> None: ...

    def started(self, queue: str, argument: str = "") -> None:
        self.started_.append((queue, argument))


def work(monkeypatch: pytest.MonkeyPatch, deliver: Callable[..., int]) -> tuple[Work, Callable[[str], None]]:
    nothing: Any = None
    senders: Any = {"slow": "slow", "quick": "quick"}
    made = Work(nothing, senders, Announced())
    monkeypatch.setattr(actors, "deliver", deliver)
    broker, _ = make_broker(None)
    declare_actors(broker, made)
    return made, broker.get_actor("deliver").fn


def in_thread(run: Callable[[str], None], destination: str) -> threading.Thread:
    thread = threading.Thread(target=run, args=(destination,), daemon=True)
    thread.start()
    return thread


def test_an_announcement_of_a_destination_that_is_being_sent_to_occupies_no_thread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    entered, answered = threading.Event(), threading.Event()
    calls: list[str] = []

    def deliver(sender: Any, **_: Any) -> int:
        calls.append(sender)
        if sender == "slow" and calls.count("slow") == 1:
            entered.set()
            assert answered.wait(IN_TIME)
        return 0

    made, deliver_to = work(monkeypatch, deliver)
    first = in_thread(deliver_to, "slow")
    assert entered.wait(IN_TIME)
    for _ in range(20):
        again = in_thread(deliver_to, "slow")
        again.join(IN_TIME)
        assert not again.is_alive()
    deliver_to("quick")
    assert calls == ["slow", "quick"]
    answered.set()
    first.join(IN_TIME)
    assert calls == ["slow", "quick", "slow"]  # what was announced meanwhile is looked at, once
    assert made.turns[("deliver", "slow")] == Turn(made.turns[("deliver", "slow")].lock, again=False)


def test_a_turn_that_fails_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []

    def deliver(sender: Any, **_: Any) -> int:
        calls.append(sender)
        raise ValueError

    _, deliver_to = work(monkeypatch, deliver)
    deliver_to("slow")
    deliver_to("slow")
    assert calls == ["slow", "slow"]


def test_a_stopping_process_takes_up_no_further_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []

    def deliver(_: Any, *, enough: Callable[[], bool]) -> int:
        asked.append(enough())
        made.stopping.set()
        asked.append(enough())
        return 0

    made, deliver_to = work(monkeypatch, deliver)
    deliver_to("slow")
    assert asked == [False, True]


def test_there_is_a_thread_for_each_step_and_each_destination(monkeypatch: pytest.MonkeyPatch) -> None:
    made, _ = work(monkeypatch, lambda *_, **__: 0)
    assert made.threads == 4
