"""Adding a connection: choose a connector, fill its form, set it up at the vendor, and see the first event come."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, HTTPException, Request
from fastapi.responses import RedirectResponse, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent

from hub.application.add_connection import Draft, drafted, free_name, settings_of_form, writable, write
from hub.application.subscribe import address
from hub.console.access import Viewer, acting
from hub.console.house import House
from hub.console.render import Reader, filling, full_page, part, part_or_page
from hub.errors import ConfigError, RefusedError
from hub.sdk import registry
from hub.sdk.catalogue.set_up import named, set_up
from hub.sdk.declared.folder import declared
from hub.sdk.registry import Connector
from hub.store import arrivals, flow
from hub.store.database import Session

Admin = Annotated[Viewer, Depends(acting("admin"))]
SECONDS = 1.0
SHOWN = 5


def adding(house: House, router: APIRouter) -> None:
    """The routes of the wizard; ``/connections/add`` comes before the names of connections."""

    def folder() -> Path | None:
        return writable(house.settings.part_folder)

    def chosen(slug: str) -> Connector:
        found = _connectors(house).get(slug)
        if found is None:
            raise HTTPException(404)
        return found

    async def draft_of(request: Request, connector: Connector) -> tuple[Draft, dict[str, str]]:
        form = {name: value for name, value in (await request.form()).items() if isinstance(value, str)}
        known = {*house.connections, *house.settings.connections}
        name = form.get("name", "").strip()
        routed = form.get("routed") == "true"
        made = drafted(name, connector, form, known=known, region=house.region, folder=folder(), routed=routed)
        return made, form

    @router.get("/connections/add")
    def choose(request: Request, viewer: Admin) -> Response:
        """All connectors that are there."""
        return _choice(request, house, "")

    @router.post("/connections/add")
    def search(request: Request, viewer: Admin, text: Annotated[str, Form(max_length=100)] = "") -> Response:
        """Those of a name, a channel or a role."""
        return _choice(request, house, text)

    @router.get("/connections/add/{slug}")
    def form(request: Request, slug: str, viewer: Admin) -> Response:
        """The connector's form."""
        return _form(
            request,
            house,
            chosen(slug),
            {"name": free_name(slug, {*house.connections, *house.settings.connections})},
            None,
        )

    @router.post("/connections/add/{slug}/check")
    async def check(request: Request, slug: str, viewer: Admin) -> Response:
        """What is wrong with what was typed so far, and the YAML that it makes."""
        made, _ = await draft_of(request, chosen(slug))
        return part(request, "connections/drafted.html", draft=made, writes=folder() is not None)

    @router.post("/connections/add/{slug}")
    async def add(request: Request, slug: str, viewer: Admin) -> Response:
        """Write it where Hub may, else show what to put into the configuration."""
        connector = chosen(slug)
        made, typed = await draft_of(request, connector)
        if made.faults:
            return _form(request, house, connector, typed, made, status=422)
        if (there := folder()) is not None:
            try:
                write(there, made)
            except (RefusedError, ConfigError) as error:
                again = Draft(made.name, made.yaml, {"name": str(error)}, {}, made.variables)
                return _form(request, house, connector, typed, again, status=409)
            with house.database.session() as session:
                viewer.note(session, "connection.add", made.name)
            return RedirectResponse(f"/console/connections/first/{slug}/{made.name}", 303)
        return _first(request, house, slug, made.name, draft=made)

    @router.get("/connections/first/{slug}/{name}")
    def first(request: Request, slug: str, name: str, viewer: Admin) -> Response:
        """How to set it up at the vendor, and what has come."""
        return _first(request, house, slug, name)


def live_first(house: House, router: APIRouter) -> None:
    """The stream that tells when the first event comes: for all who watch, the database is asked once."""
    watched: dict[str, int] = {}

    def read(session: Session) -> dict[str, Any]:
        return {name: _come(session, house, name) for name in list(watched)}

    topic = house.live.topic(SECONDS, read)

    @router.get("/live/first/{name}", response_class=EventSourceResponse)
    async def live(request: Request, name: str) -> AsyncIterator[ServerSentEvent]:
        """What came of one connection, again whenever it is another."""
        watched[name] = watched.get(name, 0) + 1
        fill = filling(request, "connections/come.html", "come")
        kind = (Reader(request, request.state.viewer).kind, name)
        try:
            async for text in topic.rendered(kind, lambda every: fill(every[name]) if name in every else ""):
                if text:
                    yield ServerSentEvent(raw_data=text)
        finally:
            watched[name] -= 1
            if not watched[name]:
                del watched[name]


def _come(session: Session, house: House, name: str) -> dict[str, Any]:
    refused = arrivals.refused(session).get(name)
    running = name in house.connections
    return {"running": running, "events": flow.newest(session, name, SHOWN) if running else [], "refused": refused}


def _connectors(house: House) -> dict[str, Connector]:
    own, _ = declared(house.settings.destination_folder)
    return {**{slug: registry.get(slug) for slug in registry.slugs()}, **own}


def _choice(request: Request, house: House, text: str) -> Response:
    words = text.lower().split()
    found = [
        connector
        for connector in _connectors(house).values()
        if all(
            word
            in f"{connector.manifest.name} {connector.manifest.slug} {connector.manifest.channel} "
            f"{' '.join(connector.manifest.roles)}".lower()
            for word in words
        )
    ]
    found.sort(key=lambda one: one.manifest.name.lower())
    return part_or_page(request, "connections/connectors.html", "connections/choose.html", connectors=found, text=text)


def _form(
    request: Request, house: House, connector: Connector, typed: dict[str, str], draft: Draft | None, status: int = 200
) -> Response:
    fields = settings_of_form(connector)
    # What is secret never goes back to the browser.
    kept = {
        name: value
        for name, value in typed.items()
        if name not in {one.name for one in fields if one.kind in ("secret", "secrets")}
    }
    return full_page(
        request,
        "connections/form.html",
        status=status,
        manifest=connector.manifest,
        fields=fields,
        typed=kept,
        draft=draft,
        writes=writable(house.settings.part_folder) is not None,
        folder=str(house.settings.part_folder or ""),
        routable=connector.destination is not None,
    )


def _first(request: Request, house: House, slug: str, name: str, draft: Draft | None = None) -> Response:
    connector = _connectors(house).get(slug)
    if connector is None:
        raise HTTPException(404)
    with house.database.session() as session:
        come = _come(session, house, name)
    source = connector.source
    return full_page(
        request,
        "connections/first.html",
        manifest=connector.manifest,
        name=name,
        draft=draft,
        come=come,
        url=address(house.settings.hub.public_url, name) if source and source.verify else "",
        steps=set_up(registry.folder(slug) / "README.md") if slug in registry.slugs() else [],
        named=lambda step: named(step, name, house.settings.hub.public_url),
        is_source=source is not None,
    )
