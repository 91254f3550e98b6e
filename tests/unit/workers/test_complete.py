"""Completion: a vendor that is away costs little, one entry at fault holds up no other, and nothing runs in circles."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from hub.application.complete import AWAY_AFTER, complete_batch
from hub.errors import AuthError, RateLimited, Unavailable
from hub.sdk.connection import Connection
from hub.sdk.http import HttpClient
from hub.sdk.source import Completion, InboxEntry
from hub.store import inbox
from hub.store.database import Database
from hub.store.inbox import NewEntry
from tests.support.doubles import at, by_name, source, store

Fetch = Callable[[str], bytes]


def thin(fetch: Fetch, *, wanted: Callable[[InboxEntry], Sequence[str]] | None = None) -> Connection:
    """A source whose entries name the path of what they lack."""

    def completions(taken: InboxEntry, settings: Any) -> list[Completion]:
        names = wanted(taken) if wanted else ([] if taken.completions else [taken.body.decode()])
        return [Completion(name, f"/{name}") for name in names]

    def complete(completion: Completion, client: HttpClient, settings: Any) -> bytes:
        return fetch(completion.name)

    made = source("shop", completions=completions, complete=complete)
    return Connection("shop", made.connector, made.settings.model_copy(update={"base_url": "http://shop.example.com"}))


def put(database: Database, count: int) -> None:
    store(database, [NewEntry("shop", f"e{n}", "events", "{}", str(n).encode(), at(0)) for n in range(count)])
    with database.session() as session:
        session.run("UPDATE inbox_queue SET step = 'complete'")


def waits(database: Database) -> list[tuple[str, timedelta, int]]:
    with database.session() as session:
        return session.rows("SELECT step, due_at - now(), attempts FROM inbox_queue ORDER BY inbox_id")


@pytest.mark.parametrize(
    ("error", "asked"), [(Unavailable("down"), AWAY_AFTER), (RateLimited("slow"), 1), (AuthError("no"), 1)]
)
def test_a_vendor_that_is_away_is_not_asked_for_every_entry(database: Database, error: Exception, asked: int) -> None:
    calls: list[str] = []

    def fetch(name: str) -> bytes:
        calls.append(name)
        raise error

    put(database, 10)
    assert complete_batch(database, by_name(thin(fetch)), {}) == asked
    assert len(calls) == asked
    # then nobody asks it for a while, and the entries that were not asked for have lost nothing
    assert complete_batch(database, by_name(thin(fetch)), {}) == 0
    assert len(calls) == asked
    found = waits(database)
    assert [attempts for *_, attempts in found[asked:]] == [0] * (10 - asked)
    assert all(step == "complete" and wait <= timedelta() for step, wait, _ in found[asked:])


def test_one_entry_that_cannot_be_fetched_holds_up_no_other(database: Database) -> None:
    def fetch(name: str) -> bytes:
        if name == "0":
            raise Unavailable("this one only")
        return b"[]"

    put(database, 5)
    complete_batch(database, by_name(thin(fetch)), {})
    assert [step for step, *_ in waits(database)] == ["complete", *["process"] * 4]


def test_a_connector_that_never_has_enough_is_stopped(database: Database) -> None:
    put(database, 1)
    shop = thin(lambda _: b"[]", wanted=lambda taken: [str(len(taken.completions))])
    complete_batch(database, by_name(shop), {})
    assert waits(database) == []
    with database.session() as session:
        [found] = inbox.page(session)
    assert (found["state"], found["reason"]) == (
        "parked",
        "could not be completed: 4 rounds of fetching were not enough",
    )


def test_a_database_that_goes_away_parks_nothing(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: Any) -> None:
        raise psycopg.OperationalError("the server was stopped")

    put(database, 1)
    with monkeypatch.context() as away:
        away.setattr(inbox, "add_completion", gone)
        with pytest.raises(psycopg.OperationalError):
            complete_batch(database, by_name(thin(lambda _: b"[]")), {})
    assert [step for step, *_ in waits(database)] == ["complete"]
