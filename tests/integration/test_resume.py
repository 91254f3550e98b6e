"""A pause, however it came about, ends when somebody says so, or puts right what led to it."""

from __future__ import annotations

from datetime import timedelta

from hub.store import destinations
from hub.store.database import Database
from hub.store.destinations import DestinationState
from tests.support.doubles import at, customer, entry
from tests.support.hubspot import Way


def test_a_resumed_destination_is_called_at_once_with_everything_that_waits(database: Database) -> None:
    # given a breaker that is open for long, refused credentials, and rows that wait for a later attempt
    way = Way(database)
    way.take(*(entry([customer(f"c{n}", emails=[f"k{n}@example.com"])], f"e{n}") for n in range(3)))
    way.crm.fail(path="batch/upsert", status=500)
    way.send()
    resting = DestinationState(9, at(0) + timedelta(days=3650), "down", "an older token")
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
