"""Notes which connections' deliveries are refused, where people look: in a row, and not in the log alone.

Anybody can send what is refused. So it is counted in memory, and a process writes every few seconds at most, whatever
comes; only for connections that are configured.
"""

from __future__ import annotations

import asyncio
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


class Arrivals:
    """Of one API process. Lives in its event loop; what it could not write is written later."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._heard: dict[str, Heard] = {}
        self._well_until: dict[str, float] = {}
        self._written = float("-inf")
        self._task: asyncio.Task[None] | None = None

    def accepted(self, connection: str) -> None:
        """A delivery's signature was right."""
        if connection in self._heard or monotonic() >= self._well_until.get(connection, float("-inf")):
            self._heard[connection] = Heard(connection, accepted=True, refused=0)
            self._begin()

    def refused(self, connection: str) -> None:
        """A delivery's signature was missing, wrong, or old."""
        before = self._heard.get(connection)
        self._heard[connection] = Heard(connection, before is not None and before.accepted, _count(before) + 1)
        self._well_until.pop(connection, None)
        self._begin()

    async def stop(self) -> None:
        """Write what is left, if the database answers."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._heard:
            await self._write()

    def _begin(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> None:
        while self._heard:
            await asyncio.sleep(max(_SOON, self._written + SECONDS - monotonic()))
            await self._write()

    async def _write(self) -> None:
        heard, self._heard = self._heard, {}
        self._written = monotonic()
        try:
            async with await psycopg.AsyncConnection.connect(
                self._dsn, autocommit=True, connect_timeout=2, options=f"-c statement_timeout={_STATEMENT_MS}"
            ) as connection:
                await arrivals.note(connection, list(heard.values()))
        except (psycopg.Error, OSError, asyncio.CancelledError) as error:
            self._heard = {name: _joined(one, self._heard.get(name)) for name, one in heard.items()} | {
                name: one for name, one in self._heard.items() if name not in heard
            }
            if isinstance(error, asyncio.CancelledError):
                raise
            log.debug("intake.not_noted", error=type(error).__name__)
            return
        until = monotonic() + WELL_SECONDS
        self._well_until |= {name: until for name, one in heard.items() if not one.refused and name not in self._heard}


def _count(heard: Heard | None) -> int:
    return heard.refused if heard is not None else 0


def _joined(before: Heard, after: Heard | None) -> Heard:
    if after is None or after.accepted:
        return after or before
    return Heard(before.connection, before.accepted, before.refused + after.refused)
