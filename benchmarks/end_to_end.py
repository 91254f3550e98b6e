"""End to end: signed webhook to golden profile to CRM, beside Node-RED on the same flow in the same run, in turns.

One API process, the worker processes of the way, a CRM double that only counts and the generator share the machine.
"Profile and outbox" ends when no inbox entry is queued (every profile folded, every outbox row written), "CRM" when the
double has all of it.
"""

from __future__ import annotations

import statistics as averages

from benchmarks import hub_round, node_red, node_red_round
from benchmarks.figures import Figure, ratio, reached
from benchmarks.hub_round import TO_OUTBOX, WAYS, HubRound, Way
from benchmarks.node_red_round import NodeRedRound
from benchmarks.options import Options
from benchmarks.server import Postgres
from benchmarks.statements import statements

TARGET_PER_SECOND = 3_000
TARGET_RATIO = 2.5
TARGET_STEADY = 0.8
"""The slowest round beside the median: a worker that stands still now and then is slow for whoever waits then."""


def measure(server: Postgres, options: Options) -> list[Figure]:
    """All sides in turns, then statements per event at several batch sizes."""
    node_red.install(options.peers)
    ours: dict[Way, list[HubRound]] = {way: [] for way in WAYS}
    theirs: list[NodeRedRound] = []
    for turn in range(options.rounds):
        theirs.append(node_red_round.play(turn, options))
        for way, rounds in ours.items():
            rounds.append(hub_round.play(server, way, turn, options))
    base = [turn.delivered for turn in theirs]
    return [
        _peer(theirs, node_red.version(options.peers)),
        *(_figure(way, rounds, base) for way, rounds in ours.items()),
        *(_steadiness(way, rounds) for way, rounds in ours.items() if way == TO_OUTBOX),
        *statements(server, options),
    ]


def _peer(rounds: list[NodeRedRound], version: str) -> Figure:
    return Figure(
        "end to end",
        f"Node-RED {version}, delivered",
        "events/s",
        [turn.delivered for turn in rounds],
        sum(turn.failures for turn in rounds),
        details={
            "accepted_per_second": [turn.outcome.per_second for turn in rounds],
            "p50_ms": [turn.outcome.p50_ms for turn in rounds],
            "p99_ms": [turn.outcome.p99_ms for turn in rounds],
            "mb": [turn.mb for turn in rounds],
        },
    )


def _figure(way: Way, rounds: list[HubRound], base: list[float]) -> Figure:
    rates = [turn.per_second for turn in rounds]
    failures = sum(turn.failures for turn in rounds)
    share = ratio(rates, base)
    aimed = way == TO_OUTBOX
    met = reached(averages.median(rates), ">=", TARGET_PER_SECOND, failures) and reached(share, ">=", TARGET_RATIO)
    return Figure(
        "end to end",
        f"hub, {way.name}",
        "events/s",
        rates,
        failures,
        "Node-RED delivered",
        share,
        f">= {TARGET_PER_SECOND:,} events/s and >= {TARGET_RATIO:g} x Node-RED" if aimed else "",
        met if aimed else None,
        {
            "accepted_per_second": [turn.outcome.per_second for turn in rounds],
            "p50_ms": [turn.outcome.p50_ms for turn in rounds],
            "p99_ms": [turn.outcome.p99_ms for turn in rounds],
            "acknowledged_and_lost": sum(turn.lost for turn in rounds),
            "skipped_or_parked": sum(turn.unread for turn in rounds),
            "profiles": [turn.profiles for turn in rounds],
            "arrived": [turn.arrived for turn in rounds],
            "doubled_refused_or_unanswered": sum(turn.wrong for turn in rounds),
            "crm_calls": [turn.crm_calls for turn in rounds],
            "cpu_us_per_event": [turn.cpu_us for turn in rounds],
            "statements_per_event": [turn.statements_per_event for turn in rounds],
            "workers_mb": [turn.workers_mb for turn in rounds],
        },
    )


def _steadiness(way: Way, rounds: list[HubRound]) -> Figure:
    rates = [turn.per_second for turn in rounds]
    share = min(rates) / averages.median(rates)
    return Figure(
        "end to end",
        f"hub, {way.name}: slowest of {len(rates)} rounds / median",
        "",
        [share],
        target=f">= {TARGET_STEADY:g}",
        met=reached(share, ">=", TARGET_STEADY) if len(rates) > 1 else None,
    )
