"""What one more record costs with many stored: ``python -m benchmarks.identity_stored --beside TREE``.

Each tree stores the same invented records in a database of its own, then they take turns at further ones, a new process
each turn. CPU time only: of the process and of its PostgreSQL session, around ``resolve``, around the whole batch
(resolve, survive, enqueue), and while a lock is held that other workers wait for. With ``--stored 300000`` it takes a
quarter of an hour; ``--keep FOLDER`` keeps the data of the server, and uses what an earlier run left there.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path

import psycopg

from benchmarks.machine import describe
from benchmarks.people import COLUMNS, people
from benchmarks.processes import ROOT, Running
from benchmarks.server import Postgres, postgres
from hub.store import embedded

Turn = dict[str, float]
WARM_UP = 4_000
"""Records of each turn that are not counted: a worker remembers the names it met, and this one has met none."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.identity_stored", description=__doc__)
    parser.add_argument("--beside", type=Path, required=True, help="a checkout of Hub to compare with")
    parser.add_argument("--stored", type=int, default=20_000)
    parser.add_argument("--new", type=int, default=4_000, help="records counted in each turn")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--keep", type=Path, help="a folder for the server's data, kept and used again")
    options = parser.parse_args()
    trees = {"before": options.beside.resolve(), "now": ROOT}
    turns: dict[str, list[Turn]] = {name: [] for name in trees}
    each = options.new + WARM_UP
    with ExitStack() as stack:
        server = stack.enter_context(_server(options.keep) if options.keep else postgres())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hub-bench-stored-")))
        source = people(10 * options.stored)
        stored = _written(folder / "stored.csv", islice(source, options.stored))
        urls = {name: _database(server, tree, name, stored, options.stored) for name, tree in trees.items()}
        met = max(map(_count, urls.values())) - options.stored
        source = islice(source, met, None)
        further = [_written(folder / f"{n}.csv", islice(source, each)) for n in range(options.rounds)]
        for number, file in enumerate(further):
            # Who begins changes from turn to turn: the machine's other work does not favour one of them.
            for name in sorted(trees, reverse=bool(number % 2)):
                turns[name].append(_play(trees[name], urls[name], file, WARM_UP))
    print(" · ".join(f"{name}: {value}" for name, value in describe().items()), f"· {options.stored:,} stored\n")
    for name, played in turns.items():
        print(f"{name:7} {_words(played)}")
    for part in ("resolve", "batch", "held"):
        ratios = [_cost(n, part) / _cost(b, part) for b, n in zip(turns["before"], turns["now"], strict=True)]
        print(f"{part:7} ratio {statistics.median(ratios):.2f}  of {', '.join(f'{one:.2f}' for one in ratios)}")


@contextmanager
def _server(folder: Path) -> Iterator[Postgres]:
    folder.mkdir(parents=True, exist_ok=True)
    server = embedded.start(folder)
    try:
        yield Postgres(server.get_uri(), Running(int((folder / "postgres" / "postmaster.pid").read_text().split()[0])))
    finally:
        embedded.stop(server)


def _written(path: Path, rows: Iterator[dict[str, str]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as out:
        writer = csv.DictWriter(out, COLUMNS, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def _database(server: Postgres, tree: Path, name: str, file: Path, count: int) -> str:
    """A database with ``count`` records that this tree stored."""
    called = f"{name}_{count}"
    url = server.url.replace("/postgres?", f"/{called}?")
    with psycopg.connect(server.url) as connection:
        there = connection.execute("SELECT FROM pg_database WHERE datname = %s", [called]).fetchone()
    if there is None:
        begun = f"{called}_begun"
        done = _play(tree, server.database(begun), file, 0)
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute(f'ALTER DATABASE "{begun}" RENAME TO "{called}"'.encode())
        print(f"{name}: stored {done['records']:.0f}, {_words([done])}", file=sys.stderr, flush=True)
    return url


def _count(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT count(*) FROM record").fetchone()
    assert row is not None
    return int(row[0])


def _play(tree: Path, url: str, file: Path, warm_up: int) -> Turn:
    done = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks/identity_stored_side.py"), str(file), str(warm_up)],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree), "HUB_DATABASE_URL": url},
        check=True,
        stdout=subprocess.PIPE,
    )
    found: Turn = json.loads(done.stdout.splitlines()[-1])
    return found


def _cost(turn: Turn, part: str) -> float:
    """Microseconds of CPU for a record, process and session."""
    return 1e6 * (turn[f"{part}_hub"] + turn[f"{part}_postgres"]) / turn["records"]


def _words(played: list[Turn]) -> str:
    def each(name: str) -> str:
        return f"{1e6 * statistics.median(turn[name] / turn['records'] for turn in played):.0f}"

    return " · ".join(
        f"{part} {each(f'{part}_hub')} us hub + {each(f'{part}_postgres')} us PostgreSQL"
        for part in ("resolve", "batch", "held")
    )


if __name__ == "__main__":
    main()
