"""Intake: acknowledged and durable webhooks a second with one API process, beside a bare ASGI server.

Both sides get the same signed requests over the same number of keep-alive connections, in turns. Afterwards every
acknowledged event has to be in the inbox.
"""

from __future__ import annotations

import statistics
import sys

from benchmarks import load
from benchmarks.figures import Figure, ratio, reached
from benchmarks.hub_side import hub
from benchmarks.options import Options
from benchmarks.processes import Running, free_port, running
from benchmarks.server import Postgres

TARGET_RATIO = 0.6
TARGET_P99_MS = 100.0


def measure(server: Postgres, options: Options) -> list[Figure]:
    """Throughput and latency of both sides."""
    port = free_port()
    bare = [sys.executable, "-m", "uvicorn", "benchmarks.bare:app", "--port", str(port), "--loop", "uvloop"]
    bare += ["--http", "httptools", "--no-access-log", "--log-level", "warning"]
    theirs: list[load.Outcome] = []
    ours: list[load.Outcome] = []
    cpu: dict[str, list[float]] = {"bare": [], "hub": [], "postgres": []}
    lost = 0
    with running(bare, port=port) as plain, hub(server, "intake") as it, it.api() as (hub_port, api):
        for turn in range(options.rounds):
            sent = _load(port, turn, options)
            used = plain.cpu_seconds()
            theirs.append(load.run(sent))
            cpu["bare"].append(1e6 * (plain.cpu_seconds() - used) / sent.count)
            sent = _load(hub_port, turn, options)
            before = _cpu(api, server)
            ours.append(load.run(sent))
            after = _cpu(api, server)
            cpu["hub"].append(1e6 * (after[0] - before[0]) / sent.count)
            cpu["postgres"].append(1e6 * (after[1] - before[1]) / sent.count)
            lost += it.lost(sent, ours[-1])
    return _figures(theirs, ours, lost, {name: statistics.median(values) for name, values in cpu.items()})


def _load(port: int, turn: int, options: Options) -> load.Load:
    return load.Load(
        port=port,
        count=options.intake_events,
        connections=options.connections,
        seed=turn + 1,
        repeat=options.repeat,
    )


def _cpu(api: Running, server: Postgres) -> tuple[float, float]:
    return api.cpu_seconds(), server.process.cpu_seconds()


def _figures(theirs: list[load.Outcome], ours: list[load.Outcome], lost: int, cpu: dict[str, float]) -> list[Figure]:
    base = [outcome.per_second for outcome in theirs]
    mine = [outcome.per_second for outcome in ours]
    failures = sum(outcome.failures for outcome in ours) + lost
    share = ratio(mine, base)
    p99 = [outcome.p99_ms for outcome in ours]
    return [
        Figure(
            "intake",
            "bare ASGI server, stores nothing",
            "requests/s",
            base,
            sum(outcome.failures for outcome in theirs),
            details={
                "p50_ms": [outcome.p50_ms for outcome in theirs],
                "p99_ms": [outcome.p99_ms for outcome in theirs],
                "server_cpu_us": cpu["bare"],
                "generator_cpu_us": statistics.median(outcome.cpu_us for outcome in theirs),
            },
        ),
        Figure(
            "intake",
            "hub api, acknowledged and durable",
            "events/s",
            mine,
            failures,
            "bare ASGI",
            share,
            f">= {TARGET_RATIO}",
            reached(share, ">=", TARGET_RATIO, failures),
            {
                "acknowledged": sum(outcome.acknowledged for outcome in ours),
                "acknowledged_and_lost": lost,
                "statuses": [outcome.statuses for outcome in ours],
                "p50_ms": [outcome.p50_ms for outcome in ours],
                "server_cpu_us": cpu["hub"],
                "postgres_cpu_us": cpu["postgres"],
            },
        ),
        Figure(
            "intake",
            "hub api, p99",
            "ms",
            p99,
            failures,
            target=f"< {TARGET_P99_MS:.0f} ms",
            met=reached(statistics.median(p99), "<", TARGET_P99_MS, failures),
        ),
    ]
