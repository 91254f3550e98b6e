"""One budget for a source: never more than it allows, live calls first, and waits that a vendor names."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

import httpx

from hub.sdk.connection import load_connections, open_client
from hub.sdk.http import Budget, HttpClient
from hub.sdk.manifest import Limits


@dataclass
class Clock:
    """A clock that only sleeping moves."""

    now: float = 0.0
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def test_no_window_holds_more_calls_than_allowed() -> None:
    clock, times = Clock(), list[float]()
    budget = Budget(Limits(calls=3, per_seconds=1.0), clock=clock, sleep=clock.sleep)
    for number in range(20):
        clock.now += 0.1 * (number % 3)
        budget.wait(background=number % 2 == 0)
        times.append(clock.now)
    assert all(later - earlier >= 0.999_999 for earlier, later in zip(times, times[3:], strict=False))


def test_a_history_has_all_of_the_budget_while_nothing_live_waits() -> None:
    clock = Clock()
    budget = Budget(Limits(calls=10, per_seconds=1.0), clock=clock, sleep=clock.sleep)
    for _ in range(101):
        budget.wait(background=True)
    assert clock.now <= 10.0 / 0.9


def test_a_wait_that_the_vendor_named_holds_the_history_and_no_live_call() -> None:
    clock = Clock()
    budget = Budget(Limits(), clock=clock, sleep=clock.sleep)
    budget.hold(7.0)
    budget.wait()
    assert clock.now == 0.0
    budget.wait(background=True)
    assert clock.now == 7.0


def test_a_live_call_goes_before_every_call_of_a_running_history() -> None:
    # given histories on three threads that spend the whole budget
    limits, stop, live = Limits(calls=5, per_seconds=0.2), threading.Event(), list[float]()
    budget = Budget(limits)

    def history() -> None:
        while not stop.is_set():
            budget.wait(background=True)

    threads = [threading.Thread(target=history) for _ in range(3)]
    for thread in threads:
        thread.start()
    # when live calls come
    for _ in range(10):
        began = time.monotonic()
        budget.wait()
        live.append(time.monotonic() - began)
    stop.set()
    for thread in threads:
        thread.join(5)
    # then none waits for more than the next free turn (generous: the machine may be busy)
    assert sorted(live)[len(live) // 2] <= 0.25


def test_the_clients_of_one_source_share_a_budget_and_others_have_their_own() -> None:
    def budget_of(name: str, url: str, *, background: bool = False) -> Budget:
        options = {"webhook_secret": "s", "base_url": url}
        one = load_connections({name: ("woocommerce", options)}, default_region="DE")[name]
        assert one.connector.source is not None
        with open_client(one, one.connector.source, background=background) as client:
            return client._budget

    first = budget_of("shop", "https://a.example")
    assert budget_of("shop", "https://a.example", background=True) is first
    assert budget_of("till", "https://a.example") is not first
    assert budget_of("shop", "https://b.example") is not first


def test_a_client_in_the_background_says_so_with_each_call() -> None:
    clock = Clock()
    budget = Budget(Limits(), clock=clock, sleep=clock.sleep)
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json={}))
    with HttpClient("https://a.example", transport=transport, budget=budget, background=True) as client:
        client.hold(3.0)
        client.get("x")
    assert clock.now == 3.0
