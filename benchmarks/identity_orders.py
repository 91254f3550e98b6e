"""``python -m benchmarks.identity_orders [--orders N] [--train] FOLDER [SET …]``: does the order of arrival matter?

Labelled csv files in random orders, random splits into batches and with one, two or four workers, each through the csv
connector, the inbox and the workers' batches into a PostgreSQL database of its own: the clusters and the golden
profiles at the end have to be the same, to the byte. Ids of profiles may differ: the first record to come gives the id.
The clusters also have to be those of everything from nothing, in memory.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import orjson

from benchmarks.figures import Figure, reached, table
from benchmarks.machine import describe
from benchmarks.server import Postgres, postgres
from hub.application.process import BATCH, Processing, process_batch
from hub.application.train import train_if_due
from hub.connectors.csv.manifest import CsvSettings
from hub.learning.labelled import unlabelled
from hub.matching.clustering import cluster
from hub.matching.features import features_of
from hub.matching.rules import IdentityRules
from hub.profiles.survivorship import SurvivorshipRules
from hub.sdk import registry
from hub.sdk.connection import Connection
from hub.store import inbox, matches, migrate
from hub.store.database import Database
from hub.store.inbox import NewEntry

NAME = "people"
BATCHES = (1, 7, 50, 300, 1_000)
"""Records told at a time."""

WORKERS = (1, 2, 4)
"""Workers at once, one number for each order."""

_AT = datetime(2026, 3, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Rows:
    """The records of one file as the inbox gets them."""

    connection: Connection
    entries: Sequence[NewEntry]


@dataclass(frozen=True, slots=True)
class End:
    """What must be the same however we got there: who is with whom, and every profile as its destinations see it."""

    clusters: list[list[UUID]]
    golden: str


def rows(path: Path, scratch: Path, most: int | None = None) -> Rows:
    """A labelled file without its labels; ``most`` records of it. ``scratch`` is a folder for the copy."""
    copy = scratch / path.name
    labels = unlabelled(path, copy)
    settings = CsvSettings(path=copy, fields={"external_id": "record_id", **{name: name for name in labels.fields}})
    connection = Connection(NAME, registry.get("csv"), settings)
    source = connection.connector.source
    assert source is not None
    assert source.backfill is not None
    items = [item for page in source.backfill(None, settings, None, None) for item in page.items]  # type: ignore[arg-type]
    entries = [
        NewEntry(NAME, item.event_id, item.topic, orjson.dumps(item.headers).decode(), item.body, _AT) for item in items
    ]
    return Rows(connection, entries[:most])


def ended(database: Database, told: Rows, chance: random.Random, *, train: bool = False, workers: int = 1) -> End:
    """Tell an empty database everything, in an order and in batches by chance; with ``train``, fit the weights then.

    Each batch is worked through by so many workers at once, a few records at a time where they are several.
    """
    processing = Processing(database, {NAME: told.connection}, (), IdentityRules(), SurvivorshipRules())
    for batch in _batched(told.entries, chance):
        with database.session() as session:
            inbox.insert(session, batch)
        _drain(processing, workers)
    if train and train_if_due(database, processing.identity, datetime.now(UTC)):
        _drain(processing, workers)
    with database.session() as session:
        placed = session.rows("SELECT profile_id, id FROM record ORDER BY id")
        golden = session.rows("SELECT golden FROM profile ORDER BY golden")
        parked = session.rows("SELECT reason FROM inbox_outcome")
    if parked:
        raise RuntimeError(f"{len(parked)} records were not taken, the first because: {parked[0][0]}")
    found: defaultdict[UUID, list[UUID]] = defaultdict(list)
    for profile, record in placed:
        found[profile].append(record)
    digest = hashlib.blake2b("\n".join(text for (text,) in golden).encode()).hexdigest()
    return End(sorted(found.values()), digest)


def _batched(entries: Sequence[NewEntry], chance: random.Random) -> Iterator[list[NewEntry]]:
    shuffled = list(entries)
    chance.shuffle(shuffled)
    done = 0
    while done < len(shuffled):
        size = chance.choice(BATCHES)
        yield shuffled[done : done + size]
        done += size


def _drain(processing: Processing, workers: int) -> None:
    def drain() -> None:
        while process_batch(processing, BATCH if workers == 1 else 20).entries:
            pass

    with ThreadPoolExecutor(workers) as pool:
        for done in [pool.submit(drain) for _ in range(workers)]:
            done.result()


def from_nothing(database: Database) -> list[list[UUID]]:
    """The clusters of all stored records by the rules and weights in force, in memory."""
    processing = Processing(database, {}, (), IdentityRules(), SurvivorshipRules())
    with database.session() as session:
        identity = processing.in_force(session).identity
        records = [row[0] for row in session.rows("SELECT id FROM record")]
        states = matches.states(session, records)
    people = {record: features_of(state, identity.rules) for record, state in states.items()}
    return cluster(people, identity.model, identity.rules).groups


def main() -> int:
    arguments = _arguments()
    figures: list[Figure] = []
    print(" · ".join(f"{name}: {value}" for name, value in describe().items()), flush=True)
    with postgres() as server:
        figures += [
            _measured(server, path, arguments)
            for path in sorted(arguments.folder.glob("*.csv"))
            if not arguments.sets or path.stem in arguments.sets
        ]
    print(table(figures))
    return 0 if figures and all(figure.met for figure in figures) else 1


def _measured(server: Postgres, path: Path, arguments: argparse.Namespace) -> Figure:
    ends, seconds, apart = [], [], 0
    with tempfile.TemporaryDirectory() as scratch:
        told = rows(path, Path(scratch))
        for number in range(arguments.orders):
            url = server.database("orders")
            migrate.migrate(url)
            database = Database(url, size=max(WORKERS) + 2)
            database.open()
            began = time.perf_counter()
            workers = WORKERS[number % len(WORKERS)]
            ends.append(ended(database, told, random.Random(number), train=arguments.train, workers=workers))
            seconds.append(time.perf_counter() - began)
            apart += ends[-1].clusters != from_nothing(database)
            database.close()
            print(f"{path.stem}: order {number + 1}, {seconds[-1]:.1f} s", file=sys.stderr, flush=True)
    clusters = len({str(end.clusters) for end in ends})
    golden = len({end.golden for end in ends})
    name = f"{path.stem}: {len(told.entries):,} records, {len(ends)} orders with one, two and four workers, "
    name += f"{len(ends[0].clusters):,} profiles: "
    name += f"{clusters} clusterings, {golden} sets of golden profiles, {apart} unlike from nothing"
    return Figure(
        "orders", name, "different ends", [max(clusters, golden)], failures=apart, target="1 of both, 0 unlike",
        met=reached(max(clusters, golden), "<=", 1, apart), details={"seconds": seconds},
    )  # fmt: skip


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.identity_orders", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the labelled csv files are")
    parser.add_argument("sets", nargs="*", metavar="SET", help="names of files without .csv; all, without any")
    parser.add_argument("--orders", type=int, default=10, help="random orders of each set")
    parser.add_argument(
        "--train", action="store_true", help="fit the weights once everything is told, as a worker does"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
