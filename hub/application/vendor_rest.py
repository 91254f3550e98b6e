"""How long a vendor that failed is left alone, by what failed; so that nothing asks it every few seconds."""

from __future__ import annotations

import threading
from datetime import timedelta

import structlog

from hub.errors import HubError, RetryableError, Unavailable
from hub.outbox.policy import AUTH_PAUSES
from hub.store import rests
from hub.store.database import Database
from hub.store.rests import Part

log = structlog.get_logger()

RESTS = tuple(timedelta(seconds=seconds) for seconds in (10, 30, 60, 120, 300))
"""How long a vendor is left alone, each time in a row for longer. Nothing is lost by it: what is to be done waits."""

LONGEST_PAUSE = timedelta(hours=1)
"""The longest that a vendor's own Retry-After is believed."""


def rest(database: Database, name: str, error: HubError, part: Part = "bodies") -> None:
    """Leave the vendor of a connection alone: for as long as it asks for, or as its failures in a row make it."""
    waits = AUTH_PAUSES
    if isinstance(error, RetryableError):
        waits = (min(timedelta(seconds=error.retry_after), LONGEST_PAUSE),) if error.retry_after else RESTS
    with database.session() as session:
        wait = rests.begin(session, name, waits, error, part)
    reason = error.brief or type(error).__name__
    log.warning("vendor.rests", connection=name, part=part, reason=reason, seconds=wait.total_seconds())


def pause(stopping: threading.Event, seconds: float) -> None:
    """Raises Unavailable when it is to stop: without a pause a vendor that says 429 would be asked on and on."""
    if stopping.wait(seconds):
        raise Unavailable("stopped while it waited; it goes on at its cursor")
