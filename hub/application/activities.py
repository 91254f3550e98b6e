"""What is new in people's history, of one batch: the activities that destinations asked for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from hub.identity.place import Resolution
from hub.model.activity import activity_key
from hub.outbox.activities import LONGEST_AGE, changed_activities
from hub.outbox.enqueue import ChangedActivity, Route
from hub.store import activities
from hub.store.database import Session


def new_activities(
    session: Session, routes: Sequence[Route], resolution: Resolution, now: datetime
) -> list[ChangedActivity]:
    """What is new in people's history, where any route asks for it; what still waits follows its record."""
    if not any(route.activities for route in routes):
        return []
    profile_of = {row.id: profile for profile, members in resolution.members.items() for row in members}
    if resolution.moved:
        moved = activities.told_by(session, resolution.moved, now - LONGEST_AGE)
        activities.move(session, [activity_key(one) for one, _ in moved], [profile_of[record] for _, record in moved])
    told = [fact for fact in resolution.changed if fact.id in resolution.told]
    orders = resolution.orders
    record_of = {fact.id: orders.get(fact.parent_id) if fact.parent_id else fact.record_id for fact in told}
    homes = {fact: profile_of[record] for fact, record in record_of.items() if record in profile_of}
    return changed_activities(told, resolution.told, homes, now)
