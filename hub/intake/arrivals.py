"""Notes which connections' deliveries are refused, where people look: in a row, and not in the log alone.

Anybody can send what is refused. So it is counted in memory, and a process writes every few seconds at most, whatever
comes; only for connections that are configured.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic

import psycopg
import structlog

from hub.store import arrivals
from hub.store.arrivals import Heard

log = structlog.get_logger()

SECONDS = 5.0
"""The least time between two writes of one process."""

WELL_SECONDS = 60.0
"""While all is well it is noted this often that deliveries are accepted."""

_SOON, _STATEMENT_MS = 0.1, 2_000
_STOP_SECONDS = 5.0
"""How long a write that has begun may take to end when the process does: to connect and the statement have 2 s each."""


@dataclass(slots=True)
class _Waiting:
    """Not written yet: when the last was accepted (by this clock), how many were refused since, when to write."""

    accepted: float | None
    refused: int
    due: float


class Arrivals:
    """Of one API process. Lives in its event loop; what it could not write is written later."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._waiting: dict[str, _Waiting] = {}
        self._well_until: dict[str, float] = {}
        self._written = float("-inf")
        self._sooner = asyncio.Event()
        self._stopping = False
        self._task: asyncio.Task[None] | None = None

    def accepted(self, connection: str) -> None:
        """A delivery's signature was right."""
        now, waiting = monotonic(), self._waiting.get(connection)
        if waiting is not None:
            waiting.accepted, waiting.refused = now, 0
        else:
            self._wait(connection, _Waiting(now, 0, max(self._soonest(now), self._well_until.get(connection, now))))

    def refused(self, connection: str) -> None:
        """A delivery's signature was missing, wrong, or old."""
        now, waiting = monotonic(), self._waiting.get(connection)
        if waiting is not None and waiting.refused:
            waiting.refused += 1
        else:
            accepted = waiting.accepted if waiting is not None else None
            self._wait(connection, _Waiting(accepted, 1, self._soonest(now)))

    async def stop(self) -> None:
        """Write what is left, if the database answers.

        A write that has begun is let end by its own limits: a connection that is broken off while it is made stays half
        made, and for the minute that PostgreSQL gives it no database can be dropped.
        """
        self._stopping = True
        self._sooner.set()
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=_STOP_SECONDS)
            self._task.cancel()
            self._task = None
        if self._waiting:
            await self._write()

    def _soonest(self, now: float) -> float:
        return max(now + _SOON, self._written + SECONDS)

    def _wait(self, connection: str, waiting: _Waiting) -> None:
        self._waiting[connection] = waiting
        self._sooner.set()
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> None:
        while self._waiting and not self._stopping:
            self._sooner.clear()
            seconds = min(one.due for one in self._waiting.values()) - monotonic()
            if seconds <= 0:
                await self._write()
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._sooner.wait()

    async def _write(self) -> None:
        written, self._waiting = self._waiting, {}
        self._written = now = monotonic()
        heard = [
            Heard(name, None if one.accepted is None else now - one.accepted, one.refused)
            for name, one in written.items()
        ]
        try:
            async with await psycopg.AsyncConnection.connect(
                self._dsn, autocommit=True, connect_timeout=2, options=f"-c statement_timeout={_STATEMENT_MS}"
            ) as connection:
                await arrivals.note(connection, heard)
        except (psycopg.Error, OSError, asyncio.CancelledError) as error:
            self._keep(written)
            if isinstance(error, asyncio.CancelledError):
                raise
            log.debug("intake.not_noted", error=type(error).__name__)
            return
        self._well_until |= {name: now + WELL_SECONDS for name, one in written.items() if not one.refused}
        for name, one in written.items():
            if one.refused:
                self._well_until.pop(name, None)

    def _keep(self, written: dict[str, _Waiting]) -> None:
        """Put back what could not be written, under what came meanwhile."""
        due = self._soonest(monotonic())
        for name, before in written.items():
            after = self._waiting.get(name)
            if after is None:
                self._waiting[name] = _Waiting(before.accepted, before.refused, due)
            elif after.accepted is None:
                after.accepted, after.refused = before.accepted, before.refused + after.refused
