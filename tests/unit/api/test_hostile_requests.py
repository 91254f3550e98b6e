"""No request makes the API fail: what nothing can hold is the request's fault."""

from __future__ import annotations

import asyncio
from base64 import urlsafe_b64encode
from datetime import UTC, datetime

import orjson
import pytest

from hub.store import tokens
from hub.store.database import Database
from tests.support.asgi import running_api
from tests.support.doubles import by_name, source

NOBODY = "00000000-0000-0000-0000-000000000000"


def cursor(text: str | bytes) -> str:
    return urlsafe_b64encode(text if isinstance(text, bytes) else orjson.dumps(text)).decode()


@pytest.mark.parametrize(
    "path",
    [
        f"/inbox?cursor={cursor(b'99999999999999999999999')}",
        "/inbox?connection=%00",
        "/inbox?since=9999-12-31T23:59:59-23:59",
        "/dead-letters?connection=%00",
        "/dead-letters?cursor=" + cursor(f"outbox:\0:{NOBODY}"),
    ],
)
def test_a_value_that_nothing_can_hold_is_refused(database: Database, path: str) -> None:
    async def scenario() -> None:
        with database.session() as session:
            _, token = tokens.create(session, "admin", "test", datetime.now(UTC))
        async with running_api(database, by_name(source("shop"))) as client:
            answer = await client.get(f"/api/v1{path}", headers={"authorization": f"Bearer {token}"})
        assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")

    asyncio.run(scenario())
