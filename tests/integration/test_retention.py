"""Retention: what is old and done goes, what is still needed stays, and a redelivery after years is still one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from hub.application.process import Processing, process_batch
from hub.application.retain import Retaining
from hub.matching.rules import IdentityRules
from hub.profiles.survivorship import SurvivorshipRules
from hub.settings import load
from hub.settings_sections import RetentionSection
from hub.store import inbox, retention
from hub.store.database import Database, Session
from tests.support.doubles import by_name, customer, entry, source, store

DAY = timedelta(days=1)
FOR_EVER = RetentionSection(bodies=None, attempts=None, outcomes=None, visits=None)


def stored(database: Database, number: int) -> None:
    """So many entries, worked on, received a hundred days ago, but for the last, which is of today."""
    events = [customer(f"c{at}", emails=[f"person{at}@example.com"]) for at in range(number)]
    store(database, [entry([event], f"e{at}") for at, event in enumerate(events)])
    processing = Processing(database, by_name(source("shop")), (), IdentityRules(), SurvivorshipRules())
    while process_batch(processing, 100).entries:
        pass
    run(database, "UPDATE inbox SET received_at = now() - interval '100 days'")
    run(database, "UPDATE inbox SET received_at = now() WHERE id = (SELECT max(id) FROM inbox)")


def run(database: Database, sql: str, parameters: Sequence[Any] = ()) -> None:
    with database.session() as session:
        session.run(sql, parameters)


def with_body(database: Database) -> list[str]:
    with database.session() as session:
        rows = session.rows("SELECT event_id FROM inbox WHERE body IS NOT NULL ORDER BY id")
    return [row[0] for row in rows]


def test_bodies_of_done_entries_go_and_their_keys_stay(database: Database) -> None:
    # given old entries that are done, one of them thin, and a new one
    stored(database, 7)
    run(database, "INSERT INTO completion SELECT min(id), 'order', 'fetched', now() FROM inbox")
    # when retention takes its turn, in small steps
    with database.session() as session:
        steps = [retention.bodies(session, 90 * DAY, 3) for _ in range(3)]
    # then all old bodies are gone, with what was fetched for them, and the new one is not
    assert [(step.removed, step.more) for step in steps] == [(3, True), (3, True), (0, False)]
    assert with_body(database) == ["e6"]
    with database.session() as session:
        assert session.rows("SELECT name FROM completion") == []
        # and profiles, and that the events came, are as before
        assert inbox.counts(session) == {"pending": 0, "done": 7, "skipped": 0, "parked": 0}
    # when a sender delivers an old event again, then it is known
    assert store(database, [entry([customer("c0")], "e0")]) == 0


def test_what_waits_or_is_parked_keeps_its_body_until_it_is_done(database: Database) -> None:
    # given an old entry that is parked, one that waits, and one that is done
    stored(database, 4)
    with database.session() as session:
        parked, waiting, *_ = [row[0] for row in session.rows("SELECT id FROM inbox ORDER BY id")]
        inbox.set_outcomes(session, [(parked, "parked", "broken")])
        inbox.requeue(session, ids=[waiting])
    retaining = Retaining(database, RetentionSection(bodies=90))
    # when retention goes past them
    assert retaining.turn()["bodies"] == 1
    assert with_body(database) == ["e0", "e1", "e3"]
    assert retaining.revisit_bodies() == 0
    # when the one is done and the other mended
    with database.session() as session:
        inbox.finish(session, [waiting])
        inbox.finish(session, [], done=[parked], worked_on=[parked])
    # then theirs go too
    assert retaining.revisit_bodies() == 2
    assert with_body(database) == ["e3"]
    assert rows(database, "SELECT * FROM retention_held") == []


def rows(database: Database, sql: str) -> list[Any]:
    with database.session() as session:
        return session.rows(sql)


def test_a_replay_of_what_has_no_body_says_so_and_changes_nothing(database: Database) -> None:
    stored(database, 3)
    Retaining(database, RetentionSection(bodies=90)).turn()
    with database.session() as session:
        ids = [row[0] for row in session.rows("SELECT id FROM inbox ORDER BY id")]
        assert inbox.requeue(session, ids=ids[:2]) == 0
        assert inbox.without_body(session, ids=ids[:2]) == 2
        assert (inbox.requeue(session), inbox.without_body(session)) == (1, 2)
        assert inbox.counts(session)["pending"] == 1


def test_a_replay_and_retention_at_once_never_leave_a_waiting_entry_without_a_body(
    database: Database, dsn: str
) -> None:
    # given a replay that has not committed yet
    stored(database, 3)
    with database.session() as session:
        assert inbox.requeue(session, ids=[1]) == 1
        # when retention comes by
        assert Retaining(database, RetentionSection(bodies=90)).turn()["bodies"] == 1
    # then the replayed entry has its body
    assert with_body(database) == ["e0", "e2"]
    assert rows(database, "SELECT inbox_id FROM retention_held") == [(1,)]


def test_of_the_attempts_the_last_of_each_row_stays(database: Database) -> None:
    # given attempts for two profiles over half a year
    run(
        database,
        """
        INSERT INTO attempt (destination, key, version, at, outcome, reason, events)
        SELECT 'crm', ('00000000-0000-0000-0000-00000000000' || who)::uuid, month,
            now() - (7 - month) * interval '30 days', 'delivered', '', '{}'
        FROM generate_series(1, 6) AS month, generate_series(1, 2) AS who
        WHERE who = 1 OR month < 3 ORDER BY month
        """,
    )
    # when those of before 90 days go, step by step
    with database.session() as session:
        while retention.attempts(session, 85 * DAY, 2).more:
            pass
    # then each row still has its last one, and all of the time that is kept
    kept = rows(database, "SELECT right(key::text, 1), version FROM attempt ORDER BY 1, 2")
    assert kept == [("1", 4), ("1", 5), ("1", 6), ("2", 2)]


def test_the_highest_version_that_was_tried_is_never_forgotten(database: Database) -> None:
    # given a row that began anew at a lower version, as after a merge that was undone
    run(
        database,
        """
        INSERT INTO attempt (destination, key, version, at, outcome, reason, events)
        SELECT 'crm', '00000000-0000-0000-0000-000000000001', version,
            now() - interval '200 days', 'delivered', '', '{}'
        FROM unnest(ARRAY[1, 7, 3]) WITH ORDINALITY AS given (version, at) ORDER BY at
        """,
    )
    # when its old attempts go
    with database.session() as session:
        retention.attempts(session, 85 * DAY, 10)
    # then versions go on from the highest, and the last attempt is there
    assert rows(database, "SELECT version FROM attempt ORDER BY id") == [(7,), (3,)]


def test_why_events_were_skipped_goes_and_parked_ones_stay(database: Database) -> None:
    stored(database, 4)
    with database.session() as session:
        inbox.set_outcomes(session, [(1, "skipped", "no customer"), (2, "parked", "broken")])
        inbox.set_outcomes(session, [(3, "skipped", "no customer")])
        session.run("UPDATE inbox_outcome SET at = now() - interval '400 days' WHERE inbox_id < 3")
    removed = Retaining(database, FOR_EVER.model_copy(update={"outcomes": 365})).turn()
    assert removed == {"outcomes": 1}
    assert rows(database, "SELECT inbox_id, state FROM inbox_outcome ORDER BY 1") == [(2, "parked"), (3, "skipped")]


def test_only_one_process_removes_at_a_time(database: Database) -> None:
    stored(database, 3)

    def held_by(session: Session) -> int:
        assert retention.bodies(session, 90 * DAY, 1).removed == 1
        return Retaining(database, RetentionSection(bodies=90)).turn()["bodies"]

    with database.session() as session:
        assert held_by(session) == 0
    assert Retaining(database, RetentionSection(bodies=90)).turn()["bodies"] == 1


def test_null_keeps_for_ever_and_nonsense_is_refused(tmp_path: Any) -> None:
    file = tmp_path / "hub.yaml"
    file.write_text("retention: {bodies: null, attempts: 10}")
    assert load(file, {}).retention == RetentionSection(bodies=None, attempts=10, outcomes=365)
    file.write_text("retention: {bodies: 0}")
    with pytest.raises(Exception, match=r"retention\.bodies"):
        load(file, {})


def test_sizes_tell_what_takes_how_much(database: Database) -> None:
    stored(database, 3)
    run(database, "ANALYZE inbox")
    with database.session() as session:
        sizes = retention.sizes(session)
    tables = {table["table"]: table for table in sizes["tables"]}
    assert tables["inbox"]["rows"] == 3
    assert sizes["bytes"] > tables["inbox"]["bytes"] > 0
    assert sizes["removed"] == {"attempts": 0, "bodies": 0, "outcomes": 0, "visits": 0}
