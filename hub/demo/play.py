"""The play: the parts of the day and their repetition, with processes killed and a CRM that fails in between."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from hub.application import insight
from hub.demo import scenes
from hub.demo import state as seen
from hub.demo.payloads import Delivery
from hub.demo.roles import Cast
from hub.demo.send import Senders
from hub.demo.stage import Stage
from hub.demo.state import State

PATIENCE_SECONDS = 45.0
PATIENCE_PER_DELIVERY = 0.05
TWICE = 0.15
"""Share of the deliveries that a sender makes twice at once."""

AGAIN = 0.3
"""Share of all deliveries that come once more in the end, byte for byte."""


def play(stage: Stage, cast: Cast, step: Callable[[str], None], done: Callable[[], None]) -> State:
    """Play it all; ``step`` is told what begins, ``done`` is called after each delivery sent."""
    chance = random.Random(7)  # noqa: S311 - the same shuffle every time
    senders = Senders(stage.url, stage.connections)
    state = State(senders.sent, crm_had=len(cast.known_to_crm))
    patience = PATIENCE_SECONDS + PATIENCE_PER_DELIVERY * sendings(cast)
    try:
        step("webshops and newsletter send; the worker is killed (kill -9)")
        with _sending(senders, _mixed(cast.opening, chance), done):
            _kill_at_work(stage, delivering=False)
        # Who came first is the older profile, and stays when two become one: the split of the evening relies on it.
        _wait(stage, patience, retries=False, delivered=False)
        step("till and social media send; the CRM fails")
        stage.crm.fail(path="contacts/batch/upsert", kind="silent")
        stage.crm.fail(path="deals/batch/upsert", status=500)
        senders.send(_mixed(cast.counter, chance), done)
        _wait(stage, patience, retries=False)
        step("news that join people come in, late and twice; the API is killed, an answer of the CRM is cut")
        stage.crm.fail(path="contacts/batch/update", kind="cut")
        later = _mixed(cast.later, chance)
        with _sending(senders, later, done):
            _kill_while_receiving(stage, senders, sum(senders.sent.by_connection.values()) + len(later) // 3)
        _wait(stage, patience, retries=True)
        step(
            "people answer reviews and split a wrong merge, somebody moves; the worker is killed while it tells the CRM"
        )
        stage.wait_until_ready()
        state.decided = scenes.decide(stage, cast)
        senders.send(cast.evening, done)
        _kill_at_work(stage, delivering=True)
        _wait(stage, patience, retries=True)
        step("a part of it all comes again, and everything is replayed")
        # What the schedule works out once a day is no repetition's doing: it is done before.
        insight.run(stage.processing, by="the demo", fit=True)
        _wait(stage, patience, retries=True)
        state.before_repeat = seen.digests(stage)
        everything = [
            one for one in (*cast.opening, *cast.counter, *cast.later, *cast.evening) if one.expect != "refused"
        ]
        senders.send(chance.sample(everything, int(len(everything) * AGAIN)), done)
        _wait(stage, patience, retries=True)
        state.repeated = seen.replay(stage.database)
        _wait(stage, patience, retries=True)
        state.after_repeat = seen.digests(stage)
        step("the laws are checked")
        seen.read(stage, cast, senders.sent, state)
    finally:
        senders.close()
    return state


def sendings(cast: Cast) -> int:
    """About how many deliveries ``play`` makes."""
    told = len(cast.opening) + len(cast.counter) + len(cast.later) + len(cast.evening)
    return int(told * (1 + TWICE + AGAIN))


def _mixed(deliveries: Sequence[Delivery], chance: random.Random) -> list[Delivery]:
    """Shuffled, and some of them twice."""
    repeatable = [one for one in deliveries if one.expect != "refused"]
    mixed = [*deliveries, *chance.sample(repeatable, int(len(repeatable) * TWICE))]
    chance.shuffle(mixed)
    return mixed


@contextmanager
def _sending(senders: Senders, deliveries: Sequence[Delivery], done: Callable[[], None]) -> Iterator[None]:
    """Send in the background while the block runs, and wait for the end of both."""
    thread = threading.Thread(target=senders.send, args=(deliveries, done), name="senders", daemon=True)
    thread.start()
    yield
    thread.join()


def _kill_at_work(stage: Stage, *, delivering: bool) -> None:
    """``kill -9`` the worker while entries wait for it, or while it delivers to the CRM."""
    until = time.monotonic() + 5.0
    while time.monotonic() < until:
        entries, deliveries, _ = seen.unfinished(stage.database)
        if entries == 0 and deliveries and seen.delivering(stage.database) if delivering else entries:
            stage.interrupted[stage.worker.name] = stage.interrupted.get(stage.worker.name, 0) + 1
            break
        time.sleep(0.002)
    stage.kill(stage.worker)


def _kill_while_receiving(stage: Stage, senders: Senders, when: int) -> None:
    """``kill -9`` the API once ``when`` deliveries were answered; the senders knock on until it is back."""
    until = time.monotonic() + 10.0
    while sum(senders.sent.by_connection.values()) < when and time.monotonic() < until:
        time.sleep(0.001)
    stage.kill(stage.api)


def _wait(stage: Stage, patience: float, *, retries: bool, delivered: bool = True) -> None:
    """Wait until everything is worked on, and ``delivered``; with ``retries`` also what waits for another try."""
    until = time.monotonic() + patience
    while time.monotonic() < until:
        stage.still_plays()
        entries, deliveries, retrying = seen.unfinished(stage.database)
        if not entries and not (delivered and deliveries) and not (retries and retrying):
            return
        time.sleep(0.05)
