"""The lease of a destination: one sender at a time, renewed in the background for as long as it works.

A call may take longer than the lease runs, so that a thread renews it. A process that is killed renews nothing: after
fifteen seconds another one sends.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from types import TracebackType

import psycopg
import psycopg_pool
import structlog

from hub.store import destinations
from hub.store.database import Database, Session

log = structlog.get_logger()

LEASE = timedelta(seconds=15)
RENEWALS = 5
"""How often it is renewed while it runs: several renewals may fail before it is lost."""


class Lease:
    """``with Lease(…) as lease``: ``lease.held`` tells, at any time, whether this process may call the destination."""

    def __init__(self, database: Database, destination: str, owner: str) -> None:
        self._database, self._destination, self._owner = database, destination, owner
        self._until = 0.0
        """By the monotonic clock, which no setting of the time moves; at most when PostgreSQL lets it end."""
        self._left = threading.Event()
        self._heart: threading.Thread | None = None

    @property
    def held(self) -> bool:
        """False when another process has it, or when it could not be renewed in time."""
        return time.monotonic() < self._until

    def __enter__(self) -> Lease:
        if self._ask(destinations.lease):
            self._heart = threading.Thread(target=self._beat, name=f"lease {self._destination}", daemon=True)
            self._heart.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._left.set()
        if self._heart is None:
            return
        self._heart.join()
        self._until = 0.0
        with self._database.session() as session:
            destinations.end_lease(session, self._destination, self._owner)

    def _ask(self, of: Callable[[Session, str, str, timedelta], bool]) -> bool:
        asked = time.monotonic()
        with self._database.session() as session:
            held = of(session, self._destination, self._owner, LEASE)
        self._until = asked + LEASE.total_seconds() if held else 0.0
        return held

    def _beat(self) -> None:
        while not self._left.wait(LEASE.total_seconds() / RENEWALS):
            try:
                # A lease that ran out is not taken again: another process may have sent these rows meanwhile.
                if not self._ask(destinations.renew):
                    log.warning("delivery.lease_lost", destination=self._destination)
                    return
            except (psycopg.Error, psycopg_pool.PoolTimeout) as error:
                log.warning("delivery.lease_not_renewed", destination=self._destination, error=type(error).__name__)
