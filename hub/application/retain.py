"""retain: the scheduler's turns at retention, each short, so that sweeps between them come in time."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

import structlog

from hub import metrics
from hub.settings_sections import RetentionSection
from hub.store import retention
from hub.store.database import Database, Session
from hub.store.retention import Kind, Step

log = structlog.get_logger()

RETAIN_SECONDS = 20.0
HELD_SECONDS = 3600.0
TURN_SECONDS = 1.0
"""How long one turn may take; what is left waits for the next."""
BATCH = 500


class Retaining:
    """Removes what the configuration gives up, a turn at a time."""

    def __init__(self, database: Database, settings: RetentionSection) -> None:
        self._database = database
        self._steps: dict[Kind, Callable[[Session], Step]] = {}
        if settings.bodies is not None:
            age = timedelta(days=settings.bodies)
            self._steps["bodies"] = lambda session: retention.bodies(session, age, BATCH)
        if settings.attempts is not None:
            tried = timedelta(days=settings.attempts)
            self._steps["attempts"] = lambda session: retention.attempts(session, tried, BATCH)
        if settings.outcomes is not None:
            skipped = timedelta(days=settings.outcomes)
            self._steps["outcomes"] = lambda session: retention.outcomes(session, skipped, BATCH)
        if settings.visits is not None:
            visited = timedelta(days=settings.visits)
            self._steps["visits"] = lambda session: retention.visits(session, visited, BATCH)

    def turn(self, seconds: float = TURN_SECONDS) -> dict[Kind, int]:
        """Remove for about so long; gives how much of each kind."""
        return {kind: self._repeat(kind, step, seconds / len(self._steps)) for kind, step in self._steps.items()}

    def revisit_bodies(self) -> int:
        """Remove the bodies that were still needed when they became old enough, and are not needed any more."""
        if "bodies" not in self._steps:
            return 0
        return self._repeat("bodies", lambda session: retention.revisit_bodies(session, BATCH), TURN_SECONDS)

    def _repeat(self, kind: Kind, step: Callable[[Session], Step], seconds: float) -> int:
        until = time.monotonic() + seconds
        removed = 0
        while True:
            with self._database.session() as session:
                done = step(session)
            removed += done.removed
            if not done.more or time.monotonic() > until:
                break
        if removed:
            metrics.REMOVED.labels(kind).inc(removed)
            log.info("retention.removed", kind=kind, rows=removed)
        return removed
