"""A vendor that drips an answer without end, or wishes to be left alone for a year, holds nobody for long."""

from __future__ import annotations

import socket
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from hub.application.complete import complete_batch
from hub.sdk.connection import Connection
from hub.sdk.http import HttpClient
from hub.sdk.source import Completion, InboxEntry
from hub.store.database import Database
from hub.store.inbox import NewEntry
from tests.support.doubles import at, by_name, source, store
from tests.support.sockets import Misbehaviour, listening

PATIENCE = 20.0


def drip_headers(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        connection.sendall(b"x-a: b\r\n")
        time.sleep(0.05)


def a_year(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 429 No\r\nretry-after: 31536000\r\ncontent-length: 0\r\n\r\n")


def junk(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 429 No\r\nretry-after: inf\r\ncontent-length: 0\r\n\r\n")


def thin(url: str) -> Connection:
    """A source whose entries are to be completed over HTTP."""

    def completions(taken: InboxEntry, settings: Any) -> Sequence[Completion]:
        return [] if taken.completions else [Completion("order", "/order")]

    def complete(completion: Completion, client: HttpClient, settings: Any) -> bytes:
        return client.get(completion.path).content

    made = source("shop", completions=completions, complete=complete)
    told = made.settings.model_copy(update={"base_url": url, "timeout_seconds": 0.2})
    return Connection("shop", made.connector, told)


@pytest.mark.parametrize(
    ("behave", "least", "most"),
    [
        (drip_headers, timedelta(), timedelta(minutes=1)),
        (a_year, timedelta(minutes=50), timedelta(hours=1)),
        (junk, timedelta(), timedelta(minutes=1)),
    ],
)
def test_completion_is_put_off_and_goes_on(
    database: Database, behave: Misbehaviour, least: timedelta, most: timedelta
) -> None:
    store(database, [NewEntry("shop", "e1", "events", "{}", b"1", at(0))])
    with database.session() as session:
        session.run("UPDATE inbox_queue SET step = 'complete'")
    begun = time.monotonic()
    with listening(behave) as url:
        assert complete_batch(database, by_name(thin(url)), {}) == 1
    assert time.monotonic() - begun < PATIENCE
    with database.session() as session:
        [(wait,)] = session.rows(
            """
            SELECT greatest(q.due_at, r.not_before) - now()
            FROM inbox_queue q LEFT JOIN completion_rest r ON r.connection = q.connection
            """
        )
    assert least < wait <= most
