"""sweep: look at the rows and re-wake what was lost; the reason we may trust messages little."""

from __future__ import annotations

from collections.abc import Collection

from hub.outbox import echo, hold
from hub.store import inbox, marks, outbox, returned, reviews, versions
from hub.store.database import Database
from hub.workers.wake import Waker

PRINTS = 1_000
"""Fingerprints that one round forgets at most."""


def sweep(database: Database, waker: Waker, destinations: Collection[str], *, trains: bool = False) -> None:
    """One round: announce every step and destination that has something due, and let go what a bulk load held up.

    ``trains``: weights are trained by themselves.
    """
    with database.session() as session:
        hold.release_when_over(session, trains=trains)
        returned.forget_prints(session, echo.KEPT, PRINTS)
        steps = {step: inbox.due(session, step) for step in ("process", "complete", "reread")}
        again = versions.any_waiting(session) or marks.any_due(session)
        due = {destination: outbox.oldest_due(session, destination) for destination in destinations}
    for connection in steps["complete"]:
        waker.wake("complete", connection)
    if again or steps["process"] or steps["reread"]:
        waker.wake("process")
    for destination, age in due.items():
        if age is not None:
            waker.wake("deliver", destination)


def weigh_reviews(database: Database) -> None:
    """Make the list of doubtful matches that wait for a person quick to show."""
    with database.session() as session:
        reviews.read_stakes(session)
