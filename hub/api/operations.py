"""``/api/v1/connections`` and ``/api/v1/stats``: how the installation is doing, and what is written when."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Depends, Path

from hub.api.access import allowing
from hub.api.pages import Page
from hub.api.problems import ApiError, responses
from hub.api.schemas import ConnectionItem, Paused, ResendOrder, ResentItem, Resumed, Stats
from hub.application.standing import standing
from hub.sdk.connection import Connection
from hub.store import destinations, stats
from hub.store.database import Database
from hub.store.tokens import Token

Name = Annotated[str, Path(max_length=200, description="The connection's name.")]


class Resending(Protocol):
    """Queues everything for a destination again, or ``missing`` only what is not there; tells what it did."""

    def __call__(self, destination: str, *, missing: bool) -> dict[str, Any]:
        """Do it. Raises the error tree when the destination cannot be asked."""


def router(
    database: Database,
    connections: Mapping[str, Connection],
    *,
    routed: Collection[str] | None = None,
    resending: Resending | None = None,
) -> APIRouter:
    """The routes. ``routed`` are the destinations that some route leads to; without it, all are."""
    routes = APIRouter(
        tags=["operations"],
        dependencies=[Depends(allowing(database, "viewer"))],
        responses=responses(401, 403, 503),
    )
    takers = [name for name, found in connections.items() if found.connector.destination]
    led_to = takers if routed is None else routed
    operator = Depends(allowing(database, "operator"))

    @routes.get("/connections")
    def listed() -> Page[ConnectionItem]:
        """The configured connections, each with its state and what a person can do; no secrets."""
        with database.session() as session:
            found = standing(session, connections, led_to)
        return Page(items=[ConnectionItem.model_validate(each.document()) for each in found])

    @routes.post("/connections/{name}/pause", responses=responses(404))
    def pause(name: Name, token: Token = operator) -> Paused:
        """Send nothing to a destination until it is resumed. What comes meanwhile waits."""
        with database.session() as session:
            destinations.pause(session, _known(name), token.name or f"token {token.id}")
        return Paused(destination=name)

    @routes.post("/connections/{name}/resume", responses=responses(404), dependencies=[operator])
    def resume(name: Name) -> Resumed:
        """Send to a destination again at once: lifts a pause, a breaker and the rest after refused credentials."""
        with database.session() as session:
            return Resumed(destination=name, due=destinations.resume(session, _known(name)))

    @routes.post("/connections/{name}/retry", responses=responses(404), dependencies=[operator])
    def retry(name: Name) -> Resumed:
        """Try now what waits for a later attempt, also while a breaker rests. A pause set by a person stays."""
        with database.session() as session:
            return Resumed(destination=name, due=destinations.retry(session, _known(name)))

    def _known(name: str) -> str:
        if name not in led_to:
            raise ApiError(404, "no route leads to a destination of that name")
        return name

    @routes.get("/stats")
    def counted() -> Stats:
        """Counts by state, and lag by connection."""
        with database.session() as session:
            return Stats.model_validate(stats.stats(session, takers))

    if resending is None:
        return routes

    @routes.post(
        "/connections/{name}/resend", status_code=202, responses=responses(404, 429, 502), dependencies=[operator]
    )
    def resend(name: Name, order: ResendOrder) -> ResentItem:
        """Write to a destination again, whole. It answers once all is queued; safe to break off and repeat."""
        done = resending(_known(name), missing=order.what == "missing")
        return ResentItem.model_validate({"destination": name, **done})

    return routes
