"""The gauges: how the rows are now. Read when they are asked for, and never more often than the database bears."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

import psycopg
import psycopg_pool
import structlog

from hub import metrics
from hub.metrics import Reading
from hub.store import inbox, marks, outbox_counts, reconciliations, retention, reviews, stats
from hub.store.database import Database, Session
from hub.store.stats import Trouble

LEAST_SECONDS = 5.0
REVIEWS_SECONDS = 60.0
SHARE = 20.0
"""What took a second to read is read again after this many at the earliest: numbers may not cost what they measure."""

STAGES = ("process", "complete")
COMPARED = ("same", "missing", "older", "deleted")
STATES = ("pending", "retrying", "delivered", "rejected", "dead")

log = structlog.get_logger()


@dataclass(slots=True)
class _Kept:
    """Readings, and until when they are good."""

    least: float
    read: Callable[[Session], list[Reading]]
    readings: list[Reading] = field(default_factory=list)
    until: float = 0.0


class Gauges:
    """Reads the gauges of one database; every process may have one. May be asked by many threads at once."""

    def __init__(
        self,
        database: Database,
        destinations: Collection[str],
        connections: Collection[str] = (),
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database, self._clock = database, clock
        self._lock = threading.Lock()
        self._parts = (
            _Kept(LEAST_SECONDS, lambda session: read(session, destinations, connections)),
            _Kept(REVIEWS_SECONDS, _open_reviews),
        )

    def readings(self) -> Sequence[Reading]:
        """All gauges as they were at most some seconds ago; ``hub_database_up`` alone while nothing can be asked."""
        with self._lock:
            try:
                for part in self._parts:
                    self._refresh(part)
            except (psycopg.Error, psycopg_pool.PoolTimeout) as error:
                log.warning("metrics.database_away", error=type(error).__name__)
                return [Reading(metrics.DATABASE_UP, {(): 0.0})]
            found = [reading for part in self._parts for reading in part.readings]
        return [*found, Reading(metrics.DATABASE_UP, {(): 1.0})]

    def _refresh(self, part: _Kept) -> None:
        started = self._clock()
        if started < part.until:
            return
        try:
            with self._database.session() as session:
                part.readings = part.read(session)
        except psycopg.errors.QueryCanceled:
            log.warning("metrics.too_costly")  # as they were, until there is time for them
        ended = self._clock()
        part.until = ended + max(part.least, SHARE * (ended - started))


def read(session: Session, destinations: Collection[str], connections: Collection[str] = ()) -> list[Reading]:
    """Every gauge but that of the reviews. Each of these destinations and connections has its series from the start."""
    counted = outbox_counts.counted(session)
    rows, lag = counted.rows, counted.lag
    troubles, sources = stats.destination_troubles(session), stats.source_troubles(session)
    parked = stats.parked(session)
    compared = reconciliations.page(session)
    placing, placing_lag, set_aside = marks.counts(session)
    last = {name: compared.get(name) for name in sorted({*connections, *compared})}
    names = sorted({*destinations, *rows})
    known = {name: troubles.get(name, Trouble()) for name in names}
    refused = {name: trouble.refused for name, trouble in {**sources, **known}.items()}
    return [
        Reading(metrics.INBOX_LAG, {(stage,): inbox.oldest_due(session, stage) or 0.0 for stage in STAGES}),
        Reading(metrics.INBOX_WAITING, {(stage,): count for stage, count in inbox.waiting(session, STAGES).items()}),
        Reading(metrics.PARKED_ENTRIES, {(name,): parked.get(name, 0) for name in sorted({*connections, *parked})}),
        Reading(metrics.PLACING_WAITING, {(): float(placing)}),
        Reading(metrics.PLACING_LAG, {(): placing_lag}),
        Reading(metrics.SET_ASIDE, {(): float(set_aside)}),
        Reading(
            metrics.OUTBOX_ROWS,
            {(name, state): rows.get(name, {}).get(state, 0) for name in names for state in STATES},
        ),
        Reading(metrics.OUTBOX_LAG, {(name,): lag.get(name, 0.0) for name in names}),
        Reading(metrics.DEAD_ROWS, {(name,): rows.get(name, {}).get("dead", 0) for name in names}),
        Reading(metrics.BREAKER_STATE, {(name,): _breaker(trouble) for name, trouble in known.items()}),
        Reading(metrics.PAUSED, {(name,): trouble.paused_at is not None for name, trouble in known.items()}),
        Reading(
            metrics.RECONCILED,
            {(name, state): one.found.get(state, 0) if one else 0 for name, one in last.items() for state in COMPARED},
        ),
        Reading(
            metrics.RECONCILED_AT,
            {(name,): one.finished_at.timestamp() if one else 0.0 for name, one in last.items()},
        ),
        Reading(metrics.DATABASE_BYTES, {(): float(retention.database_bytes(session))}),
        Reading(metrics.REFUSED_CREDENTIALS, {(name,): found for name, found in sorted(refused.items())}),
    ]


def _open_reviews(session: Session) -> list[Reading]:
    return [Reading(metrics.OPEN_REVIEWS, {(): float(reviews.count(session))})]


def _breaker(trouble: Trouble) -> float:
    return 2.0 if trouble.resting else 1.0 if trouble.failures else 0.0
