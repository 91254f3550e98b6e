"""trait_reasons: every trait of a profile with why it is so."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from hub.application import behaviour, leads, qualify
from hub.application.overrides import in_words
from hub.application.traits import OFFERED, Insight
from hub.insight.customers import customers, day_of
from hub.insight.traits import why
from hub.store import customer_stats, overrides, profiles
from hub.store import traits as store
from hub.store.database import Session

_WHY_OFFERED = {
    "up_sell": "what most who have the same bought later, dearer and of the same category",
    "replenish_product": "bought again by most, and the soonest due of what they have",
    "replenish_on": "their own gaps between orders of it, drawn towards everybody's",
}


def explained(
    session: Session, insight: Insight, profile_id: UUID, now: datetime, placed: Collection[str] = ()
) -> list[dict[str, Any]]:
    """Every trait of a profile with its value, as-of time, version of the model, and why. Retired ids are followed.

    ``placed`` are the connections whose orders count before they are paid. Raises UnreadableError.
    """
    row = profiles.get(session, profile_id)
    if row is None:
        return []
    told = row.profile().traits.model_dump(mode="json")
    stat = customer_stats.stored(session, [row.id]).get(row.id)
    held = store.of_profiles(session, [row.id]).get(row.id)
    version, model = insight.in_force(session)
    today = day_of(now)
    known = stat is not None and stat.days[0] <= today
    told_why = (
        behaviour.why(session, row.id, row.golden, now, placed=placed, channels=insight.channels)
        if any(name in told for name in behaviour.NAMES)
        else {}
    )
    alone = customers([stat.days], [stat.nets], today) if stat is not None and known else None
    by_name = {segment.name: segment for segment in insight.segments}
    said = overrides.in_force(session, [row.id], now).get(row.id, {})
    items = []
    for name, value in told.items():
        if name == "segments":
            facts = [f"{one}: {by_name[one].when.text}" for one in value if one in by_name][:3]
        elif name in leads.NAMES:
            facts = list(told.get("lead_reasons", ()))
        elif name in qualify.NAMES:
            facts = qualify.why(session, row.id)
        elif name in OFFERED[1:]:
            facts = [_WHY_OFFERED[name]]
        elif name in told_why:
            facts = told_why[name]
        elif alone is None or stat is None:
            facts = ["no order that counts"]
        elif name == "last_order_via":
            facts = [f"the last order came by {value}"]
        elif name == "next_products":
            facts = ["bought most by customers who bought what this one did"]
        else:
            facts = why(alone, stat.currency, model, name)
        if name in said:
            # What was worked out explains nothing of what a person said (margince/margince#1314).
            facts = [in_words(said[name]), *(f"by what is worked out: {fact}" for fact in facts)][:3]
        items.append(
            {
                "trait": name,
                "value": value,
                "as_of": held.as_of if held else now,
                "version": held.model_id if held else version,
                "why": facts,
            }
        )
    return items
