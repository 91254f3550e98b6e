"""Live parts of pages: PostgreSQL is asked once for all who watch, and not at all while nobody does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import Generic, TypeVar

import psycopg
import psycopg_pool
import structlog
from starlette.concurrency import run_in_threadpool

from hub.store.database import Database, Session

log = structlog.get_logger()

Value = TypeVar("Value")

SHARE = 20.0
"""What took a second to read is read again after this many: what is shown may not cost what it shows."""

LONGEST = 15.0
"""Seconds after which it is read again all the same: a busy moment does not hold the next look up for minutes."""


@dataclass(slots=True)
class Snapshot(Generic[Value]):
    """What was read, and what was made of it for each kind of reader (language, role)."""

    value: Value
    rendered: dict[object, str] = field(default_factory=dict)


class Topic(Generic[Value]):
    """One thing to watch, read by ``read`` every ``seconds`` at most."""

    def __init__(self, database: Database, seconds: float, read: Callable[[Session], Value]) -> None:
        self._database, self._seconds, self._read = database, seconds, read
        self._viewers = 0
        self._task: asyncio.Task[None] | None = None
        self._latest: Snapshot[Value] | None = None
        self._changed = asyncio.Event()
        self._joined = asyncio.Event()

    def now(self) -> Value:
        """Read it once, for a page that is being made; may be called in any thread."""
        with self._database.session() as session:
            return self._read(session)

    async def rendered(self, kind: object, render: Callable[[Value], str]) -> AsyncIterator[str]:
        """The text again and again, whenever it is another; made once for all readers of one ``kind``."""
        last = ""
        async for snapshot in self._snapshots():
            if kind not in snapshot.rendered:
                snapshot.rendered[kind] = render(snapshot.value)
            if snapshot.rendered[kind] != last:
                last = snapshot.rendered[kind]
                yield last

    async def _snapshots(self) -> AsyncIterator[Snapshot[Value]]:
        self._viewers += 1
        if self._task is None or self._task.done():
            self._latest = None
            self._task = asyncio.create_task(self._poll())
        self._joined.set()
        try:
            # What was read before is no news: the page itself was made since.
            while True:
                await self._changed.wait()
                if self._latest is not None:
                    yield self._latest
        finally:
            self._viewers -= 1

    async def _poll(self) -> None:
        while self._viewers:
            started = monotonic()
            try:
                self._latest = Snapshot(await run_in_threadpool(self.now))
            except (psycopg.Error, psycopg_pool.PoolTimeout) as error:
                log.warning("console.database_away", error=type(error).__name__)
            else:
                told, self._changed = self._changed, asyncio.Event()
                told.set()
            spent = monotonic() - started
            await asyncio.sleep(self._seconds)
            with suppress(TimeoutError):  # somebody new does not wait for what others were shown
                await asyncio.wait_for(self._joined.wait(), max(0.0, min(SHARE * spent, LONGEST) - self._seconds))
            self._joined.clear()


class Live:
    """The topics of one process."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def topic(self, seconds: float, read: Callable[[Session], Value]) -> Topic[Value]:
        """A new topic; one for each page that watches, made where its routes are."""
        return Topic(self._database, seconds, read)
