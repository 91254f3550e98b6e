"""What more workers bring: ``python -m benchmarks.identity_workers``, with ``--stored 300000`` half an hour.

Invented records are stored; then one worker, and two at once, work through further ones from the inbox, in turns, each
worker a process of its own. Told are records a second, CPU a record, how long others waited for the lock of counting
and how long it was held, and how many records were put off because another worker was at them. ``--one-person N`` has
four workers take N records that hang together instead.

Two workers and PostgreSQL share the cores here. PostgreSQL's share is subtracted: of one worker's time all of its CPU,
because the two take turns; of two workers' time half of it.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks.identity_stored import _written
from benchmarks.machine import describe
from benchmarks.people import people
from benchmarks.processes import ROOT
from benchmarks.server import Postgres, postgres
from hub.connectors.csv.manifest import CsvSettings
from hub.sdk import registry
from hub.sdk.connection import Connection
from hub.store import inbox, migrate
from hub.store.database import Database
from hub.store.inbox import NewEntry

_NOT_TOLD = {"record_id", "cluster_id", "source"}


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn: seconds, seconds of PostgreSQL's CPU, and what each worker told."""

    seconds: float
    postgres: float
    records: int
    told: list[dict[str, float]]

    def each(self, name: str) -> float:
        """Microseconds a record of all workers together."""
        return 1e6 * sum(one[name] for one in self.told) / self.records

    @property
    def worked(self) -> float:
        """Seconds without PostgreSQL's share."""
        return self.seconds - self.postgres / min(2, len(self.told))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.identity_workers", description=__doc__)
    parser.add_argument("--stored", type=int, default=10_000)
    parser.add_argument("--new", type=int, default=4_000, help="records of each turn")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--one-person", type=int, help="records of one person for four workers, nothing else")
    options = parser.parse_args()
    print(" · ".join(f"{name}: {value}" for name, value in describe().items()))
    with ExitStack() as stack:
        server = stack.enter_context(postgres())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hub-bench-workers-")))
        url = server.database("workers")
        migrate.migrate(url)
        if options.one_person:
            _tell("one person", _turn(server, url, folder, _one(options.one_person), 4))
            return
        source = people(20 * (options.stored + options.new * options.rounds * 2))
        if options.stored:
            _tell("stored", _turn(server, url, folder, islice(source, options.stored), 2))
        turns: dict[int, list[Turn]] = {1: [], 2: []}
        for number in range(options.rounds):
            for workers in (1, 2) if number % 2 else (2, 1):
                turn = _turn(server, url, folder, islice(source, options.new), workers)
                turns[workers].append(turn)
                _tell(f"{workers} worker{'s' if workers > 1 else ''}", turn)
    ratios = [one.seconds / two.seconds for one, two in zip(turns[1], turns[2], strict=True)]
    worked = [one.worked / two.worked for one, two in zip(turns[1], turns[2], strict=True)]
    words = ", ".join(f"{one:.2f}" for one in worked)
    print(
        f"two workers: {statistics.median(ratios):.2f} x one as they are, {statistics.median(worked):.2f} x of {words}"
    )


def _one(number: int) -> Iterator[dict[str, str]]:
    """Records of one person, whose mailboxes go from one to the next: whoever comes in ties others together."""
    for one in range(number):
        email, phone = f"anna{one // 2}@example.com", f"+49302312{(one + 1) // 2:05d}"
        yield {"record_id": f"p{one}", "first_name": "Anna", "last_name": "Berg", "email": email, "phone": phone}


def _turn(server: Postgres, url: str, folder: Path, rows: Iterable[dict[str, str]], workers: int) -> Turn:
    file = _written(folder / "told.csv", iter(rows))
    count = _told(url, file)
    before = server.process.cpu_seconds()
    side = str(ROOT / "benchmarks/identity_workers_side.py")
    running = [
        subprocess.Popen(
            [sys.executable, side, str(file)],
            env={**os.environ, "PYTHONPATH": str(ROOT), "HUB_DATABASE_URL": url},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for _ in range(workers)
    ]  # fmt: skip
    for one in running:
        assert one.stdout is not None
        one.stdout.readline()
    began = time.perf_counter()
    for one in running:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()
    told = [json.loads(one.communicate()[0].splitlines()[-1]) for one in running]
    seconds = time.perf_counter() - began
    if any(one.returncode for one in running):
        raise RuntimeError("a worker failed")
    return Turn(seconds, server.process.cpu_seconds() - before, count, told)


def connection(file: Path) -> Connection:
    """The csv connection that reads such a file."""
    with file.open(encoding="utf-8") as rows:
        names = [name for name in next(rows).strip().split(",") if name not in _NOT_TOLD]
    settings = CsvSettings(path=file, fields={"external_id": "record_id", **{name: name for name in names}})
    return Connection("people", registry.get("csv"), settings)


def _told(url: str, file: Path) -> int:
    """Put the records of a file into the inbox; gives how many."""
    connected = connection(file)
    source: Any = connected.connector.source
    items = [item for page in source.backfill(None, connected.settings, None, None) for item in page.items]
    database = Database(url)
    database.open()
    with database.session() as session:
        now = session.now()
        for start in range(0, len(items), 1_000):
            inbox.insert(
                session,
                [
                    NewEntry("people", item.event_id, item.topic, json.dumps(dict(item.headers)), item.body, now)
                    for item in items[start : start + 1_000]
                ],
            )
    database.close()
    return len(items)


def _tell(name: str, turn: Turn) -> None:
    put_off, repeated = (sum(one[what] for one in turn.told) for what in ("put_off", "repeated"))
    print(
        f"{name:10} {turn.records:,} records in {turn.seconds:.1f} s, {turn.records / turn.seconds:,.0f}/s · "
        f"{turn.each('hub'):.0f} us hub + {1e6 * turn.postgres / turn.records:.0f} us PostgreSQL · counting: "
        f"waited {turn.each('waited'):.0f} us, held {turn.each('held'):.0f} us · "
        f"{put_off:.0f} put off, {repeated:.0f} repeated · {turn.each('statements') / 2_000:.0f} statements for 500",
        flush=True,
    )


if __name__ == "__main__":
    main()
