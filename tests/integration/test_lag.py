"""How long what waits has waited: the age of the oldest entry of each connection, and of the oldest row out."""

from __future__ import annotations

from uuid import uuid4

import pytest

from hub.store import outbox_counts, stats
from hub.store.database import Database, Session


def came(session: Session, connection: str, step: str | None, seconds: int) -> None:
    """An entry that came so long ago, and waits for this step or for none."""
    session.run(
        "INSERT INTO inbox (connection, event_id, topic, headers, body, received_at)"
        " VALUES (%s, %s, 't', '{}', 'x', now() - make_interval(secs => %s))",
        [connection, str(uuid4()), seconds],
    )
    last = "inbox_id = (SELECT max(id) FROM inbox)"
    if step is None:
        session.run(f"DELETE FROM inbox_queue WHERE {last}")
    else:
        session.run(f"UPDATE inbox_queue SET step = %s WHERE {last}", [step])


def test_the_oldest_waiting_entry_tells_the_lag_of_its_connection(database: Database) -> None:
    with database.session() as session:
        assert stats.inbox_lag(session) == {}
        came(session, "read_again", "reread", 900)
        for connection, step, seconds in (
            ("shop", None, 800),
            ("shop", "complete", 70),
            ("shop", "process", 60),
            ("shop", "process", 50),
            ("till", "process", 40),
            ("web", "complete", 30),
        ):
            came(session, connection, step, seconds)
        assert stats.inbox_lag(session) == {
            name: pytest.approx(age) for name, age in (("shop", 70), ("till", 40), ("web", 30))
        }


def test_rows_out_are_counted_by_state_with_the_age_of_the_oldest_that_waits(database: Database) -> None:
    with database.session() as session:
        for destination, state, seconds in (
            ("crm", "delivered", 900),
            ("crm", "pending", 10),
            ("crm", "retrying", 20),
            ("mail", "dead", 50),
        ):
            session.run(
                "INSERT INTO outbox (destination, key, subject, profile_id, version, state, due_at, enqueued_at,"
                " updated_at, events) VALUES (%s, %s, 'profile', %s, 1, %s, now(), now() - make_interval(secs => %s),"
                " now(), '{}')",
                [destination, uuid4(), uuid4(), state, seconds],
            )
        counted = outbox_counts.counted(session)
        assert counted.rows["crm"] == {"pending": 2, "retrying": 1, "delivered": 1, "rejected": 0, "dead": 0}
        assert counted.rows["mail"] == {"pending": 0, "retrying": 0, "delivered": 0, "rejected": 0, "dead": 1}
        assert counted.lag == {"crm": pytest.approx(20)}
        # the plans of all other statements stay as they were
        assert session.one("SHOW enable_seqscan") == ("off",)
