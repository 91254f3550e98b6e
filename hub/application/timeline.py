"""What happened with a person, the stages of the life cycle they came through by it, and how they were handed over.

Stages have no rows of their own: they follow from the orders and the model in force, so that they are the same in
whatever order events came, and move with merges and splits.
"""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from hub.application.qualify import timeline_items
from hub.application.traits import Insight
from hub.insight.customers import customers, date_of, day_of
from hub.insight.stages import history
from hub.model.keys import fact_id
from hub.profiles.timeline import Item, Position
from hub.profiles.timeline import timeline as happened
from hub.store import customer_stats, profiles
from hub.store.database import Session


def timeline(
    session: Session, profile_id: UUID, *, before: Position | None = None, limit: int = 50
) -> list[Item] | None:
    """The newest first, from ``before`` (the last item's time and id) on; None when there is no such profile.

    Retired ids are followed.
    """
    items = happened(session, profile_id, before=before, limit=limit)
    if items is None:
        return None
    more = _stages(session, profile_id) + _hand_overs(session, profile_id, before, limit)
    items += [item for item in more if before is None or (item["at"], item["id"]) < before]
    return sorted(items, key=lambda item: (item["at"], item["id"]), reverse=True)[:limit]


def _hand_overs(session: Session, profile_id: UUID, before: Position | None, limit: int) -> list[Item]:
    row = profiles.get(session, profile_id)
    return timeline_items(session, row.id, limit + 1, before[0] if before else None) if row else []


def _stages(session: Session, profile_id: UUID) -> list[Item]:
    row = profiles.get(session, profile_id)
    stat = customer_stats.stored(session, [row.id]).get(row.id) if row else None
    today = day_of(session.now())
    if row is None or stat is None or stat.days[0] > today:
        return []
    _, model = Insight().in_force(session)
    changes = history(customers([stat.days], [stat.nets], today), model.limits)
    came_from = ("potential", *(stage for _, stage in changes))
    return [
        {
            "id": fact_id("hub", "stage", f"{row.id}:{day}:{stage}"),
            "at": datetime.combine(date_of(day), datetime.min.time(), UTC),
            "kind": "stage",
            "connection": "hub",
            "external_id": str(row.id),
            "subject": f"{before} to {stage}".replace("_", " "),
            "amount": None,
            "currency": None,
            "payload": {"from": before, "to": stage},
            "event": 0,
        }
        for before, (day, stage) in zip(came_from, changes, strict=False)
    ]
