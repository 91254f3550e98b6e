"""Which bearer tokens there are, known before a body is read and without a query per guess.

The digests of all tokens are in memory. A token that is not among them waits for a look at the database that began
after it came, and all who wait share that look: a new token works at once, however many guess. What a token may do is
looked up when its request is answered (``hub.api.access``), so that one that was revoked opens nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from time import monotonic

from starlette.concurrency import run_in_threadpool

from hub.store import tokens
from hub.store.database import Database
from hub.store.tokens import Role

LOOK_SECONDS = 0.2
"""The least time between two looks."""


class Bearers:
    """The tokens of one API process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: Mapping[bytes, Role] = {}
        self._next: asyncio.Task[Mapping[bytes, Role]] | None = None
        self._looking = asyncio.Lock()
        self._looked_at = float("-inf")

    async def know(self, text: str) -> bool:
        """True when there is such a token. Raises psycopg's errors when the database has to be asked and is away."""
        if not tokens.is_shaped(text):
            return False
        digest = tokens.digest(text)
        return digest in self._known or digest in await self._look()

    def is_shops(self, text: str) -> bool:
        """Whether this is a shop's token, as far as was looked: a token keeps its role for life."""
        return self._known.get(tokens.digest(text)) == "shop"

    async def _look(self) -> Mapping[bytes, Role]:
        if self._next is None:
            self._next = asyncio.create_task(self._looked())
        return await asyncio.shield(self._next)

    async def _looked(self) -> Mapping[bytes, Role]:
        async with self._looking:
            await asyncio.sleep(max(0.0, self._looked_at + LOOK_SECONDS - monotonic()))
            self._next = None  # whoever comes from now on needs a later look
            try:
                self._known = await run_in_threadpool(self._read)
            finally:
                self._looked_at = monotonic()
            return self._known

    def _read(self) -> Mapping[bytes, Role]:
        with self._database.session() as session:
            return tokens.roles(session)
