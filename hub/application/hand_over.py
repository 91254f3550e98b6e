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
from hub.store import audit, profiles
from hub.store.hand_overs import HandOver

DAYS, MOST_DAYS = 90, 3650
"""For how long no rule moves them, and the longest."""

LONGEST_REASON = 500
"""Characters of a reason."""


class HandOvers:
    """Hands people over by hand. ``waken`` announces that a destination has something to deliver."""

    def __init__(self, processing: Processing, *, waken: Callable[[str], None] = lambda destination: None) -> None:
        self._processing, self._waken = processing, waken

    def make(self, profile_id: UUID, state: str, *, by: str, reason: str, days: int = DAYS) -> HandOver:
        """Carry it out, and let every system hear of it. It is in the audit log, without the reason.

        Raises NotFound, RefusedError; nothing is changed then.
        """
        processing = self._processing
        insight = processing.insight
        names = [one.name for one in insight.qualification.states]
        if not names:
            raise NotFound("there is no funnel: `qualification:` in the configuration names its file")
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
            changed = [
                replace(one, handed_over=made) for one in refresh(session, insight, [row.id], now, placed=placed)
            ]
            entries = hand_over_activities(processing.routes, changed, now)
            queued = enqueue(session, processing.routes, changed, (), (), {}, now, entries) if changed else ()
            audit.note(session, by, "profile.hand_over", row.id)
        for destination in sorted(queued):
            self._waken(destination)
        return made
