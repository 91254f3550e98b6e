"""Writers of the outbox take its rows in one order, and what came while a row was sent is not forgotten."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from hub.store import due, outbox
from hub.store.database import Database, Session
from hub.store.outbox import NewRow, Recorded, Subject

FIRST, LAST = UUID(int=1), UUID(int=2)


def row(key: UUID, subject: Subject = "profile", of: UUID | None = None) -> NewRow:
    return NewRow("crm", key, subject, of or key, 1, [1])


def delivered(key: UUID, version: int = 1) -> Recorded:
    return Recorded(
        key, version, "delivered", 0, False, timedelta(), "", "delivered", [1], mirror="{}", external_id="id at the crm"
    )


def while_enqueue_is_half_way(
    database: Database, rows: tuple[NewRow, NewRow], other: Callable[[Session], object]
) -> list[BaseException]:
    """Run ``other`` after the first of the rows was taken and before the second; gives what failed."""
    failed: list[BaseException] = []

    def beside() -> None:
        try:
            with database.session() as session:
                other(session)
        except Exception as error:
            failed.append(error)

    thread = threading.Thread(target=beside)
    try:
        with database.session() as session:
            outbox.enqueue(session, rows[:1])
            thread.start()
            for _ in range(100):
                with database.session() as looking:
                    if looking.one("SELECT 1 FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'"):
                        break
                thread.join(0.05)
            outbox.enqueue(session, rows[1:])
    except Exception as error:
        failed.append(error)
    thread.join()
    return failed


def test_a_redrive_and_new_events_never_wait_for_each_other(database: Database) -> None:
    with database.session() as session:
        outbox.enqueue(session, [row(LAST)])  # lies first in the table
        outbox.enqueue(session, [row(FIRST)])
        session.run("UPDATE outbox SET state = 'dead' WHERE key = %s", [LAST])
        session.run("UPDATE outbox SET state = 'dead' WHERE key = %s", [FIRST])
    assert not while_enqueue_is_half_way(
        database, (row(FIRST), row(LAST)), lambda session: outbox.redrive(session, destination="crm")
    )


def test_a_delivery_that_wakes_orders_and_new_events_never_wait_for_each_other(database: Database) -> None:
    # given an order that waits for its customer, whose key comes after the order's
    order, customer = row(FIRST, "order", of=LAST), row(LAST)
    with database.session() as session:
        outbox.enqueue(session, [order, customer])
        session.run("UPDATE outbox SET due_at = now() + interval '1 hour' WHERE key = %s", [FIRST])
    # when the customer is recorded while news about both comes in
    failed = while_enqueue_is_half_way(
        database, (order, customer), lambda session: outbox.record(session, "crm", "profile", [delivered(LAST)])
    )
    # then both are done, and the order is called
    assert not failed
    with database.session() as session:
        assert session.one("SELECT due_at <= now() FROM outbox WHERE key = %s", [FIRST]) == (True,)


def test_a_row_that_is_to_be_written_whole_stays_so_when_it_was_asked_for_during_a_call(database: Database) -> None:
    # given a row that is being sent at version 1
    with database.session() as session:
        outbox.enqueue(session, [row(FIRST)])
        # when somebody resends everything meanwhile, and the call of before is recorded
        outbox.enqueue(session, [row(FIRST)])
        due.write_everything(session, "crm", [FIRST])
        outbox.record(session, "crm", "profile", [delivered(FIRST, version=1)])
        # then it is still to be written whole, until that was done
        assert session.one("SELECT state, whole FROM outbox") == ("pending", True)
        outbox.record(session, "crm", "profile", [delivered(FIRST, version=2)])
        assert session.one("SELECT state, whole FROM outbox") == ("delivered", False)
