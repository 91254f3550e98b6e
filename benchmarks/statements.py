"""SQL statements per event at several batch sizes: with set-based SQL it falls as one over the batch."""

from __future__ import annotations

import contextlib
import os

from benchmarks import load
from benchmarks.figures import Figure, reached
from benchmarks.hub_side import Hub, hub
from benchmarks.options import Options
from benchmarks.server import Postgres
from hub import bootstrap, log, metrics
from hub.application.process import Processing, process_batch
from hub.settings import load as load_settings

BATCHES_OF_EACH = 3
SEED = 77
TARGET_PER_BATCH = 30


def statements(server: Postgres, options: Options) -> list[Figure]:
    """Fill the inbox through the API, then run a few batches of each size in this process and count."""
    counts: dict[int, list[float]] = {}
    with hub(server, "statements") as it:
        _fill(it, BATCHES_OF_EACH * sum(options.batch_sizes) + max(options.batch_sizes), options)
        settings = load_settings(it.config, {**os.environ, **it.environment})
        log.configure("warning", "console")
        with bootstrap.runtime(settings) as run:
            process_batch(run.processing, max(options.batch_sizes))  # caches and plans
            for size in options.batch_sizes:
                counts[size] = [_per_event(run.processing, size) for _ in range(BATCHES_OF_EACH)]
    largest = max(counts)
    return [
        *(_figure(size, rounds, min(options.batch_sizes), counts) for size, rounds in counts.items()),
        _per_batch(largest, [each * largest for each in counts[largest]]),
    ]


def _fill(it: Hub, events: int, options: Options) -> None:
    with it.api() as (port, _):
        sent = load.Load(port=port, count=events, warm_up=0, connections=options.connections, seed=SEED)
        outcome = load.run(sent)
    if outcome.failures:
        raise RuntimeError(f"{outcome.failures} of {events} events were not acknowledged")


def _per_event(processing: Processing, size: int) -> float:
    before = _statements()
    batch = process_batch(processing, size)
    if batch.entries != size:
        raise RuntimeError(f"a batch of {batch.entries} where {size} were queued")
    return (_statements() - before) / size


def _statements() -> float:
    with contextlib.suppress(StopIteration):
        return next(
            sample.value
            for family in metrics.SQL_STATEMENTS.collect()
            for sample in family.samples
            if sample.name == "hub_sql_statements_total"
        )
    raise RuntimeError("no counter of statements")


def _figure(size: int, rounds: list[float], smallest: int, counts: dict[int, list[float]]) -> Figure:
    per_batch = sorted(rounds)[len(rounds) // 2] * size
    floor = sorted(counts[smallest])[len(counts[smallest]) // 2] * smallest
    return Figure(
        "end to end",
        f"SQL statements per event, batches of {size}",
        "statements",
        rounds,
        target="a batch of any size needs about the same number" if size != smallest else "",
        met=reached(per_batch / floor, "<=", 2.0) if size != smallest else None,
        details={"per_batch": per_batch},
    )


def _per_batch(size: int, rounds: list[float]) -> Figure:
    return Figure(
        "end to end",
        f"SQL statements per batch of {size}",
        "statements",
        rounds,
        target=f"<= {TARGET_PER_BATCH}",
        met=reached(sorted(rounds)[len(rounds) // 2], "<=", TARGET_PER_BATCH),
    )
