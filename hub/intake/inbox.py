"""store: group commit. Many requests share one commit; the next batch starts when the last commit returned.

Waiting a fixed time for a fuller batch costs throughput and latency: the commit itself is the window. Each waiter is
answered only after its row is durable; when the database cannot be reached every waiter learns so at once. While it
is away only a few wait for the next try, and the others are refused before their bodies are read: an outage takes no
memory.
"""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Callable, Coroutine, Mapping
from time import monotonic
from typing import Any

import psycopg
import structlog

from hub import metrics
from hub.errors import Unavailable
from hub.store.database import DISCREET
from hub.store.inbox import NewEntry, copy_in, insert_new

log = structlog.get_logger()

BATCH = 1_000
REMEMBERED = 50_000
COMMIT_TIMEOUT = 3.0
"""Seconds until a commit that does not return counts as failed: Shopify gives up after 5 s in all."""

WAITING_ENTRIES, WAITING_BYTES = 10_000, 64 * 1024 * 1024
"""What may wait for a commit; more is refused."""

TRYING_ENTRIES, TRYING_BYTES = 200, 1024 * 1024
"""What may wait while the last commit failed: enough to see that the database is back."""

PROBE_SECONDS = 1.0
"""How long a probe's result holds: the readiness check of any number of callers costs one connection a second."""

_OURS: Mapping[str, Any] = {"connect_timeout": 2, "keepalives_idle": 5, "keepalives_interval": 5, "keepalives_count": 2}

_Key = tuple[str, str]
_Waiter = tuple[NewEntry, asyncio.Future[bool]]


class GroupCommit:
    """The durable inbox of one API process.

    Storing wakes the workers through PostgreSQL's NOTIFY; ``wake`` is called in a thread after the commit as well,
    where Redis carries the wake-up. Each batch is one statement in autocommit: every round trip waits for its turn in
    an event loop that is busy with requests.
    """

    def __init__(self, dsn: str, *, wake: Callable[[], None] | None = None) -> None:
        self._dsn = dsn
        self._wake_workers = wake
        self._waking: asyncio.Task[None] | None = None
        self._wake_again = False
        self._waiters: list[_Waiter] = []
        self._entries = 0
        self._bytes = 0
        self._wanted = asyncio.Event()
        self._recent: OrderedDict[_Key, None] = OrderedDict()
        self._connection: psycopg.AsyncConnection[tuple[object, ...]] | None = None
        self._task: asyncio.Task[None] | None = None
        self._abandoned: set[asyncio.Task[None]] = set()
        self._probe: asyncio.Task[bool] | None = None
        self._probed_at = 0.0
        self._failed = False
        self.available = False
        """True when the last commit reached the database."""

    def start(self) -> None:
        """Start committing; call once inside the running event loop."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Commit what waits, also what is being committed now, then close."""
        while self._entries:
            await asyncio.sleep(0.01)
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, *self._abandoned, return_exceptions=True)
            self._task = None
        await self._disconnect()

    @property
    def full(self) -> bool:
        """True when no more may wait: refuse before a body is read."""
        if self._failed:
            return self._entries >= TRYING_ENTRIES or self._bytes >= TRYING_BYTES
        return self._entries >= WAITING_ENTRIES or self._bytes >= WAITING_BYTES

    async def store(self, entry: NewEntry) -> None:
        """Return once the entry is durable (or was before). Raises Unavailable when it cannot be made so."""
        if (entry.connection, entry.event_id) in self._recent:
            metrics.STORED.labels(entry.connection, "duplicate").inc()
            return
        if self.full:
            raise Unavailable("too many entries wait for the database", retry_after=5)
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiters.append((entry, future))
        self._entries += 1
        self._bytes += len(entry.body)
        self._wanted.set()
        # Not the future's exception: it would hold its future, and by its traceback every body, until a collection.
        if not await future:
            raise Unavailable("the inbox cannot be made durable", retry_after=5)

    async def probe(self) -> bool:
        """True when the database answers; used by the readiness check. All who ask at one time share the answer."""
        if self._probe is None or (self._probe.done() and monotonic() - self._probed_at > PROBE_SECONDS):
            self._probe = asyncio.create_task(self._probed())
        return await asyncio.shield(self._probe)

    async def _probed(self) -> bool:
        try:
            async with asyncio.timeout(COMMIT_TIMEOUT):
                async with await psycopg.AsyncConnection.connect(self._dsn, connect_timeout=2) as connection:
                    await connection.execute("SELECT 1 FROM inbox LIMIT 1")
        except (psycopg.Error, TimeoutError):
            return False
        finally:
            self._probed_at = monotonic()
        return True

    async def _run(self) -> None:
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            while self._waiters:
                batch, self._waiters = self._waiters[:BATCH], self._waiters[BATCH:]
                await self._commit(batch)
                self._entries -= len(batch)
                self._bytes -= sum(len(entry.body) for entry, _ in batch)
                del batch  # nothing of it stays while we wait for the next

    async def _commit(self, batch: list[_Waiter]) -> None:
        distinct = {(entry.connection, entry.event_id): entry for entry, _ in batch}
        try:
            await self._in_time(self._write(list(distinct.values())))
        except (psycopg.Error, TimeoutError, OSError) as error:
            self._away()
            log.warning("intake.unavailable", error=type(error).__name__, entries=len(batch))
            await self._disconnect()
            _settle(batch, stored=False)
            return
        except Exception as error:
            self._away()
            log.exception("intake.failed", error=type(error).__name__, entries=len(batch))
            await self._disconnect()
            _settle(batch, stored=False)
            return
        if self._failed or not self.available:
            self.available, self._failed, self._probe = True, False, None
        self._remember(distinct)
        for connection, count in Counter(connection for connection, _ in distinct).items():
            metrics.STORED.labels(connection, "stored").inc(count)
        _settle(batch, stored=True)
        self._announce()

    def _away(self) -> None:
        self.available, self._failed, self._probe = False, True, None

    async def _in_time(self, writing: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(writing)
        done, _ = await asyncio.wait({task}, timeout=COMMIT_TIMEOUT)
        if not done:
            connection, self._connection = self._connection, None
            left = asyncio.create_task(_leave(task, connection))
            self._abandoned.add(left)
            left.add_done_callback(self._abandoned.discard)
            raise TimeoutError
        task.result()

    async def _write(self, entries: list[NewEntry]) -> None:
        reused = self._connection is not None and not self._connection.closed
        try:
            await self._insert(entries)
        except psycopg.OperationalError:
            if not reused:
                raise
            # The server was restarted since the last commit, and nobody noticed.
            await self._disconnect()
            await self._insert(entries)

    async def _insert(self, entries: list[NewEntry]) -> None:
        connection = await self._connected()
        try:
            await copy_in(connection, entries)
        except psycopg.errors.UniqueViolation:
            # One redelivery sinks the whole COPY: store the others around it.
            await insert_new(connection, entries)

    def _announce(self) -> None:
        # Redis is asked aside, so that a slow one never delays an answer; commits meanwhile share the next wake-up.
        if self._wake_workers is None:
            return
        self._wake_again = True
        if self._waking is None or self._waking.done():
            self._waking = asyncio.create_task(self._announced(self._wake_workers))

    async def _announced(self, wake: Callable[[], None]) -> None:
        while self._wake_again:
            self._wake_again = False
            await asyncio.to_thread(wake)

    async def _connected(self) -> psycopg.AsyncConnection[tuple[object, ...]]:
        if self._connection is None or self._connection.closed:
            self._connection = await psycopg.AsyncConnection.connect(self._dsn, autocommit=True, **_OURS)
            await self._connection.execute(DISCREET.encode())
        return self._connection

    async def _disconnect(self) -> None:
        if self._connection is not None:
            connection, self._connection = self._connection, None
            await connection.close()

    def _remember(self, keys: dict[_Key, NewEntry]) -> None:
        self._recent.update(dict.fromkeys(keys))
        while len(self._recent) > REMEMBERED:
            self._recent.popitem(last=False)


async def _leave(task: asyncio.Task[None], connection: psycopg.AsyncConnection[Any] | None) -> None:
    """End a commit that hangs, with its connection and the entries it holds.

    psycopg meets a cancellation by asking the server to stop, and waits for it: a server that hangs does not hear, so
    that it takes a second one.
    """
    for _ in range(3):
        task.cancel()
        done, _ = await asyncio.wait({task}, timeout=1)
        if done:
            if not task.cancelled():
                task.exception()  # was looked at: it is told of once, as a time-out
            break
    if connection is not None:
        await connection.close()


def _settle(batch: list[_Waiter], *, stored: bool) -> None:
    for _, future in batch:
        if not future.done():
            future.set_result(stored)
