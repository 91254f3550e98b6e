"""A pause, however it came about, ends when somebody says so, or puts right what led to it."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo

import pytest

from hub.errors import Unavailable
from hub.outbox import policy
from hub.outbox.deliver import Sender, deliver, lift_pauses
from hub.sdk.connection import Connection
from hub.store import destinations
from hub.store.database import Database
from hub.store.destinations import DestinationState
from tests.support.doubles import Crm, customer, entry
from tests.support.hubspot import Way


def test_a_resumed_destination_is_called_at_once_with_everything_that_waits(database: Database) -> None:
    # given a breaker that is open for long, refused credentials, and rows that wait for a later attempt
    way = Way(database)
    way.take(*(entry([customer(f"c{n}", emails=[f"k{n}@example.com"])], f"e{n}") for n in range(3)))
    way.crm.fail(path="batch/upsert", status=500)
    way.send()
    resting = DestinationState(9, rest=timedelta(days=3650), reason="down", credentials="an older token")
    with database.session() as session:
        destinations.set_state(session, "crm", resting)
    assert (way.send(), way.rows()) == (0, {"retrying": 3})
    # when somebody resumes it
    with database.session() as session:
        made_due = destinations.resume(session, "crm")
        assert destinations.state_of(session, "crm") == DestinationState()
    # then nothing is waited for
    assert (made_due, way.send(), way.rows()) == (3, 3, {"delivered": 3})


def test_resuming_what_never_paused_does_nothing(database: Database) -> None:
    with database.session() as session:
        assert destinations.resume(session, "crm") == 0


def resting(way: Way, crm: Crm) -> Connection:
    """A destination whose breaker is open, with rows that wait."""
    made = crm.connection("crm")
    way.through(made)
    way.take(*(entry([customer(f"c{n}", emails=[f"k{n}@example.com"])], f"e{n}") for n in range(5)))

    def down(_: object) -> None:
        raise Unavailable("down")

    crm.before = down
    for _ in range(policy.BREAKER_AFTER):
        deliver(Sender(way.database, made, way.routes, "here:1:a"))
        with way.database.session() as session:
            session.run("UPDATE outbox SET due_at = now()")
    crm.before = lambda writes: None
    assert deliver(Sender(way.database, made, way.routes, "here:1:a")) == 0
    return made


@pytest.mark.parametrize("started", [True, False])
def test_a_changed_address_or_credential_lifts_the_breaker_at_once(database: Database, started: bool) -> None:
    way, crm = Way(database), Crm()
    made = resting(way, crm)
    moved = made.settings.model_copy(update={"base_url": "http://crm.example.org"})
    sender = Sender(database, Connection("crm", made.connector, moved), way.routes, "here:1:b")
    if started:  # a worker that starts wakes what rested
        lift_pauses([sender])
        with database.session() as session:
            assert destinations.state_of(session, "crm") == DestinationState()
    assert (deliver(sender), len(crm.people)) == (5, 5)


def test_a_worker_that_starts_with_the_same_settings_leaves_the_breaker_open(database: Database) -> None:
    way, crm = Way(database), Crm()
    sender = Sender(database, resting(way, crm), way.routes, "here:1:b")
    lift_pauses([sender])
    assert (deliver(sender), crm.people) == (0, {})


@pytest.mark.parametrize("days", [-1, 1])
def test_a_workers_clock_that_is_a_day_off_delays_nothing(
    database: Database, days: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Off(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + timedelta(days=days)

    monkeypatch.setattr("hub.application.placing.datetime", Off)
    way, crm = Way(database), Crm()
    made = crm.connection("crm")
    way.through(made)
    way.take(entry([customer("1", emails=["anna@example.com"])], "e1"))
    with database.session() as session:
        [(apart,)] = session.rows("SELECT extract(epoch FROM now() - due_at)::float8 FROM outbox")
    assert 0 <= apart < 3600
    assert (deliver(Sender(database, made, way.routes, "here:1:a")), len(crm.people)) == (1, 1)
