"""Backfill: history arrives once, whatever interrupts it, and a later run goes on where the last one stopped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import orjson
import pytest

from hub.errors import AuthError, ConfigError, RateLimited, Unavailable
from hub.intake.backfill import WAITS, Progress, backfill, plan
from hub.sdk.connection import Connection
from hub.sdk.source import BackfillItem, BackfillPage
from hub.store import backfills, inbox
from hub.store.backfills import Backfill
from hub.store.database import Database
from tests.support.doubles import START, source

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


class Vendor:
    """Twelve objects in pages of three; ``failures`` holds what to raise before a page is given."""

    def __init__(self) -> None:
        self.failures: dict[int, list[Exception]] = {}
        self.asked: list[tuple[datetime | None, Mapping[str, Any] | None]] = []

    def connection(self) -> Connection:
        return source("shop", backfill=self.pages, api_root=lambda settings: "https://shop.example.com")

    def pages(
        self, _: Any, settings: Any, since: datetime | None, cursor: Mapping[str, Any] | None
    ) -> Iterator[BackfillPage]:
        self.asked.append((since, cursor))
        for start in range(cursor["next"] if cursor else 0, 12, 3):
            if waiting := self.failures.get(start):
                raise waiting.pop(0)
            items = [BackfillItem(f"o{n}", "events", b"[]", {"n": str(n)}) for n in range(start, start + 3)]
            yield BackfillPage(items, {"next": start + 3}, 12)


def run(database: Database, vendor: Vendor, begun: Backfill | None = None) -> tuple[list[Progress], list[float]]:
    slept: list[float] = []
    walked = backfill(
        database, vendor.connection(), begun or Backfill("shop", None), clock=lambda: START, sleep=slept.append
    )
    return list(walked), slept


def held(database: Database) -> Backfill | None:
    with database.session() as session:
        return backfills.get(session, "shop")


def stored(database: Database) -> list[str]:
    with database.session() as session:
        return [entry["event_id"] for entry in reversed(inbox.page(session))]


def test_a_history_gives_way_while_its_connection_has_much_to_work_on(
    database: Database, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("hub.intake.backfill.MOST_WAITING", 4)
    waits: list[int] = []

    def worker(_: float) -> None:
        """Works on one entry at each look."""
        with database.session() as session:
            waits.append(backfills.waiting(session, "shop", 100))
            session.run("DELETE FROM inbox_queue WHERE inbox_id = (SELECT min(inbox_id) FROM inbox_queue)")

    steps = backfill(database, Vendor().connection(), Backfill("shop", None), clock=lambda: START, sleep=worker)
    assert [step.backfill.stored for step in steps] == [3, 6, 9, 12, 12]
    assert waits == [6, 5, 7, 6, 5, 7, 6, 5]


def test_without_a_worker_it_waits_once_and_no_more(database: Database, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("hub.intake.backfill.MOST_WAITING", 4)
    monkeypatch.setattr("hub.intake.backfill.PATIENCE_LOOKS", 3)
    _, slept = run(database, Vendor())
    assert len(slept) == 3


def test_every_page_is_stored_with_its_cursor(database: Database):
    progress, slept = run(database, Vendor())

    counts = [(step.backfill.stored, step.backfill.total, step.new, step.backfill.finished) for step in progress]
    assert counts == [(3, 12, 3, False), (6, 12, 6, False), (9, 12, 9, False), (12, 12, 12, False), (12, 12, 12, True)]
    assert stored(database) == [f"o{n}" for n in range(12)]
    assert held(database) == Backfill("shop", None, {"next": 12}, 12, 12, finished=True)
    assert slept == []
    with database.session() as session:
        first = inbox.get(session, 1)
    assert first is not None
    assert {name: first[name] for name in ("connection", "topic", "headers", "body", "received_at", "state")} == {
        "connection": "shop",
        "topic": "events",
        "headers": {"n": "0"},
        "body": b"[]",
        "received_at": START,
        "state": "pending",
    }


def test_an_interrupted_run_is_gone_on_with_after_its_last_whole_page(database: Database):
    vendor = Vendor()
    walk = backfill(database, vendor.connection(), Backfill("shop", NEW_YEAR), clock=lambda: START)
    list(islice(walk, 2))
    between = held(database)

    begun = plan(between, "shop", since=None, again=False)
    progress, _ = run(database, vendor, begun)

    assert between == Backfill("shop", NEW_YEAR, {"next": 6}, 6, 12)
    assert vendor.asked == [(NEW_YEAR, None), (NEW_YEAR, {"next": 6})]
    assert (progress[-1].new, progress[-1].backfill.stored) == (6, 12)
    assert stored(database) == [f"o{n}" for n in range(12)]


def test_a_page_that_cannot_be_stored_leaves_its_cursor_behind_too(database: Database):
    with database.session() as session:
        session.run("ALTER TABLE inbox ADD CONSTRAINT full_disk CHECK (event_id <> 'o4')")

    with pytest.raises(Exception, match="full_disk"):
        run(database, Vendor())

    assert stored(database) == ["o0", "o1", "o2"]
    assert held(database) == Backfill("shop", None, {"next": 3}, 3, 12)


def test_what_is_there_already_is_not_stored_twice(database: Database):
    run(database, Vendor())

    progress, _ = run(database, Vendor())

    assert (progress[-1].new, progress[-1].backfill.stored, len(stored(database))) == (0, 12, 12)


def test_outages_and_rate_limits_are_waited_for_and_nothing_is_lost(database: Database):
    vendor = Vendor()
    vendor.failures = {
        3: [Unavailable("GET shop.example.com: ReadTimeout"), Unavailable("503", retry_after=7.0)],
        6: [RateLimited("429", retry_after=2.5), *(RateLimited("429") for _ in range(9))],
    }

    progress, slept = run(database, vendor)

    assert slept == [WAITS[0], 7.0, 2.5, *[10.0] * 9]
    assert progress[-1].backfill.finished
    assert stored(database) == [f"o{n}" for n in range(12)]


def test_an_outage_that_lasts_ends_the_run_where_it_can_be_resumed(database: Database):
    vendor = Vendor()
    vendor.failures = {6: [Unavailable("GET shop.example.com: ConnectTimeout") for _ in range(9)]}

    with pytest.raises(Unavailable, match="ConnectTimeout"):
        run(database, vendor)

    assert held(database) == Backfill("shop", None, {"next": 6}, 6, 12)
    assert len(vendor.failures[6]) == 9 - len(WAITS) - 1


def test_refused_credentials_end_the_run_at_once(database: Database):
    vendor = Vendor()
    vendor.failures = {0: [AuthError("401")]}

    with pytest.raises(AuthError):
        run(database, vendor)

    assert held(database) is None


def test_a_connector_without_history_says_so(database: Database):
    with pytest.raises(ConfigError, match=r"connections\.till: its connector has no backfill"):
        list(backfill(database, source("till"), Backfill("till", None)))


FRESH, SINCE = Backfill("shop", None), Backfill("shop", NEW_YEAR)
HALF = Backfill("shop", NEW_YEAR, {"next": 3}, 3, 12)
DONE = Backfill("shop", None, {"next": 12}, 12, 12, finished=True)


@pytest.mark.parametrize(
    ("before", "since", "again", "begun"),
    [
        (None, None, False, FRESH),
        (None, NEW_YEAR, False, SINCE),
        (HALF, None, False, HALF),
        (HALF, NEW_YEAR, False, HALF),
        (HALF, START, False, Backfill("shop", START)),
        (HALF, None, True, FRESH),
        (DONE, None, False, None),
        (DONE, NEW_YEAR, False, SINCE),
        (DONE, None, True, FRESH),
    ],
)
def test_where_a_run_begins(before: Backfill | None, since: datetime | None, again: bool, begun: Backfill | None):
    assert plan(before, "shop", since=since, again=again) == begun


def test_a_text_with_nul_is_stored_without_it(database: Database):
    def pages(*_: Any) -> Iterator[BackfillPage]:
        yield BackfillPage([BackfillItem("o\x001", "events", orjson.dumps([]), {"a": "b\x00"})], {})

    connection = source("shop", backfill=pages, api_root=lambda settings: "https://shop.example.com")

    list(backfill(database, connection, Backfill("shop", None)))

    assert stored(database) == ["o1"]
