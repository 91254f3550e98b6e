"""Intake: acknowledged and durable webhooks a second with one API process, beside a bare ASGI server.

Both sides get the same signed requests over the same number of keep-alive connections, in turns; twice: from the cheap
generator, and from one slowed down to the CPU time of an ordinary HTTP client. The target is judged with the cheap one:
the slow one can hold up the bare server itself (``generator_busy`` near 1), which flatters the ratio. Afterwards every
acknowledged event has to be in the inbox.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable
from dataclasses import dataclass, field

from benchmarks import load
from benchmarks.figures import Figure, ratio, reached
from benchmarks.hub_side import Hub, hub
from benchmarks.options import Options
from benchmarks.processes import Running, free_port, running
from benchmarks.server import Postgres

TARGET_RATIO = 0.6
TARGET_P99_MS = 100.0


@dataclass(slots=True)
class Rounds:
    """The rounds of both sides with one generator; ``cpu`` are µs of CPU time per request by process."""

    generator: str
    theirs: list[load.Outcome] = field(default_factory=list)
    ours: list[load.Outcome] = field(default_factory=list)
    cpu: list[dict[str, float]] = field(default_factory=list)
    lost: int = 0


@dataclass(frozen=True, slots=True)
class Sides:
    """What runs during the whole measurement."""

    server: Postgres
    bare_port: int
    bare: Running
    hub: Hub
    hub_port: int
    api: Running


def measure(server: Postgres, options: Options) -> list[Figure]:
    """Throughput and latency of both sides, with both generators."""
    port = free_port()
    bare = [sys.executable, "-m", "uvicorn", "benchmarks.bare:app", "--port", str(port), "--loop", "uvloop"]
    bare += ["--http", "httptools", "--no-access-log", "--log-level", "warning"]
    cheap = Rounds("cheap generator")
    ordinary = Rounds(f"generator of {options.client_us:.0f} µs")
    with running(bare, port=port) as plain, hub(server, "intake") as it, it.api() as (hub_port, api):
        sides = Sides(server, port, plain, it, hub_port, api)
        for turn in range(options.rounds):
            _play(sides, cheap, turn, 0.0, options)
            own = cheap.theirs[-1].cpu_us
            _play(sides, ordinary, options.rounds + turn, max(0.0, options.client_us - own), options)
    return [
        *_figures(cheap, strict=True),
        *_figures(ordinary, strict=False),
    ]


def _play(sides: Sides, rounds: Rounds, turn: int, burn_us: float, options: Options) -> None:
    used: dict[str, float] = {}
    sent = _load(sides.bare_port, turn, burn_us, options)
    with_bare = {"bare": sides.bare.cpu_seconds}
    rounds.theirs.append(_run(sent, with_bare, used))
    sent = _load(sides.hub_port, turn, burn_us, options)
    with_hub = {"hub": sides.api.cpu_seconds, "postgres": sides.server.process.cpu_seconds}
    rounds.ours.append(_run(sent, with_hub, used))
    rounds.lost += sides.hub.lost(sent, rounds.ours[-1])
    rounds.cpu.append(used)


def _load(port: int, turn: int, burn_us: float, options: Options) -> load.Load:
    return load.Load(
        port=port,
        count=options.intake_events + options.intake_warm_up,
        warm_up=options.intake_warm_up,
        connections=options.connections,
        seed=turn + 1,
        repeat=options.repeat,
        burn_us=burn_us,
    )


def _run(sent: load.Load, watched: dict[str, Callable[[], float]], used: dict[str, float]) -> load.Outcome:
    before = {name: seconds() for name, seconds in watched.items()}
    outcome = load.run(sent)
    used |= {name: 1e6 * (seconds() - before[name]) / sent.count for name, seconds in watched.items()}
    return outcome


def _figures(rounds: Rounds, *, strict: bool) -> list[Figure]:
    base = [outcome.per_second for outcome in rounds.theirs]
    mine = [outcome.per_second for outcome in rounds.ours]
    failures = sum(outcome.failures for outcome in rounds.ours) + rounds.lost
    share = ratio(mine, base)
    p99 = [outcome.p99_ms for outcome in rounds.ours]
    cpu = {name: statistics.median(one[name] for one in rounds.cpu) for name in rounds.cpu[0]}
    return [
        Figure(
            "intake",
            f"bare ASGI server, stores nothing, {rounds.generator}",
            "requests/s",
            base,
            sum(outcome.failures for outcome in rounds.theirs),
            details=_details(rounds.theirs) | {"server_cpu_us": cpu["bare"]},
        ),
        Figure(
            "intake",
            f"hub api, acknowledged and durable, {rounds.generator}",
            "events/s",
            mine,
            failures,
            "bare ASGI",
            share,
            f">= {TARGET_RATIO}" if strict else f"not judged: generator {_busy(rounds.theirs):.0%} busy beside bare",
            reached(share, ">=", TARGET_RATIO, failures) if strict else None,
            _details(rounds.ours)
            | {
                "acknowledged": sum(outcome.acknowledged for outcome in rounds.ours),
                "acknowledged_and_lost": rounds.lost,
                "statuses": [outcome.statuses for outcome in rounds.ours],
                "server_cpu_us": cpu["hub"],
                "postgres_cpu_us": cpu["postgres"],
            },
        ),
        Figure(
            "intake",
            f"hub api, p99, {rounds.generator}",
            "ms",
            p99,
            failures,
            target=f"< {TARGET_P99_MS:.0f} ms",
            met=reached(statistics.median(p99), "<", TARGET_P99_MS, failures),
        ),
    ]


def _busy(outcomes: list[load.Outcome]) -> float:
    """The share of its one core that the generator used."""
    return statistics.median(outcome.per_second * outcome.cpu_us / 1e6 for outcome in outcomes)


def _details(outcomes: list[load.Outcome]) -> dict[str, object]:
    return {
        "p50_ms": [outcome.p50_ms for outcome in outcomes],
        "p99_ms": [outcome.p99_ms for outcome in outcomes],
        "generator_cpu_us": statistics.median(outcome.cpu_us for outcome in outcomes),
        "generator_busy": _busy(outcomes),
    }
