"""Wake-ups: a message names a queue (and a destination) and nothing else; losing one loses nothing.

With Redis the message goes through dramatiq's Redis broker to any worker process; without it the same actors run on the
stub broker of the one worker process, and PostgreSQL's NOTIFY carries the wake-up from the API process to it. Many
wake-ups for work that is already announced become one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

import dramatiq
import psycopg
import redis
import structlog

from hub.store.database import CHANNEL

log = structlog.get_logger()

_COALESCE_MS = 60_000
_KEY = "hub:wake:{queue}:{argument}"


class Waker(Protocol):
    """Announces work. ``started`` is called by the actor before it looks, so that later work is announced again."""

    def wake(self, queue: str, argument: str = "") -> None:
        """Announce work on a queue; ``argument`` is the destination for ``deliver``. Never raises."""

    def started(self, queue: str, argument: str = "") -> None:
        """The announced work is being looked at."""


def message(queue: str, argument: str) -> dramatiq.Message[None]:
    """The dramatiq message of a wake-up; the actor is named like its queue."""
    return dramatiq.Message(queue_name=queue, actor_name=queue, args=(argument,), kwargs={}, options={})


class LocalWaker:
    """Wake-ups inside one process."""

    def __init__(self, broker: dramatiq.Broker) -> None:
        self._broker = broker
        self._announced: set[tuple[str, str]] = set()
        self._lock = threading.Lock()

    def wake(self, queue: str, argument: str = "") -> None:
        """See ``Waker``."""
        with self._lock:
            if (queue, argument) in self._announced:
                return
            self._announced.add((queue, argument))
        self._broker.enqueue(message(queue, argument))

    def started(self, queue: str, argument: str = "") -> None:
        """See ``Waker``."""
        with self._lock:
            self._announced.discard((queue, argument))


class RedisWaker:
    """Wake-ups between processes and machines."""

    def __init__(self, broker: dramatiq.Broker, client: redis.Redis) -> None:
        self._broker = broker
        self._client = client

    def wake(self, queue: str, argument: str = "") -> None:
        """See ``Waker``. When Redis is away the sweep announces the work once it is back."""
        try:
            if self._client.set(_KEY.format(queue=queue, argument=argument), "1", nx=True, px=_COALESCE_MS):
                self._broker.enqueue(message(queue, argument))
        except (redis.RedisError, dramatiq.errors.BrokerConnectionError) as error:
            log.warning("wake.failed", queue=queue, error=type(error).__name__)

    def started(self, queue: str, argument: str = "") -> None:
        """See ``Waker``."""
        try:
            self._client.delete(_KEY.format(queue=queue, argument=argument))
        except redis.RedisError as error:
            log.warning("wake.failed", queue=queue, error=type(error).__name__)


def listen(dsn: str, wake: Callable[[str], None], stopping: threading.Event) -> None:
    """Pass NOTIFY on ``CHANNEL`` to ``wake`` until ``stopping`` is set; reconnects by itself."""
    while not stopping.is_set():
        try:
            with psycopg.connect(dsn, autocommit=True, connect_timeout=5) as connection:
                connection.execute(f"LISTEN {CHANNEL}".encode())
                while not stopping.is_set():
                    for notification in connection.notifies(timeout=0.5, stop_after=1):
                        wake(notification.payload)
        except psycopg.Error as error:
            log.warning("wake.listen_failed", error=type(error).__name__)
            stopping.wait(1.0)
