"""One end-to-end round of Node-RED: the same events to the same double."""

from __future__ import annotations

import json
import sys
import time
import urllib.request
from dataclasses import dataclass

from benchmarks import load, node_red
from benchmarks.hub_round import WARM_UP, warm_up
from benchmarks.options import Options
from benchmarks.processes import free_port, running


@dataclass(frozen=True, slots=True)
class NodeRedRound:
    """One round of Node-RED; ``delivered`` are events a second from the first request to the last contact call."""

    outcome: load.Outcome
    delivered: float
    undelivered: int
    mb: float

    @property
    def failures(self) -> int:
        """Not acknowledged, or acknowledged and never delivered."""
        return self.outcome.failures + self.undelivered


def play(turn: int, options: Options) -> NodeRedRound:
    """Start Node-RED and the double, warm up, send, wait for the last call."""
    crm_port, port = free_port(), free_port()
    double = [sys.executable, "-m", "benchmarks.crm_double", "--port", str(crm_port)]
    with (
        running(double, port=crm_port),
        node_red.node_red(port=port, crm_port=crm_port, folder=options.peers) as process,
    ):
        warm_up(port, turn, options)
        _wait_count(crm_port, WARM_UP, 10.0)
        sent = load.Load(
            port=port, count=options.node_red_events, warm_up=0, connections=options.connections, seed=turn + 1
        )
        outcome = load.run(sent)
        arrived, at = _wait_count(crm_port, WARM_UP + outcome.acknowledged, 20.0)
        return NodeRedRound(
            outcome,
            (arrived - WARM_UP) / (at - outcome.started_at),
            WARM_UP + outcome.acknowledged - arrived,
            process.resident_mb(),
        )


def _wait_count(crm_port: int, wanted: int, patience: float) -> tuple[int, float]:
    """Wait for the double to have this many distinct events, or until it gets no more; count and time of day."""
    arrived, at = -1, time.time()
    while arrived < wanted and time.time() - at < patience:
        with urllib.request.urlopen(f"http://127.0.0.1:{crm_port}/count", timeout=10) as answer:
            count = json.load(answer)["events"]
        if count != arrived:
            arrived, at = count, time.time()
        time.sleep(0.02)
    return arrived, at
