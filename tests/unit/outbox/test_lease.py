"""Law L6: while many calls follow one another, the lease is renewed, and who has lost it calls no more."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from hub.identity.rules import IdentityRules
from hub.outbox import deliver as sending
from hub.outbox.deliver import Sender, deliver
from hub.outbox.send import COSTLY
from hub.profiles.survivorship import SurvivorshipRules
from hub.sdk.destination import Write
from hub.store import destinations
from hub.store.database import Database
from hub.workers.process import Processing, process_batch
from tests.support.doubles import Crm, at, by_name, customer, entry, routes_to, source, store

MERGES = 12
"""More than go into one call."""


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


def test_the_lease_is_renewed_between_the_calls_of_one_batch(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    crm, left = Crm(), []
    sender = merging(database, crm)
    monkeypatch.setattr(sending, "LEASE", timedelta(seconds=0))

    def before(_: Sequence[Write]) -> None:
        with database.session() as session:
            left.append(session.one("SELECT lease_until FROM destination_state"))

    crm.before = before
    deliver(sender)
    assert len(left) > 2
    assert len(set(left)) == len(left)


def test_who_lost_the_lease_calls_no_more(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    crm = Crm()
    sender = merging(database, crm)
    monkeypatch.setattr(sending, "LEASE", timedelta(seconds=0))
    calls = []

    def taken_over(_: Sequence[Write]) -> None:
        calls.append(1)
        with database.session() as session:
            assert destinations.lease(session, "crm", "elsewhere:1:b", timedelta(minutes=5))

    crm.before = taken_over
    deliver(sender)
    assert len(calls) == 1
    with database.session() as session:
        assert session.rows("SELECT lease_owner FROM destination_state") == [("elsewhere:1:b",)]
        states: dict[str, int] = dict(session.rows("SELECT state, count(*) FROM outbox GROUP BY 1"))
    assert states == {"delivered": COSTLY, "pending": MERGES - COSTLY}
