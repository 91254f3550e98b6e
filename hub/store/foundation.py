"""The database that a role stands on, kept there: the embedded server runs, the schema is up to date.

A crash takes long to recover from, a disk is full, a network is away: what may pass is tried again, with back-off, for
as long as it takes. Meanwhile the API answers 503. Only what no waiting mends is a ``fault``, and ends the role.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psycopg
import psycopg_pool
import structlog

from hub.errors import HubError, RetryableError
from hub.store import embedded, migrate

log = structlog.get_logger()

WAITS = (1.0, 2.0, 2.0, 5.0, 5.0, 10.0)
"""Seconds until the next try, after each failure in a row."""
_LOOK = 0.2


class Foundation:
    """Keeps the database of one process there, in a thread, until ``stop``.

    ``dsn`` is known at once, also while nothing answers there. ``prepare`` is run with it after the schema is up to
    date. Raises ConfigError when the data directory cannot be used.
    """

    def __init__(
        self,
        database_url: str | None,
        data_dir: Path,
        *,
        prepare: Callable[[str], None] = lambda dsn: None,
        failed: Callable[[], None] = lambda: None,
    ) -> None:
        """``failed`` is called, in the thread, when there is a fault that no waiting mends."""
        self._data_dir = data_dir
        self._embedded = database_url is None
        self._prepare = prepare
        self._failed = failed
        self._server: embedded.Server | None = None
        self._thread = threading.Thread(target=self._keep, name="foundation", daemon=True)
        self._stopping = threading.Event()
        self._settled = threading.Event()
        self.ready = threading.Event()
        """Set while the database is there and up to date, as far as is known."""
        self.fault: Exception | None = None
        self.dsn = embedded.url(data_dir) if database_url is None else database_url

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wait(self, stopping: threading.Event) -> bool:
        """Wait for the database; True when it is there, False when ``stopping`` was set. Raises the fault."""
        while not stopping.is_set():
            if self.fault is not None:
                raise self.fault
            if self.ready.wait(_LOOK):
                return True
        return False

    def stop(self) -> None:
        """Let go of it; the embedded server stops when nobody else uses it."""
        self._stopping.set()
        self._thread.join(10.0)
        if self._server is not None:
            embedded.stop(self._server)

    def _keep(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            try:
                self._lay()
                failures = 0
                self.ready.set()
                self._watch()
            except (RetryableError, psycopg.OperationalError, psycopg_pool.PoolTimeout, OSError) as error:
                self.ready.clear()
                if self._stopping.is_set():
                    return
                wait = WAITS[min(failures, len(WAITS) - 1)]
                failures += 1
                log.warning("database.away", because=_because(error), again_in_seconds=wait)
                self._stopping.wait(wait)
            except Exception as error:
                self.ready.clear()
                self.fault = error
                self._failed()
                return

    def _lay(self) -> None:
        if self._embedded:
            server = embedded.start(self._data_dir, self._stopping)
            before, self._server = self._server, server
            if before is not None:
                before.users.close()
        migrate.migrate(self.dsn)
        self._prepare(self.dsn)

    def _watch(self) -> None:
        """Return when the embedded server ended; whoever has its own server looks after it there."""
        while not self._stopping.wait(_LOOK if self._embedded else None):
            if not embedded.is_running(self._data_dir):
                self.ready.clear()
                log.warning("postgres.ended", then="it is started again")
                return


def _because(error: Exception) -> str:
    if isinstance(error, HubError):
        return str(error)
    if isinstance(error, psycopg.Error):
        state = error.sqlstate
        return "it cannot be reached" if state is None else f"it refuses ({type(error).__name__}, {state})"
    with suppress(AttributeError):
        return f"{error.strerror}" if isinstance(error, OSError) else type(error).__name__
    return type(error).__name__
