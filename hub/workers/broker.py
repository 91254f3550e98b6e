"""The dramatiq broker and the actors: one short function per step, idempotent, taking no payload.

The middleware list is empty on purpose: retries, time limits and dead letters are states of our own rows.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

import dramatiq
import psycopg
import psycopg_pool
import redis
import structlog
from dramatiq.brokers.redis import RedisBroker
from dramatiq.brokers.stub import StubBroker

from hub.application.complete import complete_connection
from hub.application.process import Processing, process_batch
from hub.outbox.deliver import Sender, deliver
from hub.sdk.http import HttpClient
from hub.store import inbox
from hub.workers.wake import LocalWaker, RedisWaker, Waker

log = structlog.get_logger()

TURN_SECONDS = 30.0
"""How long one actor call works before it hands on to the next, so that shutdown and other work get their turn."""

MOST_COMPLETING = 16
"""Connections that one process completes at a time; the sweep calls the others when these have had their turn."""

_AWAY = (psycopg.OperationalError, psycopg.InterfaceError, psycopg_pool.PoolTimeout)


@dataclass(slots=True)
class Turn:
    """One purpose (a step, or one destination): ``again`` when it was announced while somebody was at it."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    again: bool = False


@dataclass(slots=True)
class Work:
    """What the actors of one worker process share."""

    processing: Processing
    senders: Mapping[str, Sender]
    waker: Waker
    stopping: threading.Event = field(default_factory=threading.Event)
    clients: dict[str, HttpClient] = field(default_factory=dict)
    turns: dict[tuple[str, str], Turn] = field(default_factory=dict)
    completing: Collection[str] = ()
    """Connections whose thin events are completed here."""
    slots: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(MOST_COMPLETING))

    @property
    def threads(self) -> int:
        """However many destinations and vendors are slow, nobody waits for them.

        One for process, one to announce, one for each destination and each connection that is completed.
        """
        return 2 + min(len(self.completing), MOST_COMPLETING) + len(self.senders)


def make_broker(redis_url: str | None) -> tuple[dramatiq.Broker, Waker]:
    """The broker and the way to announce work on it: Redis where there is one, else inside this process."""
    if redis_url is None:
        stub = StubBroker(middleware=[])
        return stub, LocalWaker(stub)
    broker = RedisBroker(url=redis_url, middleware=[])  # type: ignore[no-untyped-call]
    return broker, RedisWaker(broker, redis.Redis.from_url(redis_url, socket_timeout=5.0))


def declare_actors(broker: dramatiq.Broker, work: Work) -> None:
    """Register the three actors on the broker; each is named like its queue."""

    def process(argument: str = "") -> None:
        _turn(work, "process", argument, lambda: _process(work))

    def complete(connection: str = "") -> None:
        if not connection:
            _turn(work, "complete", "", lambda: _announce_completions(work))
        elif work.slots.acquire(blocking=False):
            try:
                _turn(work, "complete", connection, lambda: _complete(work, connection))
            finally:
                work.slots.release()
        else:
            work.waker.started("complete", connection)

    def deliver_to(destination: str) -> None:
        _turn(work, "deliver", destination, lambda: _deliver(work, destination))

    for queue, function in (("process", process), ("complete", complete), ("deliver", deliver_to)):
        dramatiq.actor(actor_name=queue, queue_name=queue, broker=broker)(function)


def _turn(work: Work, queue: str, argument: str, run: Callable[[], None]) -> None:
    """One at a time per process and purpose, and no thread waits for another: whoever is at it looks once more.

    Announcements would else take up every thread while one destination is slow.
    """
    turn = work.turns.setdefault((queue, argument), Turn())
    turn.again = True
    while turn.again and turn.lock.acquire(blocking=False):
        try:
            turn.again = False
            work.waker.started(queue, argument)
            run()
        except _AWAY as error:
            log.warning("worker.database_away", queue=queue, error=type(error).__name__)
        except Exception as error:
            log.exception("worker.failed", queue=queue, error=type(error).__name__)
        finally:
            turn.lock.release()


def _process(work: Work) -> None:
    deadline = time.monotonic() + TURN_SECONDS
    while not work.stopping.is_set():
        batch = process_batch(work.processing)
        for destination in batch.destinations:
            work.waker.wake("deliver", destination)
        for connection in batch.thin:
            work.waker.wake("complete", connection)
        if not batch.entries:
            return
        if time.monotonic() > deadline:
            work.waker.wake("process")
            return


def _announce_completions(work: Work) -> None:
    with work.processing.database.session() as session:
        due = inbox.due(session, "complete")
    for connection in due:
        work.waker.wake("complete", connection)


def _complete(work: Work, name: str) -> None:
    deadline = time.monotonic() + TURN_SECONDS
    processing = work.processing
    connection = processing.connections.get(name)
    stopping = work.stopping.is_set
    while not stopping() and complete_connection(
        processing.database, name, connection, work.clients, stopping=stopping
    ):
        work.waker.wake("process")
        if time.monotonic() > deadline:
            work.waker.wake("complete", name)
            return


def _deliver(work: Work, destination: str) -> None:
    sender = work.senders.get(destination)
    if sender is None:
        return
    deadline = time.monotonic() + TURN_SECONDS
    deliver(sender, enough=lambda: work.stopping.is_set() or time.monotonic() > deadline)
    if time.monotonic() > deadline:
        work.waker.wake("deliver", destination)
