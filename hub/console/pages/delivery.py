"""Delivery: what goes to each destination, what waits, what failed and why; dry runs, redrive, pause and resume."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Depends, Form, HTTPException, Request
from fastapi.responses import RedirectResponse, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent

from hub.application.delivering import Delivering, delivering, kinds_of, sender_of
from hub.console import bodies
from hub.console.access import Viewer, acting, require, viewer_of
from hub.console.house import N_, House, Page
from hub.console.render import Reader, filling, full_page, part_or_page
from hub.errors import UnreadableError
from hub.outbox.preview import Preview, preview
from hub.store import deliveries, destinations, outbox, profiles
from hub.store.database import Session

PER_PAGE = 50
SECONDS = 3.0
SHELVES = ("waiting", "retrying", "failed", "dead", "rejected", "refused", "delivered")
SAMPLE = 20
"""Rows that a dry run, or a look before a redrive, renders."""
REASONS = 2_000
MOST_CHOSEN = 500


@dataclass(frozen=True, slots=True)
class Lanes:
    """All destinations, and which of them and which shelf is open."""

    all: list[Delivering]
    destination: str = ""
    shelf: str = ""


def routes(house: House) -> APIRouter:
    """Each destination is a path of its own, so that Today, chats and tickets can name it."""
    router = APIRouter(prefix="/console")
    topic = house.live.topic(
        SECONDS, lambda session: Lanes(delivering(session, house.connections, house.routed, house.counting))
    )

    @router.get("/delivery")
    def page(request: Request, destination: str = "", state: str = "", after: UUID | None = None) -> Response:
        """Every destination, and the rows of one."""
        if state and state not in SHELVES:
            raise HTTPException(422)
        with house.database.session() as session:
            lanes = delivering(session, house.connections, house.routed, house.counting)
            one = _chosen(lanes, destination)
            shelf = state or _shelf_of(one)
            rows = deliveries.page(session, one.standing.name, shelf, after=after, limit=PER_PAGE + 1) if one else []
            failed = shelf in ("failed", "dead", "rejected") and bool(rows)
            kinds = kinds_of(deliveries.reasons(session, one.standing.name, REASONS)) if one and failed else []
            people = _people(session, rows)
            if people and one:
                viewer_of(request).saw(session, one.standing.name)
            tries = deliveries.tries(session, one.standing.name, [row["key"] for row in rows]) if one else {}
            day = deliveries.last_day(session, one.standing.name) if one else None
        return _page(
            request,
            "delivery/page.html",
            tries=tries,
            day=day,
            lanes=Lanes(lanes, one.standing.name if one else "", shelf),
            one=one,
            shelf=shelf,
            shelves=SHELVES,
            rows=rows[:PER_PAGE],
            more=len(rows) > PER_PAGE,
            after=after,
            people=people,
            kinds=kinds,
            sampled=REASONS,
            words=bodies.words,
        )

    @router.get("/delivery/{destination}/dry-run")
    def dry_run(request: Request, destination: str) -> Response:
        """What would go out now, before and after, and the exact requests. Sends nothing."""
        viewer = require(viewer_of(request), "support")
        with house.database.session() as session:
            shown = _preview(house, session, destination)
            viewer.note(session, "delivery.dry_run", destination)
        return _page(
            request, "delivery/dry_run.html", destination=destination, dry=shown, sample=SAMPLE, told_value=bodies.value
        )

    @router.post("/delivery/{destination}/redrive/ask")
    def ask(
        request: Request,
        destination: str,
        viewer: Annotated[Viewer, Depends(acting("operator"))],
        keys: Annotated[list[UUID] | None, Form()] = None,
        what: Annotated[str, Form()] = "chosen",
    ) -> Response:
        """What a redrive would do: of the chosen ones, or of all of a destination. Changes nothing."""
        chosen = None if what == "all" else _bounded(keys)
        with house.database.session() as session:
            _known(house, destination)
            counts = deliveries.failed_among(session, destination, chosen)
            shown = _preview(house, session, destination, failed=chosen or "all") if sum(counts.values()) else None
            (lane,) = [
                one
                for one in delivering(session, house.connections, house.routed, house.counting)
                if one.standing.name == destination
            ]
            if shown is not None:
                viewer.note(session, "delivery.dry_run", destination)
        values: dict[str, Any] = {
            "destination": destination, "counts": counts, "total": sum(counts.values()), "dry": shown, "lane": lane,
            "told_value": bodies.value, "keys": chosen or [], "what": what, "sample": SAMPLE,
            "actions": Counter(record.action for record in shown.records) if shown else {},
        }  # fmt: skip
        return part_or_page(request, "delivery/sure.html", "delivery/sure_page.html", **values)

    @router.post("/delivery/{destination}/redrive")
    def redrive(
        destination: str,
        viewer: Annotated[Viewer, Depends(acting("operator"))],
        keys: Annotated[list[UUID] | None, Form()] = None,
        what: Annotated[str, Form()] = "chosen",
    ) -> Response:
        """Put dead and rejected rows back, all or the chosen ones: in one transaction, so that none is lost."""
        chosen = None if what == "all" else _bounded(keys)
        with house.database.session() as session:
            _known(house, destination)
            count = outbox.redrive(session, destination=destination, keys=chosen)
            if count:
                for subject in [destination] if chosen is None else [f"{destination}:{key}" for key in chosen]:
                    viewer.note(session, "delivery.redrive", subject)
        return RedirectResponse(f"{_path(destination)}&state=waiting&told=redriven&count={count}", 303)

    def state_route(name: str, change: Callable[[Session, str, str], int]) -> None:
        @router.post(f"/delivery/{{destination}}/{name}", name=f"delivery-{name}")
        def act(destination: str, viewer: Annotated[Viewer, Depends(acting("operator"))]) -> Response:
            with house.database.session() as session:
                count = change(session, _known(house, destination), viewer.name)
                viewer.note(session, f"connection.{name}", destination)
            return RedirectResponse(f"{_path(destination)}&told={name}&count={count}", 303)

    state_route("pause", _pause)
    state_route("resume", lambda session, destination, _: destinations.resume(session, destination))
    state_route("retry", lambda session, destination, _: destinations.retry(session, destination))

    @router.get("/delivery/{destination}/{key}")
    def row(request: Request, destination: str, key: UUID) -> Response:
        """One delivery: its attempts with the system's own words, the events behind it, and what would be sent."""
        viewer = viewer_of(request)
        with house.database.session() as session:
            found = deliveries.get(session, destination, key)
            if found is None:
                raise HTTPException(404)
            tried = deliveries.attempts(session, destination, key)
            shown = _of_row(house, session, destination, found) if viewer.sees_people else None
            people = _people(session, [found])
            viewer.note(session, "delivery.view", f"{destination}:{key}")
        values = {
            "row": found,
            "attempts": tried,
            "dry": shown,
            "people": people,
            "words": bodies.words,
            "told_value": bodies.value,
        }
        return _page(request, "delivery/row.html", destination=destination, **values)

    @router.get("/live/delivery", response_class=EventSourceResponse)
    async def live(request: Request) -> AsyncIterator[ServerSentEvent]:
        """How the destinations are, again whenever it changes."""
        kind = Reader(request, request.state.viewer).kind
        async for text in topic.rendered(kind, filling(request, "delivery/lanes.html", "lanes")):
            yield ServerSentEvent(raw_data=text)

    return router


def _pause(session: Session, destination: str, by: str) -> int:
    destinations.pause(session, destination, by)
    return 0


def _chosen(lanes: list[Delivering], destination: str) -> Delivering | None:
    """The named destination; without a name the one where most failed, else the first."""
    if destination:
        found = [one for one in lanes if one.standing.name == destination]
        if not found:
            raise HTTPException(404)
        return found[0]
    return max(lanes, key=lambda one: one.counts["dead"] + one.counts["rejected"], default=None)


def _shelf_of(one: Delivering | None) -> str:
    if one and one.counts["dead"] + one.counts["rejected"]:
        return "failed"
    return "waiting" if one is None or one.counts["pending"] else "delivered"


def _people(session: Session, rows: Collection[Mapping[str, Any]]) -> dict[UUID, Any]:
    """The people behind these rows; one whose profile cannot be read is left out."""
    found = profiles.by_ids(session, {row["profile_id"] for row in rows})
    people: dict[UUID, Any] = {}
    for key, stored in found.items():
        try:
            people[key] = stored.profile()
        except UnreadableError:
            continue
    return people


def _preview(
    house: House,
    session: Session,
    destination: str,
    *,
    key: UUID | None = None,
    profile: UUID | None = None,
    failed: Collection[UUID] | Literal["all"] = (),
) -> Preview:
    connection = house.connections[_known(house, destination)]
    sender = sender_of(house.database, connection, house.processing.routes)
    return preview(session, sender, key=key, profile=profile, limit=SAMPLE, failed=failed)


def _of_row(house: House, session: Session, destination: str, row: Mapping[str, Any]) -> Preview | None:
    """What would be sent of it: as it waits, as a redrive would send it, or for a person as it would be written now."""
    if destination not in house.routed or destination not in house.connections:
        return None
    if row["state"] in deliveries.FAILED:
        return _preview(house, session, destination, failed=[row["key"]])
    if row["state"] == "delivered":
        return _preview(house, session, destination, profile=row["key"]) if row["subject"] == "profile" else None
    return _preview(house, session, destination, key=row["key"])


def _known(house: House, destination: str) -> str:
    if destination not in house.routed or destination not in house.connections:
        raise HTTPException(404)
    return destination


def _bounded(keys: list[UUID] | None) -> list[UUID]:
    if not keys or len(keys) > MOST_CHOSEN:
        raise HTTPException(422)
    return sorted(set(keys))


def _path(destination: str) -> str:
    return f"/console/delivery?destination={quote(destination, safe='')}"


def _page(request: Request, template: str, **values: Any) -> Response:
    told, count = request.query_params.get("told", ""), request.query_params.get("count", "0")
    return full_page(
        request, template, told=told, count=int(count) if count.isascii() and count.isdigit() else 0, **values
    )


PAGE = Page(slug="delivery", title=N_("Delivery"), icon="delivery", order=70, routes=routes)
