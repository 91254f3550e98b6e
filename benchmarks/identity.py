"""``python -m benchmarks.identity [--count N] [PART …]``: how fast identity is, and how that grows with what is stored.

``pure``: deciding in memory. ``import``: a csv through ``hub backfill`` and ``hub worker`` into PostgreSQL.
``splink``: Splink on DuckDB with the same records.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import Any

from benchmarks import identity_import, identity_pure, identity_splink
from benchmarks.figures import Figure, reached, table
from benchmarks.machine import describe
from benchmarks.server import postgres

MARKS = (10_000, 100_000, 300_000, 1_000_000)
RATE, GROWTH, MINUTES, MEMORY_MB = 10_000, 1.5, 10, 2 * 2**30 / 1e6


def main() -> int:
    arguments = _arguments()
    conditions: dict[str, Any] = describe()
    figures: list[Figure] = []
    for part in arguments.parts or PARTS:
        print(f"{part} …", file=sys.stderr, flush=True)
        figures += PARTS[part](arguments, conditions)
    print(" · ".join(f"{name}: {value}" for name, value in conditions.items()), "", table(figures), sep="\n")
    return 0 if all(figure.met is not False and not figure.failures for figure in figures) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.identity", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"one or more of: {', '.join(PARTS)}")
    parser.add_argument("--count", type=int, default=1_000_000, help="records of the import and the largest mark")
    parser.add_argument("--workers", type=int, default=2, help="worker processes of the import")
    parser.add_argument("--splink", type=int, default=100_000, help="records that Splink gets")
    arguments = parser.parse_args()
    if unknown := set(arguments.parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    return arguments


def _marks(count: int) -> list[int]:
    return [mark for mark in MARKS if mark < count] + [count]


def _pure(arguments: argparse.Namespace, conditions: dict[str, Any]) -> list[Figure]:
    rates = identity_pure.measured(_marks(arguments.count))
    slower = rates[0].value / rates[-1].value
    figures = [
        Figure(
            "pure",
            f"decided in memory, {rate.stored:,} stored ({rate.pairs:.1f} pairs a record)",
            "records/s per core",
            rate.rounds,
            target=f">= {RATE:,}/s" if rate.stored == 300_000 else "",
            met=reached(rate.value, ">=", RATE) if rate.stored == 300_000 else None,
        )
        for rate in rates
    ]
    return [*figures, _growth("pure", "cost per record in memory", slower)]


def _growth(benchmark: str, name: str, value: float) -> Figure:
    return Figure(
        benchmark,
        f"{name}, last to first mark",
        "x",
        [value],
        target=f"<= {GROWTH}",
        met=reached(value, "<=", GROWTH),
    )


def _import(arguments: argparse.Namespace, conditions: dict[str, Any]) -> list[Figure]:
    count: int = arguments.count
    with postgres() as server:
        conditions |= {**server.durability(), "one commit ms": f"{server.commit_ms():.2f}"}
        done = identity_import.imported(server, count, arguments.workers)
    failures = done.lost + done.parked
    minutes, whole = done.seconds / 60, count == MARKS[-1]
    peak = max(sample.hub_mb for sample in done.samples)
    figures = [
        Figure(
            "import",
            f"{count:,} records, csv to profiles and outbox, {arguments.workers} workers",
            "minutes",
            [minutes],
            failures=failures,
            target=f"< {MINUTES}" if whole else "",
            met=reached(minutes, "<", MINUTES, failures) if whole else None,
        ),
        Figure("import", "until the file was in the inbox", "s", [done.read_seconds]),
        Figure(
            "import",
            "memory of workers and command at most",
            "MB",
            [peak],
            target=f"< {MEMORY_MB:.0f}",
            met=reached(peak, "<", MEMORY_MB),
        ),
        Figure("import", "memory of PostgreSQL at most", "MB", [max(sample.postgres_mb for sample in done.samples)]),
        Figure("import", "database afterwards", "MB", [done.database_mb]),
        Figure("import", "precision by pairs, shipped weights", "", [done.precision]),
        Figure("import", "recall by pairs, shipped weights", "", [done.recall]),
    ]
    return [*figures, *_stages(done, count)]


def _stages(done: identity_import.Imported, count: int) -> list[Figure]:
    """Rate and cost while the number stored passed each mark."""
    costs, figures = [], []
    for mark in _marks(count):
        low, high = done.between(int(mark * 0.8), min(count, int(mark * 1.2)))
        if high.records <= low.records or high.seconds <= low.seconds:
            continue
        records = high.records - low.records
        hub, server = (high.hub_cpu - low.hub_cpu) / records, (high.postgres_cpu - low.postgres_cpu) / records
        costs.append(hub + server)
        details = {"hub_us": 1e6 * hub, "postgres_us": 1e6 * server}
        name = f"about {mark:,} stored; CPU per record {1e6 * hub:.0f} us Hub, {1e6 * server:.0f} us PostgreSQL"
        rate = records / (high.seconds - low.seconds)
        figures.append(Figure("stage", name, "records/s", [rate], details=details))
    if len(costs) > 1:
        figures.append(_growth("stage", "CPU per record", costs[-1] / costs[0]))
    return figures


def _splink(arguments: argparse.Namespace, conditions: dict[str, Any]) -> list[Figure]:
    count = min(arguments.splink, arguments.count)
    done = identity_splink.measured(count)
    return [
        Figure("splink", f"{count:,} records at once: training, pairs, clusters", "s", [done.seconds]),
        Figure("splink", "the same as a rate", "records/s", [count / done.seconds]),
        Figure("splink", f"one new record among {count:,}", "ms", [done.single_ms]),
        Figure("splink", "precision by pairs", "", [done.precision]),
        Figure("splink", "recall by pairs", "", [done.recall]),
    ]


PARTS: dict[str, Callable[[argparse.Namespace, dict[str, Any]], list[Figure]]] = {
    "pure": _pure,
    "import": _import,
    "splink": _splink,
}


if __name__ == "__main__":
    sys.exit(main())
