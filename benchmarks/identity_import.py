"""The first import of an existing base: ``hub backfill`` of a csv and ``hub worker``, as an operator starts them."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import psutil  # type: ignore[import-untyped]
import psycopg
import yaml

from benchmarks.hub_side import UNDONE, metric
from benchmarks.people import COLUMNS, people
from benchmarks.processes import ROOT, Running, free_port, running
from benchmarks.server import Postgres

SAMPLE_SECONDS = 2.0
QUEUES = "process,complete"
_NOT_TOLD = {"record_id", "cluster_id", "source"}


@dataclass(frozen=True, slots=True)
class Sample:
    """At one moment since the beginning: records resolved, CPU seconds and memory in MB so far."""

    seconds: float
    records: int
    hub_cpu: float
    postgres_cpu: float
    hub_mb: float
    postgres_mb: float


@dataclass(frozen=True, slots=True)
class Imported:
    """``read_seconds``: until the file was in the inbox; ``seconds``: until all of it was resolved."""

    seconds: float
    read_seconds: float
    samples: list[Sample]
    lost: int
    parked: int
    precision: float
    recall: float
    profiles: int
    database_mb: float

    def between(self, low: int, high: int) -> tuple[Sample, Sample]:
        """The samples about these numbers of stored records."""
        first = min(self.samples, key=lambda sample: abs(sample.records - low))
        return first, min(self.samples, key=lambda sample: abs(sample.records - high))


def imported(server: Postgres, count: int, workers: int) -> Imported:
    """Write ``count`` records to a file, import it, and see what became of them."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hub-bench-import-")))
        file = folder / "people.csv"
        with file.open("w", newline="") as out:
            writer = csv.DictWriter(out, COLUMNS, restval="")
            writer.writeheader()
            writer.writerows(people(count))
        url = server.database("import")
        config = folder / "hub.yaml"
        config.write_text(yaml.safe_dump(_configuration(file)))
        environment = {"HUB_DATABASE_URL": url, "HUB_CONFIG": str(config), "HUB_LOG_LEVEL": "warning"}
        subprocess.run(
            [*_HUB, "migrate"], cwd=ROOT, env={**os.environ, **environment}, check=True, stdout=subprocess.DEVNULL
        )
        started = [stack.enter_context(_worker(environment)) for _ in range(workers)]
        return _measured(server, url, environment, started, count)


_HUB = (sys.executable, "-m", "hub.cli")


def _configuration(file: Path) -> dict[str, object]:
    fields = {"external_id": "record_id", **{name: name for name in COLUMNS if name not in _NOT_TOLD}}
    return {
        "connections": {
            "old-crm": {"connector": "csv", "path": str(file), "fields": fields},
            "new-crm": {"connector": "csv", "path": str(file.with_name("written.csv"))},
        },
        "routes": [{"to": "new-crm"}],
    }


@contextmanager
def _worker(environment: Mapping[str, str]) -> Iterator[tuple[int, Running]]:
    port = free_port()
    # Without the scheduler: training by itself is another figure, and begins when the records have come to rest.
    command = [*_HUB, "worker", "--queues", QUEUES, "--no-schedule", "--metrics-port", str(port)]
    with running(command, port=port, env=environment) as process:
        yield port, process


def _measured(
    server: Postgres, url: str, environment: Mapping[str, str], workers: list[tuple[int, Running]], count: int
) -> Imported:
    began = time.monotonic()
    reading = subprocess.Popen(
        [*_HUB, "backfill", "old-crm"],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    read_seconds = 0.0
    processes = [psutil.Process(process.pid) for _, process in workers] + [psutil.Process(reading.pid)]
    cpu: dict[int, float] = {}
    samples: list[Sample] = []
    while True:
        records = int(sum(metric(port, "hub_resolve_records_total") for port, _ in workers))
        hub_mb = sum(_look(process, cpu) for process in processes)
        at = time.monotonic() - began
        postgres = server.process
        samples.append(Sample(at, records, sum(cpu.values()), postgres.cpu_seconds(), hub_mb, _shared_out(postgres)))
        print(f"{at:6.0f} s {records:>9,} records {hub_mb:6.0f} MB", file=sys.stderr, flush=True)
        if reading.poll() is not None:
            read_seconds = read_seconds or at
            if _queued(url) == 0:
                break
        time.sleep(SAMPLE_SECONDS)
    if reading.returncode:
        raise RuntimeError(f"hub backfill ended with {reading.returncode}")
    return _seen(url, count, time.monotonic() - began, read_seconds, samples)


def _look(process: psutil.Process, cpu: dict[int, float]) -> float:
    """Note what a process has used so far; gives its resident memory in MB, 0 when it has ended."""
    with suppress(psutil.Error):
        cpu[process.pid] = sum(process.cpu_times()[:2])
        return float(process.memory_info().rss) / 1e6
    return 0.0


def _shared_out(server: Running) -> float:
    """Memory of all processes of the server in MB, pages they share counted once."""
    total = 0.0
    for member in psutil.Process(server.pid).children(recursive=True):
        with suppress(psutil.Error):
            total += member.memory_full_info().pss / 1e6
    return total


def _queued(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute(f"SELECT count(*) FROM ({UNDONE}) q".encode()).fetchone()
    assert row is not None
    return int(row[0])


def _seen(url: str, count: int, seconds: float, read_seconds: float, samples: list[Sample]) -> Imported:
    with psycopg.connect(url) as connection:
        placed: dict[str, UUID] = dict(connection.execute("SELECT external_id, profile_id FROM record").fetchall())
        numbers = connection.execute(
            "SELECT (SELECT count(*) FROM inbox_outcome), (SELECT count(*) FROM profile), "
            "pg_database_size(current_database())"
        ).fetchone()
    assert numbers is not None
    truth = {row["record_id"]: row["cluster_id"] for row in people(count)}
    both = Counter((placed[one], truth[one]) for one in placed)
    found, right, true = (_pairs(each.values()) for each in (Counter(placed.values()), both, Counter(truth.values())))
    return Imported(
        seconds=seconds,
        read_seconds=read_seconds,
        samples=samples,
        lost=len(truth.keys() - placed.keys()),
        parked=numbers[0],
        precision=right / found if found else 1.0,
        recall=right / true if true else 1.0,
        profiles=numbers[1],
        database_mb=numbers[2] / 1e6,
    )


def _pairs(sizes: object) -> int:
    return sum(size * (size - 1) // 2 for size in sizes)  # type: ignore[attr-defined]
