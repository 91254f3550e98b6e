"""How long to measure: ``FULL`` on a quiet machine, ``QUICK`` to see that everything works."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from benchmarks.node_red import PEERS


@dataclass(frozen=True, slots=True)
class Options:
    """Counts are events; ``memory_marks`` are where the worker's memory is compared.

    ``client_us`` is the CPU time that an ordinary HTTP client takes for a request, in µs.
    """

    rounds: int = 5
    intake_events: int = 40_000
    intake_warm_up: int = 5_000
    client_us: float = 60.0
    hub_events: int = 20_000
    node_red_events: int = 6_000
    batch_sizes: tuple[int, ...] = (1, 10, 50, 500)
    customers: int = 10_000
    memory_marks: tuple[int, ...] = (50_000, 100_000, 200_000)
    connections: int = 64
    repeat: float = 0.5
    peers: Path = PEERS


FULL = Options()
QUICK = Options(
    rounds=1,
    intake_events=8_000,
    intake_warm_up=1_000,
    hub_events=3_000,
    node_red_events=1_500,
    batch_sizes=(1, 50, 500),
    customers=4_000,
    memory_marks=(4_000, 8_000, 12_000),
)
