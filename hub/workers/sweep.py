"""sweep: look at the rows and re-wake what was lost; the reason we may trust messages little. Sets the lag gauges."""

from __future__ import annotations

from hub import metrics
from hub.store import inbox, outbox
from hub.store.database import Database
from hub.workers.wake import Waker


def sweep(database: Database, waker: Waker) -> None:
    """One round: announce every step and destination that has something due."""
    with database.session() as session:
        waiting = inbox.waiting(session)
        due = outbox.due(session)
    for step in ("process", "complete"):
        count, age = waiting.get(step, (0, 0.0))
        metrics.INBOX_LAG.labels(step).set(age)
        if count:
            waker.wake(step)
    for destination, (_, age) in due.items():
        metrics.OUTBOX_LAG.labels(destination).set(age)
        waker.wake("deliver", destination)
