"""reroute: ask the routes again about profiles for whom a condition on time may come out otherwise by now.

When a profile changes, the next such moment is noted (``hub.outbox.enqueue.look_again``); here it has come. Who is
taken now is queued like anybody who changed; who is taken no more stays there, and the destination hears of opt-outs.
"""

from __future__ import annotations

from datetime import UTC, datetime

from hub.outbox.enqueue import enqueue
from hub.store import moments, profiles
from hub.store.profiles import ChangedProfile
from hub.workers.process import Processing
from hub.workers.wake import Waker

BATCH = 500


def reroute(processing: Processing, waker: Waker) -> int:
    """One round; gives how many profiles were looked at."""
    moving = {route.destination for route in processing.routes if route.changes is not None}
    routes = [route for route in processing.routes if route.destination in moving]
    looked_at = 0
    while routes:
        with processing.database.session() as session:
            due = moments.take_due(session, BATCH)
            changed = [
                ChangedProfile(row.id, row.version, row.golden, row.created_at, row.updated_at)
                for row in profiles.by_ids(session, due).values()
            ]
            destinations = enqueue(session, routes, changed, (), (), {}, datetime.now(UTC))
        for destination in sorted(destinations):
            waker.wake("deliver", destination)
        looked_at += len(due)
        if len(due) < BATCH:
            break
    return looked_at
