"""counting: rows of the outbox by destination and state, for pages: what took long to count is kept a while."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from hub.store.database import Session
from hub.store.outbox_counts import Counted, counted

LONG = 0.05
"""Seconds above which a count is kept: 200,000 rows take as long. Below it, every look counts anew."""

FACTOR, LONGEST = 100.0, 15.0
"""It is kept so many times as long as it took, and never for longer than so many seconds."""


class Counting:
    """Counts for many readers. While one counts again, the others get what was counted before."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._held: Counted | None = None
        self._until = float("-inf")
        self._changes = 0

    def forget(self) -> None:
        """Count anew at the next look: somebody here has just changed something."""
        self._changes += 1
        self._held = None

    def __call__(self, session: Session) -> Counted:
        """What is counted now, or was just now."""
        held = self._held
        if held is not None and self._clock() < self._until:
            return held
        if not self._lock.acquire(blocking=held is None):
            return held if held is not None else counted(session)
        try:
            if self._held is not None and self._clock() < self._until:
                return self._held
            began, changes = self._clock(), self._changes
            found = counted(session)
            took = self._clock() - began
            self._held = found if took > LONG and changes == self._changes else None
            self._until = self._clock() + min(LONGEST, FACTOR * took)
            return found
        finally:
            self._lock.release()
