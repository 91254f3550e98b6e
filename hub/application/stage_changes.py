"""Changes of stage as entries in people's history, where a connection asks for them.

They have no rows of their own: each is found again by walking over the orders (decision 0023). Its key is made of
profile, day and stage, so that the same facts, told again or in another order, make the same entry and none twice.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from uuid import UUID

import orjson

from hub.application.traits import Insight
from hub.insight.customers import customers, date_of, day_of
from hub.insight.stages import POTENTIAL, history
from hub.model.activity import activity_key
from hub.model.keys import fact_id
from hub.outbox.activities import LONGEST_AGE
from hub.outbox.enqueue import ChangedActivity, Route
from hub.store import customer_stats
from hub.store.activities import StoredActivity
from hub.store.database import Session
from hub.store.profiles import ChangedProfile

KIND = "stage"


def change_id(profile: UUID, day: date, stage: str) -> UUID:
    """Of one change of stage."""
    return fact_id("hub", KIND, f"{profile}:{day}:{stage}")


def stage_changes(routes: Sequence[Route], changed: Iterable[ChangedProfile], now: datetime) -> list[ChangedActivity]:
    """The changes of these profiles that are news, where any route asks for them."""
    if not any(KIND in route.activities for route in routes):
        return []
    found = []
    for one in changed:
        told = one.traits or {}
        since = told.get("stage_since")
        if not one.stage_changed or not since or midnight(date.fromisoformat(since)) < now - LONGEST_AGE:
            continue
        key = change_id(one.id, date.fromisoformat(since), str(told["stage"]))
        found.append(ChangedActivity(activity_key(key), one.id, None, KIND))
    return found


def midnight(day: date) -> datetime:
    """When a day begins, in UTC."""
    return datetime.combine(day, time.min, UTC)


def walked(session: Session, profiles: Collection[UUID], now: datetime) -> dict[UUID, tuple[UUID, date, str, str]]:
    """Every change of stage of these profiles as the facts and the model in force have it now, by its id.

    (profile, day, stage before, stage).
    """
    today = day_of(now)
    _, model = Insight().in_force(session)
    found: dict[UUID, tuple[UUID, date, str, str]] = {}
    for one, stat in customer_stats.stored(session, profiles).items():
        if stat.days[0] > today:
            continue
        before = POTENTIAL
        for day, stage in history(customers([stat.days], [stat.nets], today), model.limits):
            found[change_id(one, date_of(day), stage)] = (one, date_of(day), before, stage)
            before = stage
    return found


def stored_changes(session: Session, asked: Mapping[UUID, UUID], now: datetime) -> dict[UUID, StoredActivity]:
    """Changes of stage as entries; ``asked`` is the profile of each. What the facts have no more is left out."""
    found = walked(session, set(asked.values()), now)
    return {
        change: StoredActivity(
            connection="hub",
            kind=KIND,
            external_id=str(profile),
            happened_at=midnight(day),
            amount=None,
            currency=None,
            payload=orjson.dumps({"from": before, "to": stage}).decode(),
            order_number=None,
        )
        for change, (profile, day, before, stage) in found.items()
        if change in asked
    }
