"""While PostgreSQL is away nothing is acknowledged, and Hub recovers by itself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import httpx
import pytest

from hub.intake import inbox
from hub.store.database import Database
from tests.support.asgi import running_api
from tests.support.doubles import by_name, sign, source
from tests.support.processes import OwnPostgres, count, own_postgres

BODY = b"[]"


@pytest.fixture(scope="module")
def postgres() -> Iterator[OwnPostgres]:
    with own_postgres() as server:
        yield server


@pytest.fixture
def away_database(postgres: OwnPostgres) -> Iterator[Database]:
    database = Database(postgres.uri, size=2)
    database.open()
    yield database
    database.close()


async def post(client: httpx.AsyncClient, event_id: str, connection: str = "shop") -> httpx.Response:
    return await client.post(f"/webhooks/{connection}", content=BODY, headers=sign(BODY, event_id=event_id))


def test_a_killed_postgresql_is_answered_with_503_and_used_again_when_it_is_back(
    postgres: OwnPostgres, away_database: Database
) -> None:
    connections = by_name(source("shop"), source("brevo", retry_status=429))

    async def scenario() -> None:
        async with running_api(away_database, connections) as client:
            # given an API that works
            assert (await post(client, "before")).status_code == 202
            assert (await client.get("/health/ready")).status_code == 200
            # when PostgreSQL is killed
            postgres.kill()
            refused, other = await post(client, "during"), await post(client, "during", "brevo")
            ready, live = await client.get("/health/ready"), await client.get("/health/live")
            # then nothing is acknowledged, and each sender is told in its own way to come again
            assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
            assert (other.status_code, other.headers["retry-after"]) == (429, "5")
            assert (ready.status_code, live.status_code) == (503, 200)
            # when it is back, then so are we, without a restart
            postgres.start()
            assert (await post(client, "during")).status_code == 202
            await asyncio.sleep(1.1)  # readiness is asked once a second, whoever asks
            assert (await client.get("/health/ready")).status_code == 200

    asyncio.run(scenario())
    assert count(postgres.uri, "SELECT count(*) FROM inbox WHERE event_id IN ('before', 'during')") == 2


def test_a_postgresql_that_hangs_is_not_waited_for(postgres: OwnPostgres, away_database: Database) -> None:
    async def scenario() -> None:
        async with running_api(away_database, by_name(source("shop"))) as client:
            assert (await post(client, "h1")).status_code == 202
            postgres.freeze()
            try:
                started = time.monotonic()
                refused = await asyncio.gather(*(post(client, f"h{number}") for number in range(2, 5)))
                taken = time.monotonic() - started
            finally:
                postgres.thaw()
            # Shopify gives up after 5 seconds; a busy machine has a few of its own
            assert inbox.COMMIT_TIMEOUT < 4
            assert ([answer.status_code for answer in refused], taken < 20) == ([503, 503, 503], True)
            again = await asyncio.gather(*(post(client, f"h{number}") for number in range(2, 5)))
            assert [answer.status_code for answer in again] == [202, 202, 202]

    asyncio.run(scenario())
    assert count(postgres.uri, "SELECT count(*) FROM inbox WHERE event_id LIKE 'h%'") == 4


def test_a_restart_in_a_quiet_hour_costs_no_event(postgres: OwnPostgres, away_database: Database) -> None:
    # the connection of the last commit is dead, and nobody noticed
    async def scenario() -> None:
        async with running_api(away_database, by_name(source("shop"))) as client:
            assert (await post(client, "q1")).status_code == 202
            postgres.kill()
            postgres.start()
            assert (await post(client, "q2")).status_code == 202

    asyncio.run(scenario())
