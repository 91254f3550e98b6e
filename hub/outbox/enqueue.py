"""enqueue: changed profiles and orders to outbox rows, by the routes; one coalesced row per destination and key."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from hub import metrics
from hub.model.profile import Profile
from hub.store import moments, outbox
from hub.store.database import Session
from hub.store.outbox import NewRow
from hub.store.profiles import ChangedProfile, Merge


@dataclass(frozen=True, slots=True)
class Route:
    """Profiles that fulfil ``when`` (all, without one) go to ``destination``; their orders too, where it takes them.

    ``when`` is asked for a moment. ``changes`` tells when its answer may be another one though the profile stays the
    same; None where it depends on no time. ``activities`` are the kinds of activities that are appended there.
    ``told`` is the profile as that destination is told it; as it is, without it.
    """

    destination: str
    when: Callable[[Profile, datetime], bool] | None = None
    orders: bool = False
    changes: Callable[[Profile, datetime], datetime | None] | None = None
    activities: frozenset[str] = frozenset()
    told: Callable[[Profile, datetime], Profile] | None = None


@dataclass(frozen=True, slots=True)
class ChangedOrder:
    """An order fact that changed; ``profile_id`` is whose it is now."""

    key: UUID
    profile_id: UUID
    event: int


@dataclass(frozen=True, slots=True)
class ChangedActivity:
    """Something new in the history of a profile; ``key`` as ``hub.model.activity`` has it.

    ``event`` is None where no event told of it, as of a stage that time alone changes. ``connection`` told of it: what
    a system wrote itself is never appended there again (law L10).
    """

    key: UUID
    profile_id: UUID
    event: int | None
    kind: str
    connection: str = "hub"


def enqueue(
    session: Session,
    routes: Sequence[Route],
    changed: Sequence[ChangedProfile],
    orders: Iterable[ChangedOrder],
    merges: Sequence[Merge],
    events: Mapping[UUID, set[int]],
    now: datetime,
    activities: Sequence[ChangedActivity] = (),
) -> set[str]:
    """Queue what differs; gives the destinations that have something to do.

    A suppressed profile is queued like any other: ``render`` decides that its row carries the suppression, or nothing.
    So is one that no route takes any more where it was taken before: else an opt-out would be kept from the very
    destination whose route asks for an opt-in.
    """
    if merges:
        outbox.retire(session, [m.loser for m in merges], [m.winner for m in merges])
    # Most routes have no condition, and reading a profile costs more than all else here.
    known: dict[UUID, Profile] = {}

    def read(one: ChangedProfile) -> Profile:
        return known.get(one.id) or known.setdefault(one.id, one.profile())

    by_destination: defaultdict[str, list[Route]] = defaultdict(list)
    for route in routes:
        by_destination[route.destination].append(route)
    taken: list[tuple[str, ChangedProfile]] = []
    left: list[tuple[str, ChangedProfile]] = []
    for destination, of_destination in by_destination.items():
        for profile in changed:
            applies = is_somebody(profile.golden) and any(
                route.when is None or route.when(read(profile), now) for route in of_destination
            )
            (taken if applies else left).append((destination, profile))
    if left:
        before = outbox.queued(session, by_destination, {profile.id for _, profile in left})
        taken += [(destination, profile) for destination, profile in left if (destination, profile.id) in before]
    # A profile that is back after an undone merge goes on with its versions: receivers know a message by its version.
    revived = [profile.id for profile in changed if profile.version == 1 and profile.created_at < now]
    last = outbox.last_versions(session, revived) if revived else {}
    look_again(session, routes, (read(profile) for profile in changed), now)
    rows = [
        NewRow(
            destination,
            profile.id,
            "profile",
            profile.id,
            max(profile.version, last.get((destination, profile.id), 0) + 1),
            sorted(events.get(profile.id, ())),
            urgent=profile.tightened,
        )
        for destination, profile in taken
    ]
    with_orders = {route.destination for route in routes if route.orders}
    for order in orders:
        rows.extend(
            NewRow(destination, order.key, "order", order.profile_id, 1, [order.event])
            for destination in sorted(with_orders)
        )
    rows.extend(_of_activities(session, by_destination, activities, {(to, profile.id) for to, profile in taken}))
    outbox.enqueue(session, rows)
    queued = Counter(row.destination for row in rows)
    for destination, count in queued.items():
        metrics.ENQUEUED.labels(destination, "queued").inc(count)
    return set(queued) | ({route.destination for route in routes} if merges else set())


def _of_activities(
    session: Session,
    routes: Mapping[str, Sequence[Route]],
    activities: Sequence[ChangedActivity],
    taken: set[tuple[str, UUID]],
) -> list[NewRow]:
    """Rows of activities, where their kind is asked for and their profile is taken now or was before."""
    asked = [
        (destination, activity)
        for destination, of_destination in sorted(routes.items())
        for activity in activities
        if activity.connection != destination and any(activity.kind in route.activities for route in of_destination)
    ]
    if not asked:
        return []
    before = outbox.queued(session, {to for to, _ in asked}, {activity.profile_id for _, activity in asked})
    return [
        NewRow(
            destination,
            activity.key,
            "activity",
            activity.profile_id,
            1,
            [activity.event] if activity.event is not None else [],
        )
        for destination, activity in asked
        if (destination, activity.profile_id) in taken | before
    ]


def applying(routes: Iterable[Route], profile: Profile, now: datetime) -> bool:
    """Whether any of these routes takes the profile at this moment."""
    told = {name: getattr(profile, name) for name in _TOLD} | {"name": vars(profile.name)}
    return is_somebody(told) and any(route.when is None or route.when(profile, now) for route in routes)


_TOLD = frozenset(
    {"name", "emails", "phones", "addresses", "birth_date", "company", "loyalty_ids", "accounts", "suppressed"}
)
"""What makes somebody of a profile, and once told is never untold. Orders are not among it: one that is cancelled,
deleted or told of another person leaves nobody behind, who would stand in a CRM that was sent the order before that,
and in no other (law L3)."""


def is_somebody(golden: Mapping[str, Any]) -> bool:
    """Whether anything is known of a profile but that it was there: a visitor of a page is nobody's record in a CRM."""
    for name in _TOLD & golden.keys():
        told = golden[name]
        if any(told.values()) if name == "name" and isinstance(told, Mapping) else told:
            return True
    return False


def look_again(session: Session, routes: Sequence[Route], profiles: Iterable[Profile], now: datetime) -> None:
    """Store, for each of these profiles, when a condition that depends on time may change its answer, if ever.

    ``hub.workers.sweep`` asks them again then.
    """
    moving = [route.changes for route in routes if route.changes is not None]
    if not moving:
        return
    due = {
        profile.id: min((at for change in moving if (at := change(profile, now)) is not None), default=None)
        for profile in profiles
    }
    moments.plan(session, due)
