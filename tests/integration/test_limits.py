"""What bounds memory and work: bytes of one claim, bytes at the door, and a sweep that does not count."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from hub.errors import Unavailable
from hub.intake import inbox as door
from hub.intake import receive
from hub.store import inbox, outbox
from hub.store.database import Database
from hub.workers.sweep import sweep
from tests.support.asgi import running_api
from tests.support.doubles import by_name, source


class Heard:
    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []

    def wake(self, queue: str, argument: str = "") -> None:
        self.calls.append((queue, argument))

    def started(self, queue: str, argument: str = "") -> None:
        raise AssertionError("the sweep starts nothing")


def stored_bodies(database: Database, bodies: list[bytes]) -> None:
    now = datetime.now(UTC)
    with database.session() as session:
        rows = [inbox.NewEntry("shop", f"e{n}", "t", "{}", body, now) for n, body in enumerate(bodies)]
        inbox.insert(session, rows)


def test_a_claim_holds_no_more_bytes_than_fit_and_one_entry_at_least(database, monkeypatch):
    monkeypatch.setattr(inbox, "CLAIM_BYTES", 1000)
    stored_bodies(database, [b"x" * 5000, b"x" * 600, b"x" * 600, b"x" * 600])
    taken = []
    while True:
        with database.session() as session:
            claimed = inbox.claim(session, "process", 500)
            inbox.finish(session, [entry.id for entry in claimed])
        if not claimed:
            break
        taken.append([len(entry.entry.body) for entry in claimed])
    assert taken == [[5000], [600, 600], [600]]


def test_one_sender_is_asked_to_come_again_before_it_fills_the_memory(database, monkeypatch):
    monkeypatch.setattr(receive, "FREE_BYTES", 1_000)
    monkeypatch.setattr(receive, "HELD_BYTES", 0)  # the least there is: two bodies, of which a caller may hold one

    async def scenario() -> list[tuple[int, str | None]]:
        begun, go_on = asyncio.Event(), asyncio.Event()

        async def held_back() -> AsyncIterator[bytes]:
            yield b"x" * 6_000
            begun.set()
            await go_on.wait()
            yield b"x"

        async def at_once(size: int) -> AsyncIterator[bytes]:
            yield b"x" * size
            yield b"x"

        async with running_api(database, by_name(source("shop"))) as client:
            # given one that holds 5,000 of the 10,000 bytes of its share, and does not go on
            first = asyncio.create_task(client.post("/webhooks/shop", content=held_back()))
            await begun.wait()
            # when more comes from the same address: much, little, and much again when the first is done
            answers = [await client.post("/webhooks/shop", content=at_once(size)) for size in (8_000, 900)]
            go_on.set()
            answers += [await first, await client.post("/webhooks/shop", content=at_once(8_000))]
            return [(answer.status_code, answer.headers.get("retry-after")) for answer in answers]

    # then only what would be too much has to come again; the others are read, and found unsigned
    assert asyncio.run(scenario()) == [(503, "5"), (401, None), (401, None), (401, None)]


def test_while_the_database_is_away_a_body_is_refused_before_it_is_read(database, monkeypatch):
    monkeypatch.setattr(door, "TRYING_ENTRIES", 0)

    async def scenario() -> tuple[int, bool]:
        read = False

        async def body() -> AsyncIterator[bytes]:
            nonlocal read
            read = True
            yield b"x"

        async with running_api(database, by_name(source("shop"))) as client:
            client._transport.app._inbox._away()  # type: ignore[attr-defined]
            return (await client.post("/webhooks/shop", content=body())).status_code, read

    assert asyncio.run(scenario()) == (503, False)


def test_more_entries_than_may_wait_are_refused_and_those_that_wait_are_stored(database, monkeypatch):
    monkeypatch.setattr(door, "WAITING_ENTRIES", 3)

    async def scenario() -> list[bool]:
        committing = door.GroupCommit(database.dsn)
        committing.start()
        now = datetime.now(UTC)
        entries = [inbox.NewEntry("shop", f"e{n}", "t", "{}", b"x", now) for n in range(5)]
        ended = await asyncio.gather(*map(committing.store, entries), return_exceptions=True)
        await committing.store(entries[3])  # there is room again
        await committing.stop()
        return [isinstance(each, Unavailable) for each in ended]

    assert asyncio.run(scenario()) == [False, False, False, True, True]
    with database.session() as session:
        assert session.rows("SELECT event_id FROM inbox ORDER BY event_id") == [("e0",), ("e1",), ("e2",), ("e3",)]


def test_a_body_that_declares_too_much_is_refused_unread(database):
    async def scenario() -> int:
        async with running_api(database, by_name(source("shop"))) as client:
            headers = {"content-length": str(10**12)}
            return (await client.post("/webhooks/shop", content=b"", headers=headers)).status_code

    assert asyncio.run(scenario()) == 413


@pytest.mark.parametrize("waiting", [True, False])
def test_the_sweep_announces_what_is_due_and_nothing_else(database, waiting):
    heard = Heard()
    if waiting:
        stored_bodies(database, [b"{}"])
    sweep(database, heard, ["crm"])
    assert heard.calls == ([("process", "")] if waiting else [])


def test_the_sweep_leaves_a_resting_destination_alone(database):
    from uuid import UUID

    now = datetime.now(UTC)
    with database.session() as session:
        outbox.enqueue(session, [outbox.NewRow("crm", UUID(int=1), "profile", UUID(int=1), 1, [1])])
    heard = Heard()
    sweep(database, heard, ["crm", "bi"])
    assert heard.calls == [("deliver", "crm")]
    with database.session() as session:
        session.run(
            "INSERT INTO destination_state (destination, not_before) VALUES ('crm', %s)", [now + timedelta(hours=1)]
        )
    heard.calls.clear()
    sweep(database, heard, ["crm"])
    assert heard.calls == []
