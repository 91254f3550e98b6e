"""Laws L1 and L2 at the door: answered once durable, stored once for ever, many requests to a commit."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import psycopg
import pytest

from hub.errors import Unavailable
from hub.intake import inbox as door
from hub.intake.inbox import GroupCommit
from hub.store.database import Database
from hub.store.inbox import NewEntry
from tests.support.asgi import raw, running_api
from tests.support.doubles import START, by_name, sign, source

BODY = b"[]"


def entry(event_id: str, *, connection: str = "shop", body: bytes = BODY) -> NewEntry:
    return NewEntry(connection, event_id, "events", "{}", body, START)


def rows(dsn: str, sql: str) -> list[Any]:
    with psycopg.connect(dsn) as connection:
        return connection.execute(sql.encode()).fetchall()


def test_what_was_answered_can_be_read_by_another_connection_at_that_moment(database: Database) -> None:
    async def scenario() -> None:
        async with running_api(database, by_name(source("shop"))) as client:
            for number in range(20):
                answer = await client.post("/webhooks/shop", content=BODY, headers=sign(BODY, event_id=f"e{number}"))
                seen = rows(database.dsn, f"SELECT count(*) FROM inbox WHERE event_id = 'e{number}'")
                assert (answer.status_code, seen) == (202, [(1,)])

    asyncio.run(scenario())


def test_each_entry_is_queued_with_bytes_and_headers_as_they_came(database: Database) -> None:
    body = b'\xff\x00 "not even text"'

    async def scenario() -> None:
        async with running_api(database, by_name(source("shop"))) as client:
            headers = {**sign(body), "x-umlaut": "Größe", "authorization": "Bearer s3cret"}
            await client.post("/webhooks/shop?a=1", content=body, headers=raw(headers))

    asyncio.run(scenario())
    [(kept, headers, step)] = rows(
        database.dsn, "SELECT body, headers::json, step FROM inbox JOIN inbox_queue ON inbox_id = id"
    )
    assert (bytes(kept), step, headers["x-event-id"]) == (body, "process", "e1")
    assert headers["x-umlaut"].encode("latin-1").decode() == "Größe"
    assert "authorization" not in headers


def test_many_requests_share_a_commit(database: Database) -> None:
    async def scenario() -> int:
        writes = 0
        committing = GroupCommit(database.dsn)
        insert = committing._write

        async def counted(entries: list[NewEntry]) -> None:
            nonlocal writes
            writes += 1
            await insert(entries)

        committing._write = counted  # type: ignore[method-assign]
        committing.start()
        await asyncio.gather(*(committing.store(entry(f"e{number}")) for number in range(500)))
        await committing.stop()
        return writes

    assert asyncio.run(scenario()) <= 5
    assert rows(database.dsn, "SELECT count(*) FROM inbox JOIN inbox_queue ON inbox_id = id") == [(500,)]


def test_the_same_event_any_number_of_times_at_once_is_one(database: Database) -> None:
    async def scenario() -> Counter[int]:
        connections = by_name(source("shop"), source("till"))
        async with running_api(database, connections) as one, running_api(database, connections) as other:
            # two API processes, each event ten times, also mixed into commits with new ones
            answers = await asyncio.gather(
                *(
                    client.post("/webhooks/shop", content=BODY, headers=sign(BODY, event_id=f"e{number % 30}"))
                    for number in range(150)
                    for client in (one, other)
                ),
                one.post("/webhooks/till", content=BODY, headers=sign(BODY, event_id="e1")),
            )
            return Counter(answer.status_code for answer in answers)

    assert asyncio.run(scenario()) == {202: 301}
    assert rows(database.dsn, "SELECT connection, count(*) FROM inbox GROUP BY 1 ORDER BY 1") == [
        ("shop", 30),
        ("till", 1),
    ]
    assert rows(database.dsn, "SELECT count(*) FROM inbox_queue") == [(31,)]


def test_an_event_is_known_for_ever_also_after_its_body_is_gone(database: Database) -> None:
    async def scenario() -> None:
        async with running_api(database, by_name(source("shop"))) as client:
            await client.post("/webhooks/shop", content=BODY, headers=sign(BODY))
        with psycopg.connect(database.dsn) as connection:
            connection.execute("UPDATE inbox SET body = NULL")
            connection.execute("DELETE FROM inbox_queue")
        async with running_api(database, by_name(source("shop"))) as client:  # another process: it remembers nothing
            answer = await client.post("/webhooks/shop", content=BODY, headers=sign(BODY))
            assert answer.status_code == 202

    asyncio.run(scenario())
    assert rows(database.dsn, "SELECT (SELECT count(*) FROM inbox), (SELECT count(*) FROM inbox_queue)") == [(1, 0)]


def test_what_could_not_be_committed_is_not_remembered_as_if_it_had_been(database: Database) -> None:
    async def scenario() -> None:
        committing = GroupCommit("host=127.0.0.1 port=1 dbname=nowhere")
        committing.start()
        for _ in range(2):
            with pytest.raises(Unavailable):
                await committing.store(entry("e1"))
        states = [committing.available]
        committing._dsn = database.dsn
        await committing.store(entry("e1"))
        states.append(committing.available)
        await committing.stop()
        assert states == [False, True]

    asyncio.run(scenario())
    assert rows(database.dsn, "SELECT count(*) FROM inbox") == [(1,)]


def test_a_batch_larger_than_one_commit_is_stored_whole(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "BATCH", 7)

    async def scenario() -> None:
        committing = GroupCommit(database.dsn)
        committing.start()
        await asyncio.gather(*(committing.store(entry(f"e{number}")) for number in range(50)))
        await committing.stop()

    asyncio.run(scenario())
    assert rows(database.dsn, "SELECT count(*) FROM inbox") == [(50,)]


def test_storing_wakes_the_workers(database: Database) -> None:
    async def scenario() -> None:
        committing = GroupCommit(database.dsn)
        committing.start()
        await committing.store(entry("e1"))
        await committing.stop()

    with psycopg.connect(database.dsn, autocommit=True) as listening:
        listening.execute("LISTEN hub_wake")
        asyncio.run(scenario())
        assert [notice.payload for notice in listening.notifies(timeout=5, stop_after=1)] == ["process"]
