"""Laws L3 and L6 under concurrency: the first events of one person, all at once, make one profile, one CRM record."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable

import pytest

from benchmarks.people_words import FIRST, LAST
from hub.application.process import process_batch
from hub.store import profiles, records
from hub.store.database import Database
from tests.support.doubles import at, customer, entry, store
from tests.support.hubspot import Way
from tests.support.processes import ROOT

WORKERS = 6
MAIL = "anna@example.com"


def at_once(work: Callable[[], object], count: int = WORKERS) -> None:
    """Run it in so many threads, all released together; what one raises is raised."""
    gate, failures = threading.Barrier(count), list[BaseException]()

    def run() -> None:
        gate.wait(60)
        try:
            work()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []


@pytest.fixture
def way(dsn: str) -> Way:
    database = Database(dsn, size=WORKERS + 2)
    database.open()
    return Way(database)


def drain(way: Way, limit: int = 1) -> Callable[[], None]:
    def run() -> None:
        while process_batch(way.processing, limit).entries:
            pass

    return run


def people(way: Way) -> tuple[int, int, int]:
    with way.database.session() as session:
        return profiles.count(session), records.count(session), len(way.crm.contacts())


def test_the_first_events_of_one_person_make_one_profile_and_one_contact(way: Way) -> None:
    # given thirty deliveries of ten accounts that share an address, and one entry for each claim
    store(way.database, [
        entry([customer(str(n % 10), when=at(n), emails=[MAIL], company=f"Berg {n}")], f"e{n}") for n in range(30)
    ])  # fmt: skip
    # when six workers take them at once, while six senders deliver
    at_once(drain(way))
    at_once(way.send)
    way.settle()
    assert people(way) == (1, 10, 1)
    assert (way.crm.contacts()[0]["company"], way.crm.stats()["duplicates"]) == ("Berg 29", 0)


def test_many_people_whose_events_cross_end_with_one_profile_each(way: Way) -> None:
    # every person has an account by e-mail, one by phone, and one that joins both; in every order
    told = []
    for n in range(25):
        name, mail, phone = (FIRST[n], LAST[n]), f"k{n}@example.com", f"+4930231251{n:02d}"
        told += [
            entry([customer(f"a{n}", name=name, emails=[mail])], f"a{n}"),
            entry([customer(f"b{n}", name=name, phones=[phone])], f"b{n}"),
            entry([customer(f"c{n}", when=at(1), name=name, emails=[mail], phones=[phone])], f"c{n}"),
        ]
    store(way.database, told[::2] + told[1::2])
    at_once(drain(way, 4))
    way.settle()
    assert people(way) == (25, 75, 25)
    assert way.crm.stats()["duplicates"] == 0


def test_a_chain_of_merges_in_opposite_directions_does_not_lock_up(way: Way) -> None:
    # neighbours share an address: 0-1, 1-2, ... and every worker starts somewhere else
    links = [
        entry(
            [
                customer(str(n)),
                customer(str(n), name=("Anna", "Berg"), emails=[f"k{n}@example.com", f"k{n + 1}@example.com"]),
            ],
            f"e{n}",
        )
        for n in range(24)
    ]
    store(way.database, links[::3] + links[2::3][::-1] + links[1::3])
    at_once(drain(way, 2))
    way.settle()
    assert people(way) == (1, 24, 1)


_PROCESS = """
import sys
from hub.store.database import Database
from hub.application.process import process_batch
from tests.support.hubspot import Way
database = Database(sys.argv[1], size=2)
database.open()
print("ready", flush=True)
sys.stdin.readline()
while process_batch(Way(database).processing, 1).entries:
    pass
database.close()
"""


def test_processes_do_as_well_as_threads(way: Way) -> None:
    store(way.database, [entry([customer(str(n % 7), when=at(n), emails=[MAIL])], f"e{n}") for n in range(40)])
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", _PROCESS, way.database.dsn],
            cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )
        for _ in range(3)
    ]  # fmt: skip
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    assert [worker.communicate("go\n", timeout=60) and worker.returncode for worker in workers] == [0, 0, 0]
    way.settle()
    assert people(way) == (1, 7, 1)


def test_the_same_entry_replayed_by_everybody_at_once_changes_nothing(way: Way) -> None:
    way.take(*(entry([customer(str(n), emails=[MAIL])], f"e{n}") for n in range(5)))
    way.settle()
    with way.database.session() as session:
        before = session.rows("SELECT id, version, golden FROM profile")
        session.run("INSERT INTO inbox_queue (inbox_id) SELECT id FROM inbox")
    calls = way.crm.stats()["calls"]
    at_once(drain(way))
    way.settle()
    with way.database.session() as session:
        assert session.rows("SELECT id, version, golden FROM profile") == before
    assert way.crm.stats()["calls"] == calls
