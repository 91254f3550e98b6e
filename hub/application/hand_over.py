"""hand_over: a person puts somebody into a state of the funnel, with a reason; no rule moves them for a while.

So sales gives back whom it does not want, and marketing is not handed them over again the next minute.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from hub.application.process import Processing
from hub.application.qualify import Qualifying, hand_over_activities
from hub.application.traits import refresh
from hub.errors import NotFound, RefusedError, did_you_mean
from hub.outbox.enqueue import enqueue
from hub.sdk.connection import counting_placed_orders
from hub.store import profiles
from hub.store.hand_overs import HandOver

Wake = Callable[[str, str], None]


def hand_over(
    processing: Processing,
    profile_id: UUID,
    state: str,
    *,
    by: str,
    reason: str,
    days: int,
    wake: Wake = lambda queue, destination: None,
) -> HandOver:
    """Carry it out, and let every system hear of it. Raises NotFound, RefusedError; nothing is changed then."""
    insight = processing.insight
    names = [one.name for one in insight.qualification.states]
    if state not in names:
        raise NotFound(f"there is no state {state!r}{did_you_mean(state, names)}")
    if not reason.strip():
        raise RefusedError("a hand-over needs a reason")
    with processing.database.session() as session:
        row = profiles.get(session, profile_id)
        if row is None:
            raise NotFound(f"there is no profile {profile_id}")
        person, now = row.profile(), session.now()
        if person.suppressed:
            raise RefusedError("the person asked to be erased")
        qualifying = Qualifying.of(session, insight.qualification, [row.id], now)
        made = qualifying.by_hand(person, state, f"{reason.strip()} ({by})", now + timedelta(days=days))
        qualifying.store(session)
        placed = counting_placed_orders(processing.connections)
        changed = [replace(one, handed_over=made) for one in refresh(session, insight, [row.id], now, placed=placed)]
        entries = hand_over_activities(processing.routes, changed, now)
        queued = enqueue(session, processing.routes, changed, (), (), {}, now, entries) if changed else ()
    for destination in sorted(queued):
        wake("deliver", destination)
    return made
