"""delivering: how each destination is doing, how much of what it bears is used, and when all will be there.

The counts are those of ``hub stats``, the health that of ``hub connections``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from hub.application.standing import Standing, standing
from hub.outbox.deliver import Sender
from hub.outbox.enqueue import Route
from hub.sdk.connection import Connection
from hub.sdk.manifest import Limits
from hub.store import flow
from hub.store.database import Database, Session
from hub.store.outbox_counts import Counted, counted

_NOTHING = {"pending": 0, "retrying": 0, "delivered": 0, "rejected": 0, "dead": 0}


@dataclass(frozen=True, slots=True)
class Delivering:
    """One destination. ``per_second`` are rows delivered, the mean of the last minute; ``freshness`` is in seconds.

    ``bears`` is how many rows a second its limits allow at most, where it has limits.
    """

    standing: Standing
    counts: Mapping[str, int]
    per_second: float
    freshness: float | None
    limits: Limits
    paused: bool

    @property
    def bears(self) -> float | None:
        """Rows a second at most: calls times records per call."""
        limits = self.limits
        return limits.batch * limits.calls / limits.per_seconds if limits.calls and limits.per_seconds else None

    @property
    def used(self) -> float | None:
        """Share of that, from 0 to 1."""
        return min(1.0, self.per_second / self.bears) if self.bears else None

    @property
    def eta(self) -> float | None:
        """Seconds until what waits is delivered at the pace of the last minute; None where nothing moves."""
        waiting = self.counts["pending"]
        return None if self.paused or not waiting or not self.per_second else waiting / self.per_second

    @property
    def least(self) -> float | None:
        """Seconds it will take at least, at the pace its limits allow; None where it has none or nothing waits."""
        return self.counts["pending"] / self.bears if self.bears and self.counts["pending"] else None

    @property
    def state(self) -> str:
        """The word of its health."""
        return self.standing.destination.state if self.standing.destination else "unrouted"


def delivering(
    session: Session,
    connections: Mapping[str, Connection],
    routed: Collection[str],
    counting: Callable[[Session], Counted] = counted,
) -> list[Delivering]:
    """Every destination that something is, or was, to go to."""
    told, sent, fresh = counting(session), flow.attempts(session), flow.freshness(session)
    return [
        Delivering(
            standing=one,
            counts=told.rows.get(one.name, _NOTHING),
            per_second=sent.per_second(one.name),
            freshness=fresh.get(one.name),
            limits=limits_of(connections[one.name]),
            paused=one.destination.state == "paused",
        )
        for one in standing(session, connections, routed, lambda _: told)
        if one.destination is not None
    ]


def limits_of(connection: Connection) -> Limits:
    """The connection's own limits, else its connector's."""
    destination = connection.connector.destination
    if destination is not None and destination.limits is not None:
        return destination.limits(connection.settings)
    return connection.connector.manifest.limits


def sender_of(database: Database, connection: Connection, routes: Iterable[Route]) -> Sender:
    """What a dry run needs of a destination; nothing is ever sent with it."""
    return Sender(database, connection, [route for route in routes if route.destination == connection.name], "console")


_VALUES = re.compile(r"\"[^\"]*\"|'[^']*'|\S+@\S+|\b[0-9a-f-]{8,}\b|\b\d[\d.,:/-]*\b", re.IGNORECASE)


def kinds_of(reasons: Iterable[str], most: int = 8) -> list[tuple[str, int]]:
    """Reasons that differ in values only are one kind, the most frequent first: what is in quotes, numbers, ids."""
    return Counter(" ".join(_VALUES.sub("…", reason).split())[:160] for reason in reasons).most_common(most)
