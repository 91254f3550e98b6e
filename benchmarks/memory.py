"""Resident memory of one worker over many events: small, and as much after the last as after the first."""

from __future__ import annotations

from benchmarks import load
from benchmarks.figures import Figure, reached
from benchmarks.hub_side import hub
from benchmarks.options import Options
from benchmarks.server import Postgres

TARGET_MB = 300.0
TARGET_GROWTH = 1.15
"""From the first mark to the last: what a heap's fragments may take, and no leak."""
STEADY = 50_000
"""Events after which caches are full; growth from an earlier mark is shown and not judged."""
CHUNK = 10_000
FIRST_SEED = 1_000


def measure(server: Postgres, options: Options) -> list[Figure]:
    """Send to each mark, wait until all is processed, look at the worker."""
    marks: dict[int, float] = {}
    failures = 0
    with hub(server, "memory") as it, it.api() as (port, api), it.worker() as (_, worker):
        sent, seed = 0, FIRST_SEED
        for mark in options.memory_marks:
            while sent < mark:
                count = min(CHUNK, mark - sent)
                seed += 1
                outcome = load.run(
                    load.Load(port=port, count=count, warm_up=0, connections=options.connections, seed=seed)
                )
                failures += outcome.failures
                sent += count
                it.wait_processed()
            marks[mark] = worker.resident_mb()
        api_mb = api.resident_mb()
        failures += it.one("SELECT count(*) FROM inbox_outcome") + abs(it.one("SELECT count(*) FROM inbox") - sent)
    first, last = options.memory_marks[0], options.memory_marks[-1]
    growth = marks[last] / marks[first]
    return [
        Figure(
            "memory",
            f"worker after {' / '.join(f'{mark:,}' for mark in marks)} events",
            "MB at most",
            [max(marks.values())],
            failures,
            target=f"< {TARGET_MB:.0f} MB",
            met=reached(max(marks.values()), "<", TARGET_MB, failures),
            details={"marks": {str(mark): round(mb, 1) for mark, mb in marks.items()}, "api_mb": round(api_mb, 1)},
        ),
        Figure(
            "memory",
            "worker, last mark to first",
            "x",
            [growth],
            failures,
            target=f"<= {TARGET_GROWTH}" if first >= STEADY else f"judged from {STEADY:,} events on",
            met=reached(growth, "<=", TARGET_GROWTH, failures) if first >= STEADY else None,
            details={"bytes_per_event": 1e6 * (marks[last] - marks[first]) / (last - first)},
        ),
    ]
