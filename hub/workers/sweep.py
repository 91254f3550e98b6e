"""sweep: look at the rows and re-wake what was lost; the reason we may trust messages little. Sets the lag gauges."""

from __future__ import annotations

from collections.abc import Collection

from hub import metrics
from hub.outbox import hold
from hub.store import inbox, outbox, reviews, versions
from hub.store.database import Database
from hub.workers.wake import Waker


def sweep(database: Database, waker: Waker, destinations: Collection[str], *, trains: bool = False) -> None:
    """One round: announce every step and destination that has something due, and let go what a bulk load held up.

    ``trains``: weights are trained by themselves.
    """
    with database.session() as session:
        hold.release_when_over(session, trains=trains)
        steps = {step: inbox.due(session, step) for step in ("process", "complete")}
        again = versions.any_waiting(session)
        due = {destination: outbox.oldest_due(session, destination) for destination in destinations}
    for step, ages in steps.items():
        metrics.INBOX_LAG.labels(step).set(max(ages.values(), default=0.0))
    for connection in steps["complete"]:
        waker.wake("complete", connection)
    if again or steps["process"]:
        waker.wake("process")
    for destination, age in due.items():
        metrics.OUTBOX_LAG.labels(destination).set(age or 0.0)
        if age is not None:
            waker.wake("deliver", destination)


def count_failures(database: Database, destinations: Collection[str]) -> None:
    """Set the gauges of what waits for a person: parked entries and dead rows."""
    with database.session() as session:
        metrics.PARKED_ENTRIES.set(inbox.parked(session))
        for destination in destinations:
            metrics.DEAD_ROWS.labels(destination).set(outbox.dead(session, destination))


def count_reviews(database: Database) -> None:
    """Set the gauge of doubtful matches that wait for a person, and make their list quick to show."""
    with database.session() as session:
        metrics.OPEN_REVIEWS.set(reviews.weigh(session))
