"""What the console's lists read: the same as the API's and the command's, by key, however much is stored."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import md5
from typing import Any
from uuid import UUID

import pytest

from hub.application.delivering import kinds_of
from hub.store import deliveries, event_search, inbox, outbox, stats
from hub.store.database import Database, Session
from hub.store.event_search import Filter

MANY = 100_000
START = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture
def stored(database: Database) -> Database:
    """Entries that came one a second: of two connections and topics, few of them parked, skipped or waiting."""
    with database.session() as session:
        session.run(
            "INSERT INTO inbox (connection, event_id, topic, headers, body, received_at)"
            " SELECT CASE WHEN n %% 100 = 0 THEN 'rare' ELSE 'shop' END, 'e' || n,"
            " CASE WHEN n %% 2 = 0 THEN 'orders/create' ELSE 'customers/update' END, '{}', NULL,"
            " %s + make_interval(secs => n) FROM generate_series(1, 600) AS n",
            [START],
        )
        session.run("DELETE FROM inbox_queue WHERE inbox_id % 50 <> 0".replace("%", "%%"), [])
        session.run(
            "INSERT INTO inbox_outcome SELECT id, CASE WHEN id %% 14 = 0 THEN 'parked' ELSE 'skipped' END, 'why', now()"
            " FROM inbox WHERE id %% 7 = 0",
            [],
        )
    return database


def every(session: Session, wanted: Filter, *, limit: int = 7) -> list[dict[str, Any]]:
    """All pages of a search."""
    rows: list[dict[str, Any]] = []
    before = None
    while True:
        found = event_search.find(session, wanted, before=before, limit=limit)
        rows += found.rows
        before = found.before
        if before is None:
            return rows


@pytest.mark.parametrize("state", [None, "pending", "done", "skipped", "parked"])
@pytest.mark.parametrize("connection", [None, "rare"])
def test_a_search_finds_what_the_api_lists(stored: Database, state: str | None, connection: str | None):
    with stored.session() as session:
        listed = inbox.page(session, connection=connection, state=state, limit=1000)
        assert listed or (state, connection) != (None, None)
        assert every(session, Filter(connection=connection, state=state)) == listed


def test_a_search_over_several_looks_finds_the_same(stored: Database, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(event_search, "LOOK", 40)
    with stored.session() as session:
        assert every(session, Filter(connection="rare")) == inbox.page(session, connection="rare", limit=1000)
        first = event_search.find(session, Filter(topic="no such"), limit=7, looks=2)
        assert (first.rows, first.before) == ([], 521)


def test_a_search_by_time_and_topic(stored: Database):
    noon, until = START + timedelta(seconds=100), START + timedelta(seconds=200)
    with stored.session() as session:
        found = every(session, Filter(since=noon, until=until, topic="orders/"))
        assert [row["received_at"] for row in found] == [until - timedelta(seconds=2 * n) for n in range(1, 51)]
        assert every(session, Filter(since=START + timedelta(days=1))) == []
        assert every(session, Filter(until=START)) == []


def test_an_empty_inbox_has_nothing(database: Database):
    with database.session() as session:
        assert event_search.find(session, Filter(since=START, until=START), limit=5).rows == []
        assert event_search.written_to(session, [1]).by_event == {}


def test_an_event_without_a_body_is_still_found(stored: Database):
    with stored.session() as session:
        assert event_search.named(session, "e600", ["shop", "rare"]) == [600]
        assert event_search.named(session, "600", ["shop"]) == [600]
        assert event_search.named(session, "9" * 30, ["shop"]) == []


def test_all_that_cannot_be_read_are_those_that_the_statistics_count(stored: Database):
    with stored.session() as session:
        ids, bodiless = event_search.parked(session, ["shop", "rare"])
        assert len(ids) == sum(stats.parked(session).values()) == bodiless
        assert ids
        assert event_search.parked(session, ["nowhere"]) == ([], 0)


def dead_letters(session: Session, count: int) -> None:
    session.run(
        "INSERT INTO outbox (destination, key, subject, profile_id, version, state, due_at, enqueued_at, updated_at,"
        " events, reason) SELECT 'crm', md5(n::text)::uuid, 'profile', md5(n::text)::uuid, 1,"
        " CASE WHEN n %% 10 = 0 THEN 'rejected' ELSE 'dead' END, now(), now(), now(), '{}', 'HTTP 503 of call ' || n"
        " FROM generate_series(1, %s) AS n",
        [count],
    )


def keys(rows: Sequence[dict[str, Any]]) -> list[UUID]:
    return [row["key"] for row in rows]


def test_100_000_dead_letters_are_paged_by_key(database: Database):
    with database.session() as session:
        dead_letters(session, MANY)
    with database.session() as session:
        first = deliveries.page(session, "crm", "failed", limit=51)
        middle = deliveries.page(session, "crm", "rejected", after=UUID(int=1 << 127), limit=51)
        assert len(deliveries.reasons(session, "crm", 2_000)) == 2_000
        assert keys(first) == keys(outbox.page(session, states=("dead", "rejected"), destination="crm", limit=51))
        assert {row["state"] for row in middle} == {"rejected"}
        assert deliveries.failed_among(session, "crm", None) == {"rejected": MANY // 10, "dead": MANY - MANY // 10}


def test_what_failed_in_the_last_day_is_told_with_what_has_arrived_since(database: Database):
    # given three that failed at noon, of which one arrived, one changed again since, and one is still missing
    told = (
        ("crm", 1, 300, "retry", "HTTP 503"), ("crm", 1, 200, "delivered", ""),
        ("crm", 2, 310, "retry", "HTTP 503"), ("crm", 2, 190, "unchanged", ""),
        ("crm", 3, 305, "dead", "HTTP 503"), ("crm", 4, 180, "delivered", ""),
        ("crm", 5, 60 * 30, "dead", "yesterday"), ("other", 6, 300, "dead", "elsewhere"),
    )  # fmt: skip
    with database.session() as session:
        dead_letters(session, 5)
        session.run("UPDATE outbox SET state = 'delivered' WHERE key = md5('1')::uuid")
        session.run("UPDATE outbox SET state = 'pending' WHERE key = md5('2')::uuid")
        for destination, number, minutes, outcome, reason in sorted(told, key=lambda one: -one[2]):
            session.run(
                "INSERT INTO attempt (destination, key, version, at, outcome, reason, events) VALUES"
                " (%s, md5(%s)::uuid, 1, now() - make_interval(mins => %s), %s, %s, '{}')",
                [destination, str(number), minutes, outcome, reason],
            )
        day, now = deliveries.last_day(session, "crm"), session.now()
        tries = deliveries.tries(session, "crm", [UUID(hex=md5(b"1", usedforsecurity=False).hexdigest())])
    # then the one that is not there is told, and what waits for another reason is not taken for it
    assert (day.troubled, day.open, day.reason) == (3, 1, "HTTP 503")
    assert (day.first, day.last) == (now - timedelta(minutes=310), now - timedelta(minutes=300))
    assert sum(delivered for _, delivered, _ in day.hours) == 2
    assert sum(failed for _, _, failed in day.hours) == 3
    assert list(tries.values()) == [2]
    with database.session() as session:
        assert deliveries.last_day(session, "nowhere").troubled == 0


def test_a_redrive_that_is_broken_off_loses_nothing(database: Database):
    with database.session() as session:
        dead_letters(session, 20)

    def broken_off() -> None:
        with database.session() as session:
            assert outbox.redrive(session, destination="crm") == 20
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken_off()
    with database.session() as session:
        assert sum(deliveries.failed_among(session, "crm", None).values()) == 20


def test_reasons_that_differ_in_values_only_are_one_kind():
    told = [f"HTTP 503 of call {n}" for n in range(5)] + ['email: "a@b.de" is wrong', "email: 'c@d.de' is wrong"]
    assert kinds_of(told) == [("HTTP … of call …", 5), ("email: … is wrong", 2)]
