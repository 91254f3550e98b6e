"""A source whose signatures are refused is said to be so where people look, since when, and what to do."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import httpx
import psycopg
import pytest

from hub.application import standing
from hub.cli import connections as command
from hub.intake import arrivals
from hub.intake.arrivals import Arrivals
from hub.outbox.health import line
from hub.store import arrivals as rows
from hub.store.arrivals import Heard
from hub.store.database import Database
from tests.support.asgi import running_api
from tests.support.doubles import by_name, customer, entry, sign, source

SHOP = source("shop")


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[list[Heard]]:
    """What was written at each time, at least 0.2 s apart."""
    found: list[list[Heard]] = []
    note = rows.note

    async def noted(connection: psycopg.AsyncConnection[Any], heard: Sequence[Heard]) -> None:
        found.append(list(heard))
        await note(connection, heard)

    monkeypatch.setattr(rows, "note", noted)
    monkeypatch.setattr(arrivals, "SECONDS", 0.2)
    return found


Story = Callable[[httpx.AsyncClient], Awaitable[None]]


@pytest.fixture
def played(database: Database, written: list[list[Heard]]) -> Callable[[Story], None]:
    """Plays a story with a client of a running API."""

    async def play(story: Story) -> None:
        async with running_api(database, by_name(SHOP)) as client:
            await story(client)

    return lambda story: asyncio.run(play(story))


async def send(client: httpx.AsyncClient, number: int, *, right: bool) -> int:
    body = entry([customer(str(number))], f"e{number}").body
    headers = sign(body, event_id=f"e{number}")
    return (await client.post("/webhooks/shop", content=body, headers=headers if right else {})).status_code


def stands(database: Database) -> standing.Standing:
    with database.session() as session:
        [found] = standing.standing(session, by_name(SHOP), ())
    return found


async def noted(database: Database, state: str) -> standing.Standing:
    async with asyncio.timeout(20):
        while True:
            found = await asyncio.to_thread(stands, database)
            assert found.source is not None
            if found.source.state == state:
                return found
            await asyncio.sleep(0.05)


def test_it_is_told_since_when_and_ends_with_the_next_that_is_accepted(
    database: Database, played: Callable[[Story], None]
) -> None:
    async def story(client: httpx.AsyncClient) -> None:
        # given a shop that had events
        assert await send(client, 1, right=True) == 202
        # when its signatures are right no more
        assert [await send(client, n, right=False) for n in range(2, 5)] == [401] * 3
        found = await noted(database, "refused")
        # then what people look at says so, and what to do, and nothing of what was sent
        assert found.source is not None
        assert found.source.since is not None
        assert found.source.reason.startswith("3 deliveries refused, as the signature is missing, wrong or too old")
        assert "the last one accepted was" in found.source.reason
        [advice] = found.advice()
        assert "connections.shop" in advice
        assert found.waiting("source") == "3 refused"
        with database.session() as session:
            [(name, health)] = command.troubles(session, ["shop"]).items()
            assert line(name, health).startswith("shop is refused since ")
            assert command.troubles(session, ["another"]) == {}
        # and one that is accepted ends it
        assert await send(client, 9, right=True) == 202
        found = await noted(database, "ok")
        assert found.advice() == []

    played(story)


def test_a_stranger_floods_neither_the_table_nor_the_log(
    database: Database, played: Callable[[Story], None], written: list[list[Heard]], capsys: pytest.CaptureFixture[str]
) -> None:
    async def story(client: httpx.AsyncClient) -> None:
        for number in range(300):
            await send(client, number, right=False)
            await client.post(f"/webhooks/nobody-{number}", content=b"x")
        await noted(database, "refused")
        await asyncio.sleep(0.4)
        with database.session() as session:
            [(connection, refused)] = session.rows("SELECT connection, refused FROM arrival")
        assert (connection, refused) == ("shop", 300)
        assert sum(one.refused for heard in written for one in heard) == 300
        assert len(written) < 60
        told = capsys.readouterr()
        assert (told.out + told.err).count("intake.refused") <= 5

    played(story)


def test_what_cannot_be_written_is_written_later(
    database: Database, played: Callable[[Story], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(client: httpx.AsyncClient) -> None:
        note, failed = rows.note, list[Sequence[Heard]]()

        async def away(connection: psycopg.AsyncConnection[Any], heard: Sequence[Heard]) -> None:
            if not failed:
                failed.append(heard)
                raise psycopg.OperationalError
            await note(connection, heard)

        monkeypatch.setattr(rows, "note", away)
        await send(client, 1, right=True)
        await send(client, 2, right=False)
        await send(client, 3, right=False)
        found = await noted(database, "refused")
        assert found.source is not None
        assert (found.source.failures, len(failed)) == (2, 1)

    played(story)


def test_another_process_that_accepts_ends_it_also_if_that_is_all_it_hears(
    database: Database, written: list[list[Heard]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrivals, "WELL_SECONDS", 0.5)

    async def story() -> None:
        one, other = Arrivals(database.dsn), Arrivals(database.dsn)
        # given a process that has just noted that all is well, and another one that refuses
        other.accepted("shop")
        await noted(database, "ok")
        one.refused("shop")
        await noted(database, "refused")
        # when the first accepts one more, and nothing else comes
        other.accepted("shop")
        # then all is well again, until the next is refused
        await noted(database, "ok")
        one.refused("shop")
        await noted(database, "refused")
        await one.stop()
        await other.stop()

    asyncio.run(story())


def test_what_was_accepted_before_it_was_refused_elsewhere_ends_nothing(database: Database) -> None:
    async def story() -> None:
        async with await psycopg.AsyncConnection.connect(database.dsn, autocommit=True) as connection:
            await rows.note(connection, [Heard("shop", None, 2)])
            await rows.note(connection, [Heard("shop", 30.0, 0)])

    asyncio.run(story())
    found = stands(database).source
    assert found is not None
    assert (found.state, found.failures) == ("refused", 2)
    assert "none was ever accepted" not in found.reason


def test_a_process_that_ends_while_it_notes_makes_no_connection_by_half(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect, ends = psycopg.AsyncConnection.connect, list[str]()

    async def story() -> None:
        begun = asyncio.Event()

        async def connecting(*given: Any, **named: Any) -> psycopg.AsyncConnection[Any]:
            begun.set()
            try:
                made = await connect(*given, **named)
            except BaseException as error:
                ends.append(type(error).__name__)
                raise
            ends.append("connected")
            return made

        monkeypatch.setattr(psycopg.AsyncConnection, "connect", connecting)
        # given a process that connects to note what it heard
        noting = Arrivals(database.dsn)
        noting.accepted("shop")
        await begun.wait()
        # when it ends
        await noting.stop()

    asyncio.run(story())
    # then it has connected once, to the end, and it is noted
    assert ends == ["connected"]
    found = stands(database).source
    assert found is not None
    assert found.state == "ok"
