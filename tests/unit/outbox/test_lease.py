"""Law L6: the lease is renewed for as long as a call takes, who has lost it calls no more, who is killed loses it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from datetime import timedelta

import pytest

from hub.application.process import Processing, process_batch
from hub.matching.rules import IdentityRules
from hub.outbox import lease as leasing
from hub.outbox.deliver import Sender, deliver
from hub.outbox.lease import Lease
from hub.outbox.send import COSTLY
from hub.profiles.survivorship import SurvivorshipRules
from hub.sdk.destination import Write
from hub.store import destinations
from hub.store.database import Database
from tests.support.doubles import Crm, at, by_name, customer, entry, routes_to, source, store

MERGES = 12
"""More than go into one call."""

SHORT = timedelta(seconds=2)
PATIENCE = 60.0


def merging(database: Database, crm: Crm) -> Sender:
    """A destination that has ``MERGES`` pairs of records to merge."""
    connection = crm.connection("crm")
    sender = Sender(database, connection, routes_to(connection), "here:1:a")
    work = Processing(
        database, by_name(source("shop"), connection), sender.routes, IdentityRules(), SurvivorshipRules()
    )
    for when, mails in ((0, "ab"), (5, "aa")):
        told = [
            entry([customer(f"{side}{n}", when=at(when), emails=[f"{mail}{n}@example.com"])], f"{when}{side}{n}")
            for n in range(MERGES)
            for side, mail in zip("xy", mails, strict=True)
        ]
        store(database, told)
        while process_batch(work).entries:
            pass
        if not when:
            deliver(sender)
    return sender


def taken_over(database: Database) -> bool:
    """Whether another process becomes the sender now."""
    with database.session() as session:
        return destinations.lease(session, "crm", "elsewhere:1:b", timedelta(minutes=5))


def test_a_dead_sender_holds_a_destination_for_fifteen_seconds_at_most() -> None:
    assert timedelta(seconds=15) >= leasing.LEASE


def test_a_call_that_takes_longer_than_the_lease_keeps_it(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leasing, "LEASE", SHORT)
    crm = Crm()
    sender = merging(database, crm)
    tries: list[bool] = []

    def slow(_: Sequence[Write]) -> None:
        if not tries:
            time.sleep(3 * SHORT.total_seconds())
            tries.append(taken_over(database))

    crm.before = slow
    deliver(sender)
    with database.session() as session:
        states: dict[str, int] = dict(session.rows("SELECT state, count(*) FROM outbox GROUP BY 1"))
    assert (tries, states) == ([False], {"delivered": MERGES})
    assert taken_over(database)  # it is given back at the end


def test_who_lost_the_lease_calls_no_more(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leasing, "LEASE", SHORT)
    crm = Crm()
    sender = merging(database, crm)
    calls = []

    def lose(_: Sequence[Write]) -> None:
        calls.append(1)
        with database.session() as session:
            session.run("UPDATE destination_state SET lease_owner = 'elsewhere:1:b', lease_until = now() + '1 hour'")
        time.sleep(SHORT.total_seconds())

    crm.before = lose
    deliver(sender)
    assert len(calls) == 1
    with database.session() as session:
        assert session.rows("SELECT lease_owner FROM destination_state") == [("elsewhere:1:b",)]
        states: dict[str, int] = dict(session.rows("SELECT state, count(*) FROM outbox GROUP BY 1"))
    assert states == {"delivered": COSTLY, "pending": MERGES - COSTLY}


def test_a_lease_that_cannot_be_renewed_is_not_held_beyond_its_end(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leasing, "LEASE", SHORT)
    with Lease(database, "crm", "here:1:a") as lease:
        before = lease.held
        lease._left.set()  # as if the thread could not go on
        time.sleep(1.5 * SHORT.total_seconds())
        assert (before, lease.held, taken_over(database)) == (True, False, True)


def test_a_lease_that_ran_out_is_not_taken_again_though_nobody_has_it(database: Database) -> None:
    with database.session() as session:
        assert destinations.lease(session, "crm", "here:1:a", timedelta(seconds=60))
        assert destinations.renew(session, "crm", "here:1:a", timedelta(seconds=60))
        session.run("UPDATE destination_state SET lease_until = now() - interval '1 second'")
        assert not destinations.renew(session, "crm", "here:1:a", timedelta(seconds=60))
        assert destinations.lease(session, "crm", "here:1:a", timedelta(seconds=60))


HOLD = """
import sys, time
from datetime import timedelta
from hub.outbox import lease
from hub.store.database import Database
lease.LEASE = timedelta(seconds=float(sys.argv[2]))
database = Database(sys.argv[1], size=2)
database.open()
with lease.Lease(database, "crm", "far-away:1:c") as held:
    assert held.held
    print("held", flush=True)
    time.sleep(600)
"""


def test_a_sender_that_is_killed_is_followed_by_another_once_its_lease_is_over(database: Database, dsn: str) -> None:
    # given a process that sends, and renews its lease while a call hangs
    command = [sys.executable, "-c", HOLD, dsn, str(SHORT.total_seconds())]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            time.sleep(2 * SHORT.total_seconds())
            assert not taken_over(database)
        finally:
            os.kill(process.pid, signal.SIGKILL)
    # then nobody waits much longer than the lease runs
    killed = time.monotonic()
    while not taken_over(database):
        assert time.monotonic() - killed < PATIENCE
        time.sleep(0.05)


def test_two_senders_at_once_are_one(database: Database) -> None:
    held: list[bool] = []
    both = threading.Barrier(2)

    def hold(owner: str) -> None:
        with Lease(database, "crm", owner) as lease:
            held.append(lease.held)
            both.wait(PATIENCE)

    threads = [threading.Thread(target=hold, args=(owner,)) for owner in ("here:1:a", "here:1:b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(held) == [False, True]
