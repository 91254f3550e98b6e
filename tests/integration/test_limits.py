"""What bounds memory and work: bytes of one claim, bytes at the door, and a sweep that does not count."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

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


def test_the_door_asks_to_come_again_before_its_memory_is_full(database, monkeypatch):
    monkeypatch.setattr(receive, "MAX_HELD_BYTES", 10)

    async def scenario() -> tuple[int, str]:
        async with running_api(database, by_name(source("shop"))) as client:
            answer = await client.post("/webhooks/shop", content=b"x" * 11)
            return answer.status_code, answer.headers["retry-after"]

    assert asyncio.run(scenario()) == (503, "5")


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
