"""enqueue: changed profiles and orders to outbox rows, by the routes; one coalesced row per destination and key."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hub import metrics
from hub.model.profile import Profile
from hub.store import outbox
from hub.store.database import Session
from hub.store.outbox import NewRow
from hub.store.profiles import ChangedProfile, Merge


@dataclass(frozen=True, slots=True)
class Route:
    """Profiles that fulfil ``when`` (all, without one) go to ``destination``; their orders too, where it takes them."""

    destination: str
    when: Callable[[Profile], bool] | None = None
    orders: bool = False


@dataclass(frozen=True, slots=True)
class ChangedOrder:
    """An order fact that changed; ``profile_id`` is whose it is now."""

    key: UUID
    profile_id: UUID
    event: int


def enqueue(
    session: Session,
    routes: Sequence[Route],
    changed: Sequence[ChangedProfile],
    orders: Iterable[ChangedOrder],
    merges: Sequence[Merge],
    events: Mapping[UUID, set[int]],
    now: datetime,
) -> set[str]:
    """Queue what differs; gives the destinations that have something to do.

    A suppressed profile is queued like any other: ``render`` decides that its row carries the suppression, or nothing.
    """
    if merges:
        outbox.retire(session, [m.loser for m in merges], [m.winner for m in merges], now)
    rows: list[NewRow] = []
    routed: dict[str, set[UUID]] = {}
    for route in routes:
        taken = routed.setdefault(route.destination, set())
        for profile in changed:
            if profile.id not in taken and _matches(route, profile):
                taken.add(profile.id)
                behind = sorted(events.get(profile.id, ()))
                rows.append(NewRow(route.destination, profile.id, "profile", profile.id, profile.version, behind))
    with_orders = {route.destination for route in routes if route.orders}
    for order in orders:
        rows.extend(
            NewRow(destination, order.key, "order", order.profile_id, 1, [order.event])
            for destination in sorted(with_orders)
        )
    outbox.enqueue(session, rows, now)
    for row in rows:
        metrics.ENQUEUED.labels(row.destination, "queued").inc()
    return {row.destination for row in rows} | ({route.destination for route in routes} if merges else set())


def _matches(route: Route, profile: ChangedProfile) -> bool:
    return route.when is None or route.when(profile.profile())
