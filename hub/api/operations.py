"""``/api/v1/connections`` and ``/api/v1/stats``: how the installation is doing."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter, Depends

from hub.api.access import allowing
from hub.api.pages import Page
from hub.api.problems import responses
from hub.api.schemas import BackfillProgress, ConnectionItem, DestinationHealth, Stats
from hub.sdk.connection import Connection
from hub.store import backfills, stats
from hub.store.backfills import Backfill
from hub.store.database import Database
from hub.store.stats import Pause


def router(database: Database, connections: Mapping[str, Connection]) -> APIRouter:
    """The routes."""
    routes = APIRouter(
        tags=["operations"],
        dependencies=[Depends(allowing(database, "viewer"))],
        responses=responses(401, 403, 503),
    )
    destinations = [name for name, found in connections.items() if found.connector.destination]

    @routes.get("/connections")
    def listed() -> Page[ConnectionItem]:
        """The configured connections, each with its state; no secrets."""
        with database.session() as session:
            inbox, outbox = stats.inbox_lag(session), stats.outbox_lag(session)
            pauses, history = stats.pauses(session), backfills.page(session)
        items = [
            _item(found, inbox.get(name), outbox.get(name), pauses.get(name), history.get(name))
            for name, found in connections.items()
        ]
        return Page(items=items)

    @routes.get("/stats")
    def counted() -> Stats:
        """Counts by state, and lag by connection."""
        with database.session() as session:
            return Stats.model_validate(stats.stats(session, destinations))

    return routes


def _item(
    connection: Connection, inbox: float | None, outbox: float | None, pause: Pause | None, history: Backfill | None
) -> ConnectionItem:
    manifest = connection.connector.manifest
    return ConnectionItem(
        name=connection.name,
        connector=manifest.slug,
        title=manifest.name,
        channel=manifest.channel,
        roles=sorted(manifest.roles, reverse=True),
        inbox_lag_seconds=inbox,
        outbox_lag_seconds=outbox,
        destination=_health(pause) if connection.connector.destination else None,
        backfill=_progress(history) if history else None,
    )


def _health(pause: Pause | None) -> DestinationHealth:
    if pause is None or not (pause.failures or pause.active):
        return DestinationHealth(state="ok", failures=0, not_before=None, reason="")
    state = "paused" if pause.active else "failing"
    return DestinationHealth(state=state, failures=pause.failures, not_before=pause.not_before, reason=pause.reason)


def _progress(history: Backfill) -> BackfillProgress:
    return BackfillProgress(
        state="finished" if history.finished else "unfinished",
        stored=history.stored,
        total=history.total,
        since=history.since,
    )
