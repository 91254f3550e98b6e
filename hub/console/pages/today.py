"""Today: what flows where now, as a picture that moves, and what needs a person."""

from __future__ import annotations

from collections.abc import AsyncIterator

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent

from hub.application.today import Looking
from hub.console.house import N_, House, Page
from hub.console.render import Reader, filling, full_page

SECONDS = 2.0
"""Between two looks, while somebody watches."""


def routes(house: House) -> APIRouter:
    """The page, and the stream that keeps it up to date."""
    router = APIRouter(prefix="/console")
    topic = house.live.topic(SECONDS, Looking(house.connections, house.routed, counting=house.counting))

    @router.get("/today")
    def today(request: Request) -> HTMLResponse:
        """As it is now."""
        return full_page(request, "today/page.html", today=topic.now())

    @router.get("/live/today", response_class=EventSourceResponse)
    async def live(request: Request) -> AsyncIterator[ServerSentEvent]:
        """The same again whenever it changes."""
        kind = Reader(request, request.state.viewer).kind
        async for text in topic.rendered(kind, filling(request, "today/live.html", "today")):
            yield ServerSentEvent(raw_data=text)

    return router


PAGE = Page(slug="today", title=N_("Today"), icon="pulse", order=10, routes=routes)
