"""Law L9 on the way in: a flood, a vendor that hangs, a worker with a wrong clock, delay nobody but their own."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hub.application.complete import complete_connection
from hub.errors import Unavailable
from hub.intake.inbox import GroupCommit
from hub.model.event import Note
from hub.outbox.deliver import Sender, deliver
from hub.sdk.connection import Connection
from hub.sdk.source import Completion, InboxEntry
from hub.store import inbox, outbox
from hub.store.database import Database
from hub.store.inbox import NewEntry
from hub.workers import broker as actors
from hub.workers.broker import Work, declare_actors, make_broker
from tests.integration.test_process import drain, processing, states
from tests.support.doubles import Crm, customer, entry, parse, routes_to, source, store

IN_TIME = 20.0


def many(connection: str, count: int) -> list[NewEntry]:
    return [entry([], f"{connection}{n}", connection=connection) for n in range(count)]


def claimed(database: Database, limit: int) -> list[tuple[str, str]]:
    with database.session() as session:
        return [(one.entry.connection, one.entry.event_id) for one in inbox.claim(session, "process", limit)]


# -- fair turns


@pytest.mark.parametrize(
    ("waiting", "limit", "shares"),
    [
        ({"flood": 300}, 100, {"flood": 100}),
        ({"flood": 300, "till": 1}, 100, {"flood": 99, "till": 1}),
        ({"flood": 300, "shop": 300}, 100, {"flood": 50, "shop": 50}),
        ({"flood": 300, "shop": 300, "a": 3, "z": 7}, 100, {"flood": 45, "shop": 45, "a": 3, "z": 7}),
        ({"a": 2, "z": 2}, 100, {"a": 2, "z": 2}),
    ],
    ids=["alone", "one other", "two floods", "what is left over is shared", "little"],
)
def test_connections_take_turns_and_the_rest_of_a_batch_is_shared(
    database: Database, waiting: dict[str, int], limit: int, shares: dict[str, int]
) -> None:
    for connection, count in waiting.items():
        store(database, many(connection, count))
    found = claimed(database, limit)
    assert Counter(connection for connection, _ in found) == shares
    for connection in waiting:
        of_it = [event_id for of, event_id in found if of == connection]
        assert of_it == [f"{connection}{n}" for n in range(len(of_it))]


def test_with_turns_too_few_for_all_the_longest_waiting_is_first(database: Database) -> None:
    store(database, many("z", 2))
    store(database, many("a", 2))
    assert claimed(database, 1) == [("z", "z0")]


def test_a_second_worker_claims_what_the_first_left_and_a_replay_has_its_place(database: Database) -> None:
    store(database, [*many("flood", 30), *many("till", 2)])
    with database.session() as session:
        first = inbox.claim(session, "process", 10)
        with database.session() as other:
            second = inbox.claim(other, "process", 10)
    assert not {one.id for one in first} & {one.id for one in second}
    assert (len(first), len(second)) == (10, 8)  # what it would have had of the till is in other hands
    with database.session() as session:
        session.run("DELETE FROM inbox_queue")
        assert inbox.requeue(session, connection="till") == 2
    assert [connection for connection, _ in claimed(database, 10)] == ["till", "till"]


# -- completion


def thin(name: str, fetch: Callable[[str], bytes]) -> Connection:
    def completions(taken: InboxEntry, settings: Any) -> list[Completion]:
        return [] if taken.completions else [Completion("body", f"/{taken.event_id}")]

    def complete(completion: Completion, client: Any, settings: Any) -> bytes:
        return fetch(completion.path)

    made = source(name, completions=completions, complete=complete)
    settings = made.settings.model_copy(update={"base_url": "http://vendor.example.com"})
    return Connection(name, made.connector, settings)


@contextmanager
def completing(database: Database, *connections: Connection) -> Iterator[Work]:
    """The actor ``complete`` of one worker process, in as many threads as it has."""
    import dramatiq

    broker, waker = make_broker(None)
    work = Work(processing(database, *connections), {}, waker, completing=[one.name for one in connections])
    declare_actors(broker, work)
    running = dramatiq.Worker(broker, queues={"complete"}, worker_threads=work.threads, worker_timeout=50)
    running.start()
    try:
        yield work
    finally:
        work.stopping.set()
        running.stop(timeout=10_000)
        broker.close()


def test_a_vendor_that_hangs_holds_no_event_of_another(database: Database) -> None:
    hangs, asked, done = threading.Event(), threading.Event(), threading.Event()

    def hung(path: str) -> bytes:
        asked.set()
        hangs.wait(IN_TIME)
        raise Unavailable("time-out")

    def quick(path: str) -> bytes:
        if path == "/quick4":
            done.set()
        return b"[]"

    store(database, [*many("hung", 5), *many("quick", 5)])
    with database.session() as session:
        session.run("UPDATE inbox_queue SET step = 'complete'")
    with completing(database, thin("hung", hung), thin("quick", quick)) as work:
        work.waker.wake("complete", "hung")
        assert asked.wait(IN_TIME)
        for _ in range(5):
            work.waker.wake("complete", "hung")
        work.waker.wake("complete")
        assert done.wait(IN_TIME)
        hangs.set()


def test_a_vendor_that_is_away_rests_for_longer_each_time_until_it_answers(database: Database) -> None:
    away = True

    def fetch(path: str) -> bytes:
        if away:
            raise Unavailable("down")
        return b"[]"

    shop = thin("shop", fetch)
    store(database, many("shop", 10))
    pauses: list[float] = []
    for _ in range(3):
        with database.session() as session:
            session.run("UPDATE inbox_queue SET step = 'complete', due_at = now()")
            session.run("UPDATE completion_rest SET not_before = now()")
        assert complete_connection(database, "shop", shop, {}) == 3
        assert complete_connection(database, "shop", shop, {}) == 0
        with database.session() as session:
            assert inbox.due(session, "complete") == {}
            [(pause,)] = session.rows("SELECT extract(epoch FROM not_before - now())::float8 FROM completion_rest")
            pauses.append(pause)
    assert pauses[0] < pauses[1] < pauses[2]
    away = False
    with database.session() as session:
        session.run("UPDATE completion_rest SET not_before = now()")
        session.run("UPDATE inbox_queue SET due_at = now()")
    assert complete_connection(database, "shop", shop, {}) == 10
    with database.session() as session:
        assert session.rows("SELECT 1 FROM completion_rest") == []
        assert set(inbox.due(session, "process")) == {"shop"}


def test_more_vendors_than_turns_are_not_lost(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actors, "MOST_COMPLETING", 1)
    work = Work(processing(database), {}, make_broker(None)[1], completing=["a", "b"])
    assert work.threads == 3


# -- one clock


@pytest.mark.parametrize("wrong", [timedelta(days=1), timedelta(days=-1)])
def test_a_worker_with_a_wrong_clock_delays_and_loses_nothing(
    database: Database, wrong: timedelta, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a worker whose clock is a day off
    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime.now(tz) + wrong

    for module in ("application.process", "application.complete", "workers.broker"):
        monkeypatch.setattr(f"hub.{module}.datetime", Clock, raising=False)
    crm = Crm()
    connection = crm.connection("crm")
    work = processing(database, thin("thin", lambda path: b"[]"), source("shop"))
    # when it works on an event, one that lacks its body, and a part that came before its order
    store(database, [entry([customer("1", emails=["anna@example.com"])], "e1"), *many("thin", 1)])
    drain(work)
    complete_connection(database, "thin", work.connections["thin"], {})
    drain(work)
    # then all of it is due by PostgreSQL's clock, and a right one delivers it
    assert {state for state, _ in states(database).values()} == {"done"}
    deliver(Sender(database, connection, routes_to(connection), "test"))
    assert len(crm.people) == 1
    with database.session() as session:
        [row] = outbox.page(session, states=("delivered",))
        [(created,)] = session.rows("SELECT created_at FROM profile")
    assert abs(row["enqueued_at"] - datetime.now(UTC)) < timedelta(hours=1)
    assert abs(created - datetime.now(UTC)) < timedelta(hours=1)


@pytest.mark.parametrize("duplicate", [False, True])
def test_arrival_is_stamped_by_postgresql_in_the_order_of_arrival(database: Database, duplicate: bool) -> None:
    # given an API host whose clock is a year ahead
    import asyncio

    wrong = datetime.now(UTC) + timedelta(days=365)
    if duplicate:
        store(database, [entry([], "e0")])
        with database.session() as session:
            session.run("DELETE FROM inbox_queue")

    async def stored() -> None:
        commit = GroupCommit(database.dsn)
        commit.start()
        await asyncio.gather(*(commit.store(entry([], f"e{n}", received_at=wrong)) for n in range(20)))
        await commit.stop()

    asyncio.run(stored())
    with database.session() as session:
        rows = session.rows("SELECT received_at FROM inbox WHERE event_id <> 'e0' ORDER BY id")
    times = [row[0] for row in rows]
    assert max(times) < datetime.now(UTC) + timedelta(hours=1)
    assert times == sorted(times)
    assert len(set(times)) > 1


# -- notes


def test_notes_stand_beside_their_entry_and_a_replay_replaces_them(database: Database) -> None:
    told = [Note(path="billing.first_name", reason="a placeholder and no name"), Note(path="email", reason="nobody's")]
    shop = source("shop", read=lambda taken, settings: [*parse(taken, settings), *told])
    work = processing(database, shop)
    store(database, [entry([customer("1", name=("Anna", "Berg"))], "e1"), entry([customer("2")], "e2")])
    drain(work)

    def notes(inbox_id: int) -> list[str]:
        with database.session() as session:
            found = inbox.get(session, inbox_id)
        assert found is not None
        return [f"{note['path']}: {note['reason']}" for note in found["notes"]]

    assert notes(1) == notes(2) == ["billing.first_name: a placeholder and no name", "email: nobody's"]
    # when a newer connector reads it differently
    told[:] = [Note(path="email", reason="nobody's")]
    with database.session() as session:
        inbox.requeue(session, ids=[1])
    drain(work)
    assert (notes(1), len(notes(2))) == (["email: nobody's"], 2)
    told.clear()
    with database.session() as session:
        inbox.requeue(session, ids=[1])
    drain(work)
    assert notes(1) == []
