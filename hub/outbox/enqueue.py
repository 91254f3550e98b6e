"""enqueue: changed profiles and orders to outbox rows, by the routes; one coalesced row per destination and key."""

from __future__ import annotations

from collections import Counter, defaultdict
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
    So is one that no route takes any more where it was taken before: else an opt-out would be kept from the very
    destination whose route asks for an opt-in.
    """
    if merges:
        outbox.retire(session, [m.loser for m in merges], [m.winner for m in merges])
    by_destination: defaultdict[str, list[Route]] = defaultdict(list)
    for route in routes:
        by_destination[route.destination].append(route)
    taken: list[tuple[str, ChangedProfile]] = []
    left: list[tuple[str, ChangedProfile]] = []
    for destination, of_destination in by_destination.items():
        for profile in changed:
            applies = any(_matches(route, profile) for route in of_destination)
            (taken if applies else left).append((destination, profile))
    if left:
        before = outbox.queued(session, by_destination, {profile.id for _, profile in left})
        taken += [(destination, profile) for destination, profile in left if (destination, profile.id) in before]
    # Who is there again after an undone merge goes on with its versions: receivers know a message by its version.
    revived = [profile.id for profile in changed if profile.version == 1 and profile.created_at < now]
    last = outbox.last_versions(session, revived) if revived else {}
    rows = [
        NewRow(
            destination,
            profile.id,
            "profile",
            profile.id,
            max(profile.version, last.get((destination, profile.id), 0) + 1),
            sorted(events.get(profile.id, ())),
        )
        for destination, profile in taken
    ]
    with_orders = {route.destination for route in routes if route.orders}
    for order in orders:
        rows.extend(
            NewRow(destination, order.key, "order", order.profile_id, 1, [order.event])
            for destination in sorted(with_orders)
        )
    outbox.enqueue(session, rows)
    queued = Counter(row.destination for row in rows)
    for destination, count in queued.items():
        metrics.ENQUEUED.labels(destination, "queued").inc(count)
    return set(queued) | ({route.destination for route in routes} if merges else set())


def _matches(route: Route, profile: ChangedProfile) -> bool:
    return route.when is None or route.when(profile.profile())
