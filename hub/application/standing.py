"""How every connection stands, as the API, the console and ``hub connections`` tell it alike. Reads only."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from hub.outbox.health import Health, of_destination, of_source
from hub.sdk.connection import Connection, roles_of
from hub.store import backfills, quotas, stats
from hub.store.backfills import Backfill
from hub.store.database import Session
from hub.store.outbox_counts import Counted, counted
from hub.store.quotas import ToldQuota


@dataclass(frozen=True, slots=True)
class Standing:
    """One connection: health per role, age of the oldest that waits in seconds, and what waits for a person."""

    name: str
    connector: str
    title: str
    channel: str
    roles: tuple[str, ...]
    inbox_lag_seconds: float | None
    outbox_lag_seconds: float | None
    parked: int
    pending: int
    rejected: int
    dead: int
    source: Health | None
    destination: Health | None
    backfill: Backfill | None
    quotas: tuple[ToldQuota, ...] = ()
    """What the vendor told of its limits last."""
    silent: str = ""
    """What to do about a source that no event ever came from."""

    def roles_of(self) -> dict[str, Health]:
        """Health by role."""
        both = {"source": self.source, "destination": self.destination}
        return {role: health for role, health in both.items() if health is not None}

    def waiting(self, role: str) -> str:
        """What waits or failed, in words."""
        if role == "source":
            refused = f"{self.source.failures} refused" if self.source and self.source.state == "refused" else ""
            parked = f"{self.parked} parked" if self.parked else "no event yet" if self.silent else ""
            return ", ".join(filter(None, (parked, refused)))
        counts = {"wait": self.pending, "rejected": self.rejected, "dead": self.dead}
        return ", ".join(f"{count} {word}" for word, count in counts.items() if count)

    def left(self) -> str:
        """What is left of the vendor's limits, in words."""
        words = {"day": "today", "moment": "now"}
        return ", ".join(
            f"{one.quota.left}{f' of {one.quota.allowed}' if one.quota.allowed else ''} {words[one.quota.window]}"
            for one in self.quotas
        )

    def advice(self) -> list[str]:
        """What a person can do, a sentence each."""
        found = [health.advice for health in self.roles_of().values() if health.advice]
        if self.silent:
            found.append(self.silent)
        if self.rejected or self.dead:
            found.append(
                f"`hub outbox list --destination {self.name}` tells what was refused; once it is put right, "
                f"`hub outbox redrive --destination {self.name}` sends it again"
            )
        if self.parked:
            found.append(
                f"`hub inbox list --connection {self.name} --state parked` tells what cannot be read; once it can be, "
                f"`hub inbox replay --connection {self.name} --state parked` reads it again"
            )
        return found

    def document(self) -> dict[str, Any]:
        """The same as JSON has it."""
        history = self.backfill
        progress = history and {
            "state": "finished" if history.finished else "unfinished",
            "stored": history.stored,
            "total": history.total,
            "since": history.since,
        }
        told = {name: value for name, value in asdict(self).items() if name not in ("silent", "quotas")}
        quotas = [
            {"window": one.quota.window, "allowed": one.quota.allowed, "left": one.quota.left, "at": one.at}
            for one in self.quotas
        ]
        return {**told, "quotas": quotas, "backfill": progress, "advice": self.advice()}


def standing(
    session: Session,
    connections: Mapping[str, Connection],
    routed: Collection[str],
    counting: Callable[[Session], Counted] = counted,
) -> list[Standing]:
    """All configured connections, in the order of the configuration. ``routed`` are those some route leads to."""
    inbox_lag, told_rows = stats.inbox_lag(session), counting(session)
    rows, outbox_lag = told_rows.rows, told_rows.lag
    destinations, sources = stats.destination_troubles(session), stats.source_troubles(session)
    parked, history = stats.parked(session), backfills.page(session)
    unheard, told = stats.silent(session, connections), quotas.by_connection(session)
    found = []
    for name, connection in connections.items():
        manifest, counted = connection.connector.manifest, rows.get(name, {})
        reads, takes = connection.connector.source is not None, connection.connector.destination is not None
        # A connection in both roles that no route leads to is a source.
        writes = takes and (name in routed or not reads)
        if reads and takes and name in routed and name in unheard and name not in history:
            reads = False  # and one that is only ever written to is no source
        found.append(
            Standing(
                name=name,
                connector=manifest.slug,
                title=manifest.name,
                channel=manifest.channel,
                roles=tuple(sorted(roles_of(connection), reverse=True)),
                inbox_lag_seconds=inbox_lag.get(name),
                outbox_lag_seconds=outbox_lag.get(name),
                parked=parked.get(name, 0),
                pending=counted.get("pending", 0),
                rejected=counted.get("rejected", 0),
                dead=counted.get("dead", 0),
                source=of_source(name, sources.get(name)) if reads else None,
                destination=of_destination(name, destinations.get(name), routed=name in routed) if writes else None,
                backfill=history.get(name),
                quotas=tuple(told.get(name, ())),
                silent=_silent(connection) if reads and name in unheard else "",
            )
        )
    return found


def _silent(connection: Connection) -> str:
    source, name = connection.connector.source, connection.name
    ways = [f"`hub backfill {name}` reads its history"] if source and source.backfill else []
    if source and source.public:
        ways.append(
            f"pages and apps post to /webhooks/{name}: with a wrong key or from another origin they get 401, and the "
            "log says `intake.refused`; what may not be kept (no consent, a robot) is told there as `intake.withheld`"
        )
    elif source and source.verify:
        refused = "with a wrong signature they get 401, and the log says `intake.refused`"
        ways.append(f"its webhooks go to /webhooks/{name}: {refused}")
    return f"no event came yet: {'; '.join(ways)}"
