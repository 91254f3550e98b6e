"""The blast radius: a merge of two profiles with many orders or much revenue waits for a person (law L8)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from hub.identity.component import Component
from hub.matching.rules import Limits
from hub.matching.version import Identity
from hub.model.judgement import Judgement
from hub.store import judgements as store
from hub.store import text
from hub.store.database import Session
from hub.store.records import ProfileRow, RecordRow


@dataclass(frozen=True, slots=True)
class Stake:
    """What hangs on a profile; ``revenue`` is the largest total of one currency, in major units."""

    orders: int = 0
    revenue: Decimal = Decimal(0)


def stake(golden: str) -> Stake:
    """The stake of a golden profile (JSON text)."""
    # A golden profile that cannot be read counts as nothing: this batch folds it again.
    orders = text.or_else(golden, {}).get("orders") or {}
    totals = [Decimal(total["amount"]) for total in orders.get("totals", ())]
    return Stake(int(orders.get("count", 0)), max(totals, default=Decimal(0)))


def reason_to_wait(stakes: Sequence[Stake], limits: Limits) -> str | None:
    """Why profiles with these stakes must not be merged by the machine; None when they may."""
    orders, revenue = sum(one.orders for one in stakes), sum((one.revenue for one in stakes), Decimal(0))
    if orders > limits.orders:
        return f"{orders} orders, the limit is {limits.orders}"
    if revenue > limits.revenue:
        return f"revenue of {revenue}, the limit is {limits.revenue}"
    return None


def hold_large_merges(
    session: Session,
    component: Component,
    identity: Identity,
    rows: Mapping[UUID, RecordRow],
    known: Mapping[UUID, ProfileRow],
    now: datetime,
    home: Mapping[UUID, UUID] | None = None,
) -> list[list[UUID]]:
    """The clusters of the component, without the merges that are above the limits. For each of these a hold is stored.

    ``home`` is set when an earlier version of the rules is restored: the profile of each record in that version.
    Records that were one profile then need not wait.
    """
    groups, _ = clusters_within_limits(
        component, identity, rows, known, now, lambda hold: store.insert(session, hold), home
    )
    return groups


def clusters_within_limits(
    component: Component,
    identity: Identity,
    rows: Mapping[UUID, RecordRow],
    known: Mapping[UUID, ProfileRow],
    now: datetime,
    keep: Callable[[Judgement], Judgement] = lambda hold: hold,
    home: Mapping[UUID, UUID] | None = None,
) -> tuple[list[list[UUID]], list[Judgement]]:
    """The clusters of the component that respect the limits, and the holds that keep the others apart.

    ``keep`` stores a hold and gives it back with its id.
    """
    holds: list[Judgement] = []
    while True:
        groups = component.clustered(identity, holds).groups
        new = [
            hold
            for group in groups
            if not (home and len({home.get(record) for record in group}) == 1)
            and (hold := _hold(component, group, rows, known, identity.rules.limits, now))
        ]
        if not new:
            return groups, holds
        holds += [keep(hold) for hold in new]


def _hold(
    component: Component,
    group: Sequence[UUID],
    rows: Mapping[UUID, RecordRow],
    known: Mapping[UUID, ProfileRow],
    limits: Limits,
    now: datetime,
) -> Judgement | None:
    if len(group) < 2:
        return None
    profiles = sorted({place for record in group if (place := rows[record].profile_id) in known and place is not None})
    if len(profiles) < 2:
        return None
    stakes = {profile: stake(known[profile].golden) for profile in profiles}
    reason = reason_to_wait(list(stakes.values()), limits)
    if reason is None:
        return None
    largest = max(profiles, key=lambda profile: (stakes[profile].revenue, stakes[profile].orders, profile))
    one = frozenset(record for record in group if rows[record].profile_id == largest)
    other = frozenset(record for record in group if rows[record].profile_id in known) - one
    if _decided(component, one, other):
        return None
    return Judgement(0, "hold", one, other, "hub", reason, now)


def _decided(component: Component, one: frozenset[UUID], other: frozenset[UUID]) -> bool:
    """Whether a person or the source said that they are one: then no person needs to be asked."""
    if any(not one.isdisjoint(group) and not other.isdisjoint(group) for group in component.links):
        return True
    return any(
        judgement.verdict == "same" and judgement.records & one and judgement.records & other
        for judgement in component.judgements
    )
