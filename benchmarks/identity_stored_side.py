"""One tree of Hub under measurement by ``identity_stored.py``, which runs this file: ``hub`` is that tree's.

``identity_stored_side.py FILE WARM_UP``: resolves the records of a csv file in batches, in the database of
HUB_DATABASE_URL. Prints the CPU seconds of this process and of its PostgreSQL session as JSON.
"""

from __future__ import annotations

import csv
import importlib
import importlib.util
import inspect
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count, islice
from pathlib import Path
from typing import Any

from hub.connectors.csv.manifest import CsvSettings
from hub.connectors.csv.mapping import event
from hub.store import migrate
from hub.store.database import Database

BATCH = 500
_AT = datetime(2026, 1, 1, tzinfo=UTC)
_NOT_TOLD = {"record_id", "cluster_id", "source"}


def _found(name: str, *places: str) -> Any:
    """What a module holds that stands in different places in different trees."""
    for place in places:
        if _is_there(place) and hasattr(module := importlib.import_module(place), name):
            return getattr(module, name)
    raise RuntimeError(f"this tree has no {name}")


def _is_there(place: str) -> bool:
    try:
        return importlib.util.find_spec(place) is not None
    except ModuleNotFoundError:
        return False


class Clock:
    """CPU seconds of this process and of a PostgreSQL session, added up by part."""

    def __init__(self, session: Any) -> None:
        row = session.one("SELECT pg_backend_pid()")
        self._schedule = Path(f"/proc/{row[0]}/schedstat")
        self.spent: dict[str, float] = {}
        self._held: tuple[float, float] | None = None

    def _now(self) -> tuple[float, float]:
        return time.process_time(), int(self._schedule.read_text().split()[0]) / 1e9

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        began = self._now()
        yield
        self._add(name, began)

    def hold(self) -> None:
        """A lock that others wait for was taken."""
        self._held = self._now()

    def let_go(self) -> None:
        """The transaction is over."""
        if self._held is not None:
            self._add("held", self._held)
        self._held = None

    def _add(self, name: str, began: tuple[float, float]) -> None:
        for whose, was, now in zip(("hub", "postgres"), began, self._now(), strict=True):
            self.spent[f"{name}_{whose}"] = self.spent.get(f"{name}_{whose}", 0.0) + now - was


def main() -> None:
    file, warm_up = Path(sys.argv[1]), int(sys.argv[2])
    url = os.environ["HUB_DATABASE_URL"]
    migrate.migrate(url)
    database = Database(url)
    database.open()
    _found("tune_memory", "hub.workers.memory", "hub.bootstrap")()
    process: Any = importlib.import_module(
        next(place for place in ("hub.application.process", "hub.workers.process") if _is_there(place))
    )
    rules = _found("IdentityRules", "hub.matching.rules", "hub.identity.rules")()
    survivorship = _found("SurvivorshipRules", "hub.profiles.survivorship")()
    processing = process.Processing(database, {}, [], rules, survivorship)
    drafting = _found("Drafting", "hub.identity.record_changes", "hub.identity.drafts")
    needed = (rules,) if "rules" in inspect.signature(drafting).parameters else ()
    with database.session() as session:  # the pool gives the same session again and again
        clock = Clock(session)
    work = _in_one if hasattr(process, "apply") else _in_two
    run = work(process, clock)
    done = 0
    for batch in _batches(file):
        drafts = drafting(*needed)
        for number, told in batch:
            drafts.add("people", number, _AT, told)
        with clock.part("batch"):
            run(processing, drafts.drafts)
        done += len(batch)
        if done == warm_up:
            clock.spent.clear()
    database.close()
    print(json.dumps({**clock.spent, "records": done - warm_up}))


def _in_one(process: Any, clock: Clock) -> Callable[[Any, Any], None]:
    """How a tree works that does all in one transaction, under the lock of identity."""
    process.resolve = _timed(process.resolve, clock)
    matches = importlib.import_module("hub.store.matches")
    _noted(matches, "lock", clock)

    def run(processing: Any, drafts: Any) -> None:
        with processing.database.session() as session:
            process.apply(session, processing, drafts, _AT)
        clock.let_go()

    return run


def _in_two(process: Any, clock: Clock) -> Callable[[Any, Any], None]:
    """How a tree works that records in one transaction and places in another."""
    placing: Any = importlib.import_module("hub.application.placing")
    process.record, process.publish = _timed(process.record, clock), _timed(process.publish, clock)
    placing.resolve = _timed(placing.resolve, clock)
    _noted(importlib.import_module("hub.store.identity_locks"), "counting", clock)

    def run(processing: Any, drafts: Any) -> None:
        with processing.database.session() as session:
            mark = process._Recording(session, processing, drafts).publish()  # noqa: SLF001
        clock.let_go()
        placing.place_marks(processing, [mark])

    return run


def _noted(module: Any, name: str, clock: Clock) -> None:
    lock = getattr(module, name)

    def noted(session: Any) -> None:
        lock(session)
        clock.hold()

    setattr(module, name, noted)


def _timed(resolve: Callable[..., Any], clock: Clock) -> Callable[..., Any]:
    def run(*arguments: Any, **named: Any) -> Any:
        with clock.part("resolve"):
            return resolve(*arguments, **named)

    return run


def _batches(file: Path) -> Iterator[list[tuple[int, Any]]]:
    with file.open(newline="", encoding="utf-8") as rows:
        reader = csv.DictReader(rows)
        fields = {
            "external_id": "record_id",
            **{name: name for name in reader.fieldnames or () if name not in _NOT_TOLD},
        }
        settings = CsvSettings(path=file, fields=fields)
        numbered = zip(count(1), reader, strict=False)
        while batch := list(islice(numbered, BATCH)):
            yield [(number, _events(row, settings)) for number, row in batch]


def _events(row: dict[str, str], settings: CsvSettings) -> list[Any]:
    told = event(row, settings, modified=_AT)
    return list(told) if isinstance(told, list | tuple) else [told]


if __name__ == "__main__":
    main()
