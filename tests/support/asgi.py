"""One API process, called without a socket."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import httpx

from hub.api.app import Api
from hub.intake.arrivals import Arrivals
from hub.intake.inbox import GroupCommit
from hub.intake.receive import WebhookIntake
from hub.sdk.connection import Connection
from hub.store.database import Database

LIMIT = 10_000
"""Bytes a body may have."""


@asynccontextmanager
async def running_api(database: Database, connections: Mapping[str, Connection]) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a running API on this database."""
    inbox = GroupCommit(database.dsn)
    arrivals = Arrivals(database.dsn)
    intake = WebhookIntake(
        connections, inbox, public_url="https://hub.example.com", max_body_bytes=LIMIT, arrivals=arrivals
    )
    app = Api(intake, inbox, database, connections)
    inbox.start()
    try:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://hub.example.com") as client:
            yield client
    finally:
        await inbox.stop()
        await arrivals.stop()


def raw(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """Headers with values beyond ASCII, as they are on the wire."""
    return [(name.encode(), value.encode()) for name, value in headers.items()]
