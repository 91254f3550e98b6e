"""Connections: how each is doing, what came, its webhooks, history and completeness; and adding one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Form, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from hub.application.backfill import read_now
from hub.application.check_live import check_live
from hub.application.reconcile import Comparison, reconcile, window
from hub.application.standing import standing
from hub.application.subscribe import address, advice, look, subscribe
from hub.console.access import Viewer, acting
from hub.console.adding import adding, live_first
from hub.console.house import N_, House, Page
from hub.console.jobs import Job
from hub.console.render import Reader, full_page, is_part, part
from hub.errors import HubError
from hub.sdk import registry
from hub.sdk.catalogue.description import description
from hub.sdk.catalogue.facts import facts_of
from hub.sdk.catalogue.set_up import set_up
from hub.sdk.catalogue.told import told_by
from hub.sdk.connection import Connection
from hub.sdk.testkit.cases import ConnectorCase
from hub.store import backfills, flow, reconciliations, subscriptions
from hub.store.reconciliations import Hour

DAYS = 7
STANDINGS = ("same", "missing", "older", "deleted", "waiting", "parked", "skipped")
Operator = Annotated[Viewer, Depends(acting("operator"))]


def routes(house: House) -> APIRouter:
    """All may look; operators act; admins add."""
    router = APIRouter(prefix="/console")
    adding(house, router)
    live_first(house, router)
    _acting(house, router)

    @router.get("/connections")
    def page(request: Request) -> Response:
        """How each is doing."""
        with house.database.session() as session:
            found = standing(session, house.connections, house.routed, house.counting)
        return full_page(request, "connections/page.html", standings=found)

    @router.get("/connections/{name}")
    def one(request: Request, name: str) -> Response:
        """One of them."""
        connection = _named(house, name)
        source = connection.connector.source
        with house.database.session() as session:
            found = next(
                one for one in standing(session, house.connections, house.routed, house.counting) if one.name == name
            )
            values: dict[str, Any] = {
                "one": found,
                "hours": _hours(Reader(request, None), flow.hours(session, name)),
                "watch": subscriptions.page(session).get(name),
                "compared": reconciliations.page(session).get(name),
            }
        compared = values["compared"]
        values["heat"] = _heat(Reader(request, None), compared.hours, compared.found) if compared else None
        limits = connection.connector.manifest.limits
        jobs = {kind: house.jobs.latest(kind, name) for kind in ("test", "webhooks", "history", "compare")}
        return full_page(
            request,
            "connections/one.html",
            connection=connection,
            url=address(house.settings.hub.public_url, name) if source and source.verify else "",
            subscribes=source is not None and source.subscriptions is not None,
            reads=source is not None and source.backfill is not None,
            limits=limits,
            parts={kind: _part(request, house, job) for kind, job in jobs.items() if job is not None},
            **values,
        )

    @router.get("/connections/{name}/connector")
    def described(request: Request, name: str) -> Response:
        """What its connector can do, what maps to what, and what is left."""
        connection = _named(house, name)
        return full_page(request, "connections/connector.html", connection=connection, **_described(connection))

    @router.get("/connections/jobs/{job}")
    def job(request: Request, job: UUID) -> Response:
        """How far something is that goes on in the background."""
        found = house.jobs.get(job)
        if found is None:
            if is_part(request):
                return part(request, "gone_job.html")
            raise HTTPException(404)
        if not is_part(request):
            return RedirectResponse(f"/console/connections/{found.about}", 303)
        return part(request, "connections/job.html", **_part(request, house, found))

    return router


def _acting(house: House, router: APIRouter) -> None:
    def begun(request: Request, job: Job) -> Response:
        if is_part(request):
            return part(request, "connections/job.html", **_part(request, house, job))
        return RedirectResponse(f"/console/connections/{job.about}", 303)

    def noted(viewer: Viewer, action: str, name: str) -> None:
        with house.database.session() as session:
            viewer.note(session, action, name)

    @router.post("/connections/{name}/test")
    def test(request: Request, name: str, viewer: Operator) -> Response:
        """Ask the outside system whether the credentials are right, as ``hub check --live`` does."""
        connection = _named(house, name)
        noted(viewer, "connection.test", name)
        return begun(request, house.jobs.start("test", viewer.name, lambda _: check_live(connection), about=name))

    @router.post("/connections/{name}/webhooks")
    def webhooks(request: Request, name: str, viewer: Operator, put_back: Annotated[bool, Form()] = False) -> Response:
        """Look how the webhooks are at the vendor, or put back what lacks and watch them from then on."""
        connection = _named(house, name)
        url = address(house.settings.hub.public_url, name)

        def work(_: Job) -> dict[str, Any]:
            if not put_back:
                return {"standing": look(connection, url), "put_back": False, "todo": ""}
            before = subscribe(connection, url)
            with house.database.session() as session:
                subscriptions.made(session, name)
            return {"standing": before, "put_back": True, "todo": advice(connection) if before.lacking else ""}

        if put_back:
            noted(viewer, "connection.subscribe", name)
        return begun(request, house.jobs.start("webhooks", viewer.name, work, about=name))

    @router.post("/connections/{name}/history")
    def history(request: Request, name: str, viewer: Operator, again: Annotated[bool, Form()] = False) -> Response:
        """Read its history, on from where it is; ``again``: from the start."""
        connection = _named(house, name)

        def work(job: Job) -> Any:
            def told(now: backfills.Backfill) -> None:
                job.progress("history", now.stored, now.total or 0)

            return read_now(house.database, connection, job.stopping, again=again, told=told)

        noted(viewer, "connection.backfill", name)
        return begun(request, house.jobs.start("history", viewer.name, work, about=name))

    @router.post("/connections/{name}/history/pause")
    def pause(request: Request, name: str, viewer: Operator) -> Response:
        """Stop after the page that is being read; it goes on from there."""
        job = house.jobs.latest("history", name)
        if job is None or not job.running:
            return RedirectResponse(f"/console/connections/{name}", 303)
        job.stopping.set()
        noted(viewer, "connection.pause", name)
        return begun(request, job)

    @router.post("/connections/{name}/compare")
    def compare(request: Request, name: str, viewer: Operator, fetch: Annotated[bool, Form()] = False) -> Response:
        """Compare what the source lists of the last days with what is here; ``fetch`` what lacks."""
        connection = _named(house, name)

        def work(_: Job) -> Comparison:
            with backfills.alone(house.database.dsn, name) as first:
                if not first:
                    raise HubError(f"another process is reading the history of {name}; try again when it is done")
                with house.database.session() as session:
                    since = window(None, session.now(), everything=False)
                return reconcile(house.database, connection, since=since, repair=fetch)

        noted(viewer, "connection.compare", name)
        return begun(request, house.jobs.start("compare", viewer.name, work, about=name))


def _named(house: House, name: str) -> Connection:
    found = house.connections.get(name)
    if found is None:
        raise HTTPException(404)
    return found


def _part(request: Request, house: House, job: Job) -> dict[str, Any]:
    values: dict[str, Any] = {"job": job}
    if job.kind == "compare" and job.result is not None:
        values["heat"] = _heat(Reader(request, None), job.result.by_hour(), job.result.found)
    if job.kind == "history":
        with house.database.session() as session:
            values["history"] = backfills.get(session, job.about)
    return values


def _hours(reader: Reader, found: flow.Hours) -> dict[str, Any]:
    """The last day in the reader's zone, every hour of it."""
    end = found.since + timedelta(hours=24)
    last = end.replace(minute=0, second=0, microsecond=0)
    hours = [last - timedelta(hours=back) for back in range(23, -1, -1)]
    rows = [(hour.astimezone(reader.formats.zone), found.counts.get(hour, 0)) for hour in hours]
    return {"rows": rows, "total": sum(count for _, count in rows), "since": found.since}


def _heat(reader: Reader, hours: Iterable[Hour], found: Mapping[str, int]) -> dict[str, Any]:
    """Each hour of the compared days in the reader's zone: how many items, and how many of them were not here."""
    cells: dict[tuple[Any, int], list[int]] = {}
    for hour in hours:
        at = hour.at.astimezone(reader.formats.zone)
        cell = cells.setdefault((at.date(), at.hour), [0, 0])
        cell[0] += hour.items
        cell[1] += hour.gaps
    days = sorted({day for day, _ in cells})[-31:]
    return {"days": days, "cells": cells, "found": {state: found.get(state, 0) for state in STANDINGS}}


def _described(connection: Connection) -> dict[str, Any]:
    slug = connection.connector.manifest.slug
    guide: list[Any] = []
    if slug in registry.slugs():
        case = ConnectorCase(connection.connector, registry.folder(slug))
        facts, told = facts_of(case), told_by(case)
        guide = set_up(registry.folder(slug) / "README.md")
        return {"told": description(connection.connector, connection.settings, facts, told), "guide": guide}
    case = ConnectorCase(connection.connector, Path(slug))
    return {"told": description(connection.connector, connection.settings, facts_of(case), None), "guide": guide}


PAGE = Page(slug="connections", title=N_("Connections"), icon="connections", order=60, routes=routes)
