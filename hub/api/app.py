"""The ASGI application: webhooks go straight to intake, everything else through FastAPI."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, MutableMapping
from functools import cached_property, partial
from typing import Any

from fastapi import APIRouter, Depends, FastAPI, Response
from starlette.types import ASGIApp

from hub import __version__, metrics
from hub.api import (
    consents,
    description,
    events,
    hand_overs,
    interactions,
    judgements,
    notes,
    operations,
    pins,
    problems,
    products,
    profiles,
    reports,
    reviews,
    traits,
)  # fmt: skip
from hub.api.access import seeing
from hub.api.bearers import Bearers
from hub.api.door import Door
from hub.api.greeting import Greeter
from hub.api.resting import Resting
from hub.application.answer_review import Reviewer
from hub.application.field_notes import Notes
from hub.application.hand_over import HandOvers
from hub.application.in_force import InForce, configured
from hub.application.judge import Judge
from hub.application.pins import Pins
from hub.application.set_traits import SetTraits
from hub.application.traits import Insight
from hub.intake.inbox import GroupCommit
from hub.intake.receive import PREFIX, WebhookIntake
from hub.sdk.connection import Connection
from hub.store.database import Database, Session
from hub.store.gauges import Gauges

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

CONSOLE = "/console"


class Api:
    """One API process. The hot path is a prefix check and a call: a framework's routing costs more than the work."""

    def __init__(
        self,
        intake: WebhookIntake,
        inbox: GroupCommit,
        database: Database,
        connections: Mapping[str, Connection],
        *,
        in_force: Callable[[Session], InForce] | None = None,
        insight: Insight | None = None,
        region: str = "DE",
        judge: Judge | None = None,
        reviewer: Reviewer | None = None,
        noting: Notes | None = None,
        setting: SetTraits | None = None,
        pinning: Pins | None = None,
        handing: HandOvers | None = None,
        open_pages: bool = True,
        gauges: Gauges | None = None,
        routed: Collection[str] | None = None,
        resending: operations.Resending | None = None,
        console: ASGIApp | None = None,
    ) -> None:
        self._intake = intake
        self._console = console
        self._inbox = inbox
        default = configured()
        self._described = partial(
            rest,
            inbox,
            database,
            connections,
            in_force=in_force or (lambda session: default),
            insight=insight or Insight(),
            region=region,
            judge=judge,
            reviewer=reviewer,
            noting=noting,
            setting=setting,
            pinning=pinning,
            handing=handing,
            open_pages=open_pages,
            gauges=gauges,
            routed=routed,
            resending=resending,
        )

    @cached_property
    def rest(self) -> FastAPI:
        """All but webhooks and console, built when first asked: to describe its routes takes a tenth of a second."""
        return self._described()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI call."""
        if scope["type"] == "http" and scope["path"].startswith(PREFIX):
            await self._intake(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif self._console is not None and scope["path"].startswith(CONSOLE):
            await self._console(scope, receive, send)
        else:
            await self.rest(scope, receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self._inbox.start()
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await self._inbox.stop()
                if self._intake.arrivals is not None:
                    await self._intake.arrivals.stop()
                await send({"type": "lifespan.shutdown.complete"})
                return


def rest(
    inbox: GroupCommit,
    database: Database,
    connections: Mapping[str, Connection],
    *,
    in_force: Callable[[Session], InForce],
    insight: Insight,
    region: str,
    judge: Judge | None = None,
    reviewer: Reviewer | None = None,
    noting: Notes | None = None,
    setting: SetTraits | None = None,
    pinning: Pins | None = None,
    handing: HandOvers | None = None,
    open_pages: bool = True,
    gauges: Gauges | None = None,
    routed: Collection[str] | None = None,
    resending: operations.Resending | None = None,
) -> FastAPI:
    """Health, metrics, the description and ``/api/v1``.

    ``region`` reads phone numbers without a country; ``judge`` takes decisions, ``reviewer`` answers to doubtful
    matches, ``noting`` notes, ``setting`` what people say of traits, ``pinning`` pinned values, ``handing`` hand-overs
    by hand; ``in_force`` tells the rules that hold, ``insight`` by what traits are worked out. Without ``open_pages``
    metrics and description need a token.
    """
    app = FastAPI(title="Hub", version=__version__, openapi_url=None, docs_url=None, redoc_url=None)
    bearers = Bearers(database)
    app.add_middleware(Greeter, database=database, bearers=bearers, region=region)
    app.add_middleware(Door, bearers=bearers)
    page = [] if open_pages else [Depends(seeing(database))]
    description.install(app, page)
    takers = [name for name, found in connections.items() if found.connector.destination]
    numbers = gauges or Gauges(database, takers if routed is None else routed, connections)
    exposed = metrics.registry(numbers.readings)
    resting = Resting(database)

    @app.get("/health/live")
    async def live() -> dict[str, str]:
        """The process answers."""
        return {"status": "ok"}

    @app.get("/health/ready")
    async def ready(response: Response) -> dict[str, Any]:
        """The process can make events durable. The answer is shared by all who ask within a second.

        `destinations` tells which of them are not written to now, and why.
        """
        if await inbox.probe():
            return {"status": "ok", "destinations": await resting()}
        response.status_code = 503
        return {"status": "the database cannot be reached"}

    for path, answer in (("/health/live", live), ("/health/ready", ready)):
        app.head(path, include_in_schema=False)(answer)  # what some load balancers ask

    @app.get("/metrics", dependencies=page)
    def exposition() -> Response:
        """Prometheus text."""
        return Response(metrics.exposition(exposed), media_type=metrics.CONTENT_TYPE)

    version = APIRouter(prefix="/api/v1", responses=problems.responses(400, 413, 429))
    version.include_router(
        profiles.router(database, in_force=in_force, connections=connections, region=region, insight=insight)
    )
    if judge is not None:
        version.include_router(judgements.router(database, judge))
    if reviewer is not None:
        version.include_router(reviews.router(database, in_force, reviewer))
    if noting is not None:
        version.include_router(notes.router(database, noting))
    if setting is not None:
        version.include_router(traits.router(database, setting))
    version.include_router(consents.router(database, in_force=in_force, connections=connections))
    if pinning is not None:
        version.include_router(pins.router(database, pinning))
    if handing is not None:
        version.include_router(hand_overs.router(database, handing))
    version.include_router(events.router(database))
    version.include_router(products.router(database))
    version.include_router(reports.router(database, insight))
    version.include_router(interactions.router(database))
    version.include_router(operations.router(database, connections, routed=routed, resending=resending))
    app.include_router(version)
    problems.install(app)
    return app
