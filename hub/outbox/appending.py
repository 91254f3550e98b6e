"""Due rows of facts (orders, activities) to changes, from the store."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from hub.model.activity import activity_key
from hub.outbox.activities import activity_changes, too_old
from hub.outbox.render import Unreadable, order_changes
from hub.sdk.destination import ActivityChange, Change
from hub.store import activities, facts
from hub.store.activities import StoredActivity
from hub.store.database import Session
from hub.store.due import DueRow
from hub.store.outbox import Subject

AnyChange = Change | ActivityChange | Unreadable

Derived = Callable[[Session, Mapping[UUID, UUID], datetime], Mapping[UUID, StoredActivity]]
"""Entries that have no facts of their own and follow from others; ``asked`` is the profile of each. Those that do not
follow any more are left out."""


def nothing_derived(session: Session, asked: Mapping[UUID, UUID], now: datetime) -> Mapping[UUID, StoredActivity]:
    """For who delivers facts only."""
    return {}


def facts_changes(
    session: Session,
    subject: Subject,
    rows: Sequence[DueRow],
    suppressed: Collection[UUID],
    now: datetime,
    derived: Derived = nothing_derived,
) -> tuple[Mapping[UUID, AnyChange], dict[UUID, str]]:
    """Rows of orders or activities to changes; those left out with the reason, ``suppressed`` people's among them."""
    keys = [row.key for row in rows]
    if subject == "order":
        return order_changes(rows, facts.stored_orders(session, keys), suppressed)
    return activity_changes(rows, _entries(session, rows, derived, now), suppressed, now)


def _entries(
    session: Session, rows: Sequence[DueRow], derived: Derived, now: datetime
) -> Mapping[UUID, StoredActivity]:
    homes = {activity_key(row.key): row.profile_id for row in rows}
    stored = activities.stored_activities(session, homes)
    missing = {key: profile for key, profile in homes.items() if key not in stored}
    return {**stored, **derived(session, missing, now)} if missing else stored


def left_out_late(
    session: Session,
    subject: Subject,
    rows: Sequence[DueRow],
    now: datetime,
    derived: Derived = nothing_derived,
) -> set[UUID]:
    """The activities that waited for their person until they were history; an order waits for ever."""
    waiting = [row for row in rows if row.contact_id is None]
    if subject != "activity" or not waiting:
        return set()
    return set(too_old(waiting, _entries(session, waiting, derived, now), now))
