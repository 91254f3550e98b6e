"""A backlog is worked on in two lanes, and each entry once."""

from __future__ import annotations

import threading

import pytest

from hub.identity.rules import IdentityRules
from hub.profiles.survivorship import SurvivorshipRules
from hub.store import inbox, profiles
from hub.store.database import Database
from hub.workers import broker, process
from hub.workers.process import Processing
from tests.support.doubles import by_name, customer, entry, source, store


class Quiet:
    def wake(self, queue: str, argument: str = "") -> None:
        pass

    def started(self, queue: str, argument: str = "") -> None:
        pass


@pytest.mark.parametrize(("waiting", "lanes"), [(40, 2), (3, 1)])
def test_a_backlog_takes_two_lanes_and_ends_as_one_would(database: Database, monkeypatch, waiting, lanes):
    # given batches of ten, and customers of whom every second has been heard of before
    monkeypatch.setattr(broker, "BATCH", 10)
    seen: set[str] = set()
    original = process.process_batch

    def ten(processing: Processing) -> process.Batch:
        seen.add(threading.current_thread().name)
        return original(processing, 10)

    monkeypatch.setattr(broker, "process_batch", ten)
    store(
        database, [entry([customer(str(n // 2), emails=[f"k{n // 2}@example.com"])], f"e{n}") for n in range(waiting)]
    )
    work = broker.Work(
        Processing(database, by_name(source("shop")), (), IdentityRules(), SurvivorshipRules()), {}, Quiet()
    )
    # when they are worked on
    broker._process(work)
    # then nothing waits, every customer is there once, and there were as many lanes as there was need for
    with database.session() as session:
        assert inbox.counts(session)["pending"] == 0
        assert profiles.count(session) == (waiting + 1) // 2
    assert len(seen) == lanes
