"""A history that a person reads from the console: paused after a page, gone on with, never read by two at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub import bootstrap
from hub.application.backfill import read_now
from hub.errors import ConfigError, RefusedError
from hub.settings import load
from hub.store import backfills
from hub.store.backfills import Backfill
from tests.integration.test_cli import CONFIG, SECRET

ROWS = 1_200


@pytest.fixture
def run(tmp_path: Path, dsn: str) -> Iterator[bootstrap.Runtime]:
    (tmp_path / "hub.yaml").write_text(CONFIG.format(folder=tmp_path, secret=SECRET), encoding="utf-8")
    lines = [f"{number};person{number}@example.de;Anna;Ohm;\n" for number in range(ROWS)]
    (tmp_path / "kunden.csv").write_text("id;mail;vorname;nachname;tel\n" + "".join(lines), encoding="utf-8")
    settings = load(tmp_path / "hub.yaml", {"HUB_DATABASE_URL": dsn})
    with bootstrap.runtime(settings, pool_size=2) as found:
        yield found


def held(run: bootstrap.Runtime) -> Backfill:
    with run.database.session() as session:
        found = backfills.get(session, "old-crm")
    assert found
    return found


def test_a_pause_keeps_what_was_read_and_the_next_run_goes_on(run: bootstrap.Runtime) -> None:
    stopping = threading.Event()
    told: list[int] = []

    def after_a_page(now: Backfill) -> None:
        told.append(now.stored)
        if now.stored:
            stopping.set()

    read_now(run.database, run.connections["old-crm"], stopping, told=after_a_page)
    paused = held(run)
    assert 0 < paused.stored < ROWS
    assert not paused.finished
    assert told == [0, paused.stored]

    read_now(run.database, run.connections["old-crm"], threading.Event())
    assert (held(run).stored, held(run).finished) == (ROWS, True)
    assert read_now(run.database, run.connections["old-crm"], threading.Event()) is None


def test_two_never_read_one_history_at_once(run: bootstrap.Runtime) -> None:
    with backfills.alone(run.dsn, "old-crm") as first:
        assert first
        with pytest.raises(RefusedError, match="another process"):
            read_now(run.database, run.connections["old-crm"], threading.Event())


def test_who_offers_no_history_says_so(run: bootstrap.Runtime) -> None:
    with pytest.raises(ConfigError, match="no backfill"):
        read_now(run.database, run.connections["bi"], threading.Event())
