"""Due rows of facts (orders, activities) to changes, from the store."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from hub.model.activity import activity_key
from hub.outbox.activities import activity_changes, too_old
from hub.outbox.render import Unreadable, order_changes
from hub.sdk.destination import ActivityChange, Change
from hub.store import activities, facts
from hub.store.database import Session
from hub.store.due import DueRow
from hub.store.outbox import Subject

AnyChange = Change | ActivityChange | Unreadable


def facts_changes(
    session: Session, subject: Subject, rows: Sequence[DueRow], suppressed: Collection[UUID], now: datetime
) -> tuple[Mapping[UUID, AnyChange], dict[UUID, str]]:
    """Rows of orders or activities to changes; those left out with the reason, ``suppressed`` people's among them."""
    keys = [row.key for row in rows]
    if subject == "order":
        return order_changes(rows, facts.stored_orders(session, keys), suppressed)
    stored = activities.stored_activities(session, [activity_key(key) for key in keys])
    return activity_changes(rows, stored, suppressed, now)


def left_out_late(session: Session, subject: Subject, rows: Sequence[DueRow], now: datetime) -> set[UUID]:
    """The activities that waited for their person until they were history; an order waits for ever."""
    waiting = [row for row in rows if row.contact_id is None]
    if subject != "activity" or not waiting:
        return set()
    stored = activities.stored_activities(session, [activity_key(row.key) for row in waiting])
    return set(too_old(waiting, stored, now))
