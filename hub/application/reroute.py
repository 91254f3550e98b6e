"""reroute: ask the routes again about profiles for which a condition that depends on time may have changed.

When a profile changes, the next such moment is noted (``hub.outbox.enqueue.look_again``); here it has come. Who is
taken now is queued like anybody who changed; who is taken no more stays there, and the destination hears of opt-outs.
"""

from __future__ import annotations

from collections.abc import Callable

from hub.application.process import Processing
from hub.outbox.enqueue import enqueue
from hub.store import moments, profiles, records
from hub.store.profiles import ChangedProfile, FullRow
from hub.store.text import readable

BATCH = 500


def reroute(processing: Processing, wake: Callable[[str, str], None]) -> int:
    """One round; gives how many profiles were looked at. ``wake`` is told the queue and destination with new rows."""
    moving = {route.destination for route in processing.routes if route.changes is not None}
    routes = [route for route in processing.routes if route.destination in moving]
    looked_at = 0
    while routes:
        with processing.database.session() as session:
            due = moments.take_due(session, BATCH)
            # The lock leaves out profiles that were merged away meanwhile. It is taken in the order of the pipeline.
            still = records.lock_profiles(session, due)
            changed = readable(profiles.by_ids(session, still).values(), _changed)
            destinations = enqueue(session, routes, changed, (), (), {}, session.now())
        for destination in sorted(destinations):
            wake("deliver", destination)
        looked_at += len(due)
        if len(due) < BATCH:
            break
    return looked_at


def _changed(row: FullRow) -> ChangedProfile:
    """The changed profile. Raises UnreadableError."""
    row.profile()
    return ChangedProfile(row.id, row.version, row.golden, row.created_at, row.updated_at, row.traits)
