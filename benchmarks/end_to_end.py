"""End to end: signed webhook to golden profile to CRM, beside Node-RED on the same flow in the same run, in turns.

One API process, one worker process, the sandbox CRM and the generator share the machine. ``processed`` ends when no
inbox entry is queued (every profile folded, every outbox row written), ``delivered`` when the CRM has all of it.
"""

from __future__ import annotations

import json
import sys
import time
import urllib.request
from dataclasses import dataclass

from benchmarks import load, node_red
from benchmarks.figures import Figure, ratio, reached
from benchmarks.hub_side import hub, metric
from benchmarks.options import Options
from benchmarks.processes import free_port, running
from benchmarks.server import Postgres
from benchmarks.statements import statements

TARGET_PER_SECOND = 1_500
TARGET_RATIO = 2.0
WARM_UP = 500
"""Events that each side handles first, unmeasured: they fill caches, open connections, warm a just-in-time compiler."""


@dataclass(frozen=True, slots=True)
class HubRound:
    """One round of Hub. Rates are over the time from the first request on; ``lost`` and ``unread`` should be 0."""

    outcome: load.Outcome
    processed: float
    delivered: float
    lost: int
    unread: int
    profiles: int
    contacts: int
    crm_calls: int
    statements_per_event: float
    worker_mb: float
    cpu_us: dict[str, float]

    @property
    def failures(self) -> int:
        """Not acknowledged, acknowledged and lost, not read, or without a contact in the CRM."""
        return self.outcome.failures + self.lost + self.unread + abs(self.profiles - self.contacts)


@dataclass(frozen=True, slots=True)
class NodeRedRound:
    """One round of Node-RED."""

    outcome: load.Outcome
    delivered: float
    undelivered: int
    mb: float

    @property
    def failures(self) -> int:
        """Not acknowledged, or acknowledged and never delivered."""
        return self.outcome.failures + self.undelivered


def measure(server: Postgres, options: Options) -> list[Figure]:
    """Both sides in turns, then statements per event at several batch sizes."""
    node_red.install(options.peers)
    ours: list[HubRound] = []
    theirs: list[NodeRedRound] = []
    for turn in range(options.rounds):
        theirs.append(_node_red(turn, options))
        ours.append(_hub(server, turn, options))
    return [*_figures(ours, theirs, options), *statements(server, options)]


def _hub(server: Postgres, turn: int, options: Options) -> HubRound:
    with hub(server, "end_to_end") as it, it.api() as (port, api), it.worker() as (metrics, worker):
        _warm_up(port, turn, options)
        it.wait_processed()
        it.wait_delivered()
        calls_before = it.crm()["calls"]
        sent = load.Load(port=port, count=options.hub_events, warm_up=0, connections=options.connections, seed=turn + 1)
        before = api.cpu_seconds(), worker.cpu_seconds(), server.process.cpu_seconds()
        statements_before = metric(metrics, "hub_sql_statements_total")
        outcome = load.run(sent)
        processed = sent.count / (it.wait_processed() - outcome.started_at)
        statements_after = metric(metrics, "hub_sql_statements_total")
        delivered = sent.count / (it.wait_delivered() - outcome.started_at)
        after = api.cpu_seconds(), worker.cpu_seconds(), server.process.cpu_seconds()
        crm = it.crm()
        return HubRound(
            outcome,
            processed,
            delivered,
            lost=it.lost(sent, outcome),
            unread=it.one("SELECT count(*) FROM inbox_outcome"),
            profiles=it.one("SELECT count(*) FROM profile"),
            contacts=crm["contacts"],
            crm_calls=crm["calls"] - calls_before,
            statements_per_event=(statements_after - statements_before) / sent.count,
            worker_mb=worker.resident_mb(),
            cpu_us={
                name: 1e6 * (now - then) / sent.count
                for name, now, then in zip(("api", "worker", "postgres"), after, before, strict=True)
            },
        )


def _warm_up(port: int, turn: int, options: Options) -> None:
    load.run(load.Load(port=port, count=WARM_UP, connections=options.connections, seed=90_000 + turn))


def _node_red(turn: int, options: Options) -> NodeRedRound:
    crm_port, port = free_port(), free_port()
    double = [sys.executable, "-m", "benchmarks.crm_double", "--port", str(crm_port)]
    with (
        running(double, port=crm_port),
        node_red.node_red(port=port, crm_port=crm_port, folder=options.peers) as process,
    ):
        _warm_up(port, turn, options)
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


def _figures(ours: list[HubRound], theirs: list[NodeRedRound], options: Options) -> list[Figure]:
    base = [turn.delivered for turn in theirs]
    processed = [turn.processed for turn in ours]
    delivered = [turn.delivered for turn in ours]
    failures = sum(turn.failures for turn in ours)
    share = ratio(delivered, base)
    enough = Figure(
        "end to end",
        "hub, webhook to profile and outbox",
        "events/s",
        processed,
        failures,
        "Node-RED delivered",
        ratio(processed, base),
        f">= {TARGET_PER_SECOND:,} events/s on a quiet machine",
        _enough(processed, failures),
        {
            "accepted_per_second": [turn.outcome.per_second for turn in ours],
            "p50_ms": [turn.outcome.p50_ms for turn in ours],
            "p99_ms": [turn.outcome.p99_ms for turn in ours],
            "acknowledged_and_lost": sum(turn.lost for turn in ours),
            "skipped_or_parked": sum(turn.unread for turn in ours),
            "cpu_us_per_event": [turn.cpu_us for turn in ours],
            "statements_per_event": [turn.statements_per_event for turn in ours],
            "worker_mb": [turn.worker_mb for turn in ours],
        },
    )
    return [
        Figure(
            "end to end",
            f"Node-RED {node_red.version(options.peers)}, delivered",
            "events/s",
            base,
            sum(turn.failures for turn in theirs),
            details={
                "accepted_per_second": [turn.outcome.per_second for turn in theirs],
                "p50_ms": [turn.outcome.p50_ms for turn in theirs],
                "p99_ms": [turn.outcome.p99_ms for turn in theirs],
                "mb": [turn.mb for turn in theirs],
            },
        ),
        enough,
        Figure(
            "end to end",
            "hub, webhook to CRM",
            "events/s",
            delivered,
            failures,
            "Node-RED delivered",
            share,
            f">= {TARGET_RATIO:g} x Node-RED",
            reached(share, ">=", TARGET_RATIO, failures),
            {
                "profiles": [turn.profiles for turn in ours],
                "contacts": [turn.contacts for turn in ours],
                "crm_calls": [turn.crm_calls for turn in ours],
            },
        ),
    ]


def _enough(processed: list[float], failures: int) -> bool:
    return reached(sorted(processed)[len(processed) // 2], ">=", TARGET_PER_SECOND, failures)
