"""Which bearer tokens there are, known before a body is read and without a query per guess.

The digests of all tokens are in memory. A token that is not among them waits for a look at the database that began
after it came, and all who wait share that look: a new token works at once, however many guess. What a token may do is
looked up when its request is answered (``hub.api.access``), so that one that was revoked opens nothing.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from math import ceil
from time import monotonic

from starlette.concurrency import run_in_threadpool

from hub.store import tokens
from hub.store.database import Database

LOOK_SECONDS = 0.2
"""The least time between two looks."""

GUESSES = 10
"""Wrong tokens of one caller that are answered with 401; more get 429."""

GUESS_SECONDS = 6.0
"""One more guess is free after so many seconds."""

CALLERS = 10_000
"""Callers whose wrong tokens are counted; the one that was quiet longest is forgotten first."""


class Bearers:
    """The tokens of one API process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: frozenset[bytes] = frozenset()
        self._next: asyncio.Task[frozenset[bytes]] | None = None
        self._looking = asyncio.Lock()
        self._looked_at = float("-inf")

    async def know(self, text: str) -> bool:
        """True when there is such a token. Raises psycopg's errors when the database has to be asked and is away."""
        if not tokens.is_shaped(text):
            return False
        digest = tokens.digest(text)
        return digest in self._known or digest in await self._look()

    async def _look(self) -> frozenset[bytes]:
        if self._next is None:
            self._next = asyncio.create_task(self._looked())
        return await asyncio.shield(self._next)

    async def _looked(self) -> frozenset[bytes]:
        async with self._looking:
            await asyncio.sleep(max(0.0, self._looked_at + LOOK_SECONDS - monotonic()))
            self._next = None  # whoever comes from now on needs a later look
            try:
                self._known = await run_in_threadpool(self._read)
            finally:
                self._looked_at = monotonic()
            return self._known

    def _read(self) -> frozenset[bytes]:
        with self._database.session() as session:
            return tokens.digests(session)


class Guesses:
    """Wrong tokens by caller. Only wrong ones are slowed down, so that nobody can lock another out. Pure."""

    def __init__(self) -> None:
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wrong(self, caller: str, now: float) -> int | None:
        """Count one; None, or the seconds the caller has to wait when it guessed too often."""
        left, at = self._left.pop(caller, (float(GUESSES), now))
        left = min(float(GUESSES), left + (now - at) / GUESS_SECONDS)
        guessed = left < 1
        self._left[caller] = (left if guessed else left - 1, now)
        while len(self._left) > CALLERS:
            self._left.popitem(last=False)
        return ceil((1 - left) * GUESS_SECONDS) if guessed else None
