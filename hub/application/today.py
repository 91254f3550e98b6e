"""today: what flows where now, and what needs a person. Reads only; the counts are those of ``hub stats``."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from hub.application.standing import Standing, standing
from hub.model.money import Money
from hub.sdk.connection import Connection
from hub.store import flow, profiles, reviews, stats
from hub.store.database import Session
from hub.store.flow import Flow
from hub.store.outbox_counts import Counted, counted
from hub.store.reviews import review_id

NeedKind = Literal["review", "dead", "rejected", "parked", "paused", "refused", "failing", "silent"]
_ORDER: tuple[NeedKind, ...] = ("refused", "dead", "review", "paused", "rejected", "parked", "failing", "silent")

MOST_REVIEWS = 5
COUNT_SECONDS = 10.0
"""Counts of all rows are read no more often; the flow is read each time."""


@dataclass(frozen=True, slots=True)
class Channel:
    """A source or destination and how it flows. Seconds; ``freshness`` is the median from arrival to delivery."""

    standing: Standing
    role: Literal["source", "destination"]
    per_second: float
    lag: float | None
    freshness: float | None = None

    @property
    def state(self) -> str:
        """``ok``, or the word of its health; ``silent`` where no event ever came."""
        health = self.standing.source if self.role == "source" else self.standing.destination
        if health is not None and health.state != "ok":
            return health.state
        return "silent" if self.role == "source" and self.standing.silent else "ok"

    @property
    def failed(self) -> int:
        """What cannot be read or delivered without a person."""
        counted = self.standing
        return counted.parked if self.role == "source" else counted.rejected + counted.dead


@dataclass(frozen=True, slots=True)
class Need:
    """Something a person should look at: ``stake`` is the money that hangs on it, in the largest currency."""

    kind: NeedKind
    connection: str = ""
    count: int = 1
    stake: Money | None = None
    since: datetime | None = None
    reason: str = ""
    advice: str = ""
    profile: UUID | None = None
    review: UUID | None = None
    role: Literal["source", "destination"] = "source"
    """In which role the connection has it."""


@dataclass(frozen=True, slots=True)
class Today:
    """One look at everything."""

    at: datetime
    channels: list[Channel]
    stats: Mapping[str, Any]
    needs: list[Need]
    arrived: Flow = field(default_factory=Flow)
    delivered: Flow = field(default_factory=Flow)

    @property
    def sources(self) -> list[Channel]:
        """Where events come from."""
        return [one for one in self.channels if one.role == "source"]

    @property
    def destinations(self) -> list[Channel]:
        """Where profiles go."""
        return [one for one in self.channels if one.role == "destination"]


class Looking:
    """Looks again and again, and counts all rows only now and then."""

    def __init__(
        self,
        connections: Mapping[str, Connection],
        routed: Collection[str],
        *,
        counting: Callable[[Session], Counted] = counted,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._counting = counting
        self._connections, self._routed, self._clock = connections, routed, clock
        self._counted: Mapping[str, Any] = {}
        self._open: list[Need] = []
        self._until = float("-inf")

    def __call__(self, session: Session) -> Today:
        """Look now."""
        if self._clock() >= self._until:
            self._counted, self._open = stats.stats(session, self._routed), _open_reviews(session)
            self._until = self._clock() + COUNT_SECONDS
        standings = standing(session, self._connections, self._routed, self._counting)
        arrived, delivered, fresh = flow.events(session), flow.attempts(session), flow.freshness(session)
        return Today(
            at=session.now(),
            channels=[*_sources(standings, arrived), *_destinations(standings, delivered, fresh)],
            stats=self._counted,
            needs=sorted([*_troubles(standings), *self._open], key=_urgency),
            arrived=arrived,
            delivered=delivered,
        )


def _sources(standings: Collection[Standing], arrived: Flow) -> list[Channel]:
    return [
        Channel(one, "source", arrived.per_second(one.name), one.inbox_lag_seconds) for one in standings if one.source
    ]


def _destinations(standings: Collection[Standing], delivered: Flow, fresh: Mapping[str, float]) -> list[Channel]:
    return [
        Channel(one, "destination", delivered.per_second(one.name), one.outbox_lag_seconds, fresh.get(one.name))
        for one in standings
        if one.destination
    ]


def _troubles(standings: Collection[Standing]) -> list[Need]:
    found: list[Need] = []
    for one in standings:
        for role, health in one.roles_of().items():
            if health.state in ("paused", "refused", "failing", "resting"):
                kind: NeedKind = "failing" if health.state == "resting" else health.state
                found.append(
                    Need(
                        kind,
                        one.name,
                        since=health.since,
                        reason=health.reason or health.by,
                        advice=health.advice,
                        role="source" if role == "source" else "destination",
                    )
                )
        counts: tuple[tuple[NeedKind, int], ...] = (
            ("dead", one.dead),
            ("rejected", one.rejected),
            ("parked", one.parked),
        )
        found += [Need(kind, one.name, count) for kind, count in counts if count]
        if one.silent:
            found.append(Need("silent", one.name, advice=one.silent))
    return found


def _open_reviews(session: Session) -> list[Need]:
    found = reviews.page(session, limit=MOST_REVIEWS)
    people = profiles.by_ids(session, {review.one for review in found} | {review.other for review in found})
    return [
        Need(
            "review",
            stake=_stake(people, review.one, review.other),
            reason=review.held or "",
            profile=review.one,
            review=review_id(review.one, review.other),
        )
        for review in found
    ]


def _stake(people: Mapping[UUID, profiles.FullRow], one: UUID, other: UUID) -> Money | None:
    """What the smaller of two profiles bought: what would go to the wrong person, or stay with two."""
    totals = [max(row.profile().orders.totals, key=lambda money: money.amount, default=None)
              for row in (people.get(one), people.get(other)) if row]  # fmt: skip
    sizes = [money for money in totals if money is not None]
    return min(sizes, key=lambda money: money.amount) if len(sizes) == 2 else None


def _urgency(need: Need) -> tuple[bool, float, int, str]:
    """What stops everything first, then by the money at stake, then by kind."""
    stops = need.kind == "refused"
    return not stops, -float(need.stake.amount) if need.stake else 0.0, _ORDER.index(need.kind), need.connection
