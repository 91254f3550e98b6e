"""One end-to-end round of Hub: as many worker processes as its way asks for, and a check of what arrived."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass

from benchmarks import load
from benchmarks.hub_side import Hub, hub, metric
from benchmarks.options import Options
from benchmarks.processes import Running
from benchmarks.server import Postgres

WARM_UP = 500
"""Events that each side handles first, unmeasured: they fill caches, open connections, warm a just-in-time compiler."""


@dataclass(frozen=True, slots=True)
class Way:
    """How far an event goes: the steps of each worker process, and whether the CRM is reached."""

    name: str
    workers: tuple[str, ...]
    delivers: bool


TO_OUTBOX = Way("webhook to profile and outbox", ("process,complete",), delivers=False)
TO_CRM = Way("webhook to CRM", ("process,complete,deliver",), delivers=True)
TO_CRM_IN_TWO = Way(
    "webhook to CRM, delivery in a second worker process", ("process,complete", "deliver"), delivers=True
)
WAYS = (TO_OUTBOX, TO_CRM, TO_CRM_IN_TWO)


@dataclass(frozen=True, slots=True)
class HubRound:
    """One round of Hub. ``per_second`` is over the time from the first request to the way's end.

    ``arrived`` are the profiles that have an outbox row, or where the way delivers, a contact in the CRM.
    """

    outcome: load.Outcome
    per_second: float
    lost: int
    unread: int
    profiles: int
    arrived: int
    wrong: int
    crm_calls: int
    statements_per_event: float
    workers_mb: list[float]
    cpu_us: dict[str, float]

    @property
    def failures(self) -> int:
        """Not acknowledged, acknowledged and lost, not read, not arrived, doubled, refused, or not answered."""
        return self.outcome.failures + self.lost + self.unread + abs(self.profiles - self.arrived) + self.wrong


def play(server: Postgres, way: Way, turn: int, options: Options) -> HubRound:
    """Start everything on a fresh database, warm up, send, wait for the way's end, look."""
    with ExitStack() as stack:
        it = stack.enter_context(hub(server, "end_to_end"))
        port, api = stack.enter_context(it.api())
        workers = [stack.enter_context(it.worker(queues)) for queues in way.workers]
        watched = {"api": [api], "worker": [process for _, process in workers], "postgres": [server.process]}
        warm_up(port, turn, options)
        _wait(it, way)
        calls_before = it.crm()["calls"]
        sent = load.Load(port=port, count=options.hub_events, warm_up=0, connections=options.connections, seed=turn + 1)
        cpu_before, statements_before = _cpu_seconds(watched), _statements(workers)
        outcome = load.run(sent)
        ended_at = _wait(it, way)
        cpu_after, statements_after = _cpu_seconds(watched), _statements(workers)
        crm = it.crm()
        return HubRound(
            outcome,
            sent.count / (ended_at - outcome.started_at),
            lost=it.lost(sent, outcome),
            unread=it.one("SELECT count(*) FROM inbox_outcome"),
            profiles=it.one("SELECT count(*) FROM profile"),
            arrived=crm["contacts"] if way.delivers else it.one(_ENQUEUED),
            wrong=crm["duplicates"] + crm["unanswered"] + it.one(_REFUSED),
            crm_calls=crm["calls"] - calls_before,
            statements_per_event=(statements_after - statements_before) / sent.count,
            workers_mb=[process.resident_mb() for _, process in workers],
            cpu_us={name: 1e6 * (cpu_after[name] - used) / sent.count for name, used in cpu_before.items()},
        )


_ENQUEUED = "SELECT count(DISTINCT profile_id) FROM outbox WHERE subject = 'profile'"
_REFUSED = "SELECT count(*) FROM outbox WHERE state IN ('rejected', 'dead')"


def warm_up(port: int, turn: int, options: Options) -> None:
    """Send what nobody measures, of a seed of its own."""
    load.run(load.Load(port=port, count=WARM_UP, connections=options.connections, seed=90_000 + turn))


def _wait(it: Hub, way: Way) -> float:
    processed = it.wait_processed()
    return it.wait_delivered() if way.delivers else processed


def _statements(workers: list[tuple[int, Running]]) -> float:
    return sum(metric(port, "hub_sql_statements_total") for port, _ in workers)


def _cpu_seconds(watched: dict[str, list[Running]]) -> dict[str, float]:
    return {name: sum(process.cpu_seconds() for process in processes) for name, processes in watched.items()}
