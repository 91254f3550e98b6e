"""Which destinations are not written to now, for ``/health/ready``: one look at the database for all who ask."""

from __future__ import annotations

import asyncio
import time

import psycopg
import psycopg_pool
from starlette.concurrency import run_in_threadpool

from hub.outbox.health import of_destination
from hub.store import stats
from hub.store.database import Database

GOOD_SECONDS = 2.0
"""How long an answer is given again."""


class Resting:
    """Tells the states of destinations that rest, by name: ``resting``, ``refused`` or ``paused``."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._found: dict[str, str] = {}
        self._until = 0.0
        self._lock = asyncio.Lock()

    async def __call__(self) -> dict[str, str]:
        """Look, or give the last answer. Readiness does not hang on it: what cannot be read is told as before."""
        async with self._lock:
            if time.monotonic() >= self._until:
                try:
                    self._found = await run_in_threadpool(self._read)
                except (psycopg.Error, psycopg_pool.PoolTimeout):
                    return self._found
                self._until = time.monotonic() + GOOD_SECONDS
        return self._found

    def _read(self) -> dict[str, str]:
        with self._database.session() as session:
            troubles = stats.destination_troubles(session)
        found = {name: of_destination(name, trouble).state for name, trouble in sorted(troubles.items())}
        return {name: state for name, state in found.items() if state in ("resting", "refused", "paused")}
