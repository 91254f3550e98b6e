"""People: find somebody, and all that Hub knows of them, with where each value is from."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from hub.application.explain import explained
from hub.console.access import viewer_of
from hub.console.house import N_, House, Page
from hub.console.render import Renderer, is_part, part
from hub.profiles import view
from hub.profiles.timeline import timeline

PER_PAGE = 25
ITEMS = 30


def routes(house: House) -> APIRouter:
    """Search goes by POST, so that no address, history or log holds what was looked for."""
    router = APIRouter(prefix="/console/people")

    @router.get("")
    def page(request: Request) -> Response:
        """The search, and the first people."""
        return _list(request, house, "", None)

    @router.post("")
    def search(
        request: Request,
        text: Annotated[str, Form(max_length=200)] = "",
        after: Annotated[UUID | None, Form()] = None,
    ) -> Response:
        """Who matches a text; ``after`` is the last of the page before."""
        return _list(request, house, text, after)

    @router.get("/{person}")
    def show(request: Request, person: UUID) -> Response:
        """One person. A retired id leads to the winner."""
        viewer = viewer_of(request)
        with house.database.session() as session:
            profile = view.get(session, person)
            if profile is None:
                raise HTTPException(404)
            if profile.id != person:
                return RedirectResponse(f"/console/people/{profile.id}", 303)
            why = explained(session, profile.id, house.in_force(session), house.connections)
            happened = timeline(session, profile.id, limit=ITEMS + 1) or []
            viewer.note(session, "profile.view", profile.id)
        renderer: Renderer = request.app.state.renderer
        values = {"profile": profile, "why": why, "titles": _titles(house), **_items(happened)}
        return renderer.page(request, "people/person.html", **values)

    @router.get("/{person}/timeline")
    def more(request: Request, person: UUID, at: datetime, item: UUID) -> Response:
        """The next items of a timeline, older than this one."""
        if at.tzinfo is None:
            raise HTTPException(422)
        with house.database.session() as session:
            happened = timeline(session, person, before=(at, item), limit=ITEMS + 1)
        if happened is None:
            raise HTTPException(404)
        return part(request, "people/items.html", person=person, titles=_titles(house), **_items(happened))

    return router


def _list(request: Request, house: House, text: str, after: UUID | None) -> Response:
    with house.database.session() as session:
        rows = view.find(
            session,
            text=text.strip() or None,
            region=house.region,
            connections=house.connections,
            after=after,
            limit=PER_PAGE + 1,
        )
    values: dict[str, Any] = {"people": rows[:PER_PAGE], "more": len(rows) > PER_PAGE, "text": text, "after": after}
    if is_part(request):
        return part(request, "people/found.html", **values)
    renderer: Renderer = request.app.state.renderer
    return renderer.page(request, "people/page.html", **values)


def _items(happened: list[dict[str, Any]]) -> dict[str, Any]:
    return {"items": happened[:ITEMS], "older": len(happened) > ITEMS}


def _titles(house: House) -> dict[str, str]:
    """The vendors' names, by connection."""
    return {name: one.connector.manifest.name for name, one in house.connections.items()}


PAGE = Page(slug="people", title=N_("People"), icon="people", order=30, routes=routes)
