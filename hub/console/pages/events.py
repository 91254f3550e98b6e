"""Events: every delivery that came, as it comes; and one event's way from its source to every destination."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, HTTPException, Request
from fastapi.responses import RedirectResponse, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent

from hub.application import event_trace
from hub.console import bodies
from hub.console.access import Viewer, acting, viewer_of
from hub.console.house import N_, House, Page
from hub.console.live import Topic
from hub.console.render import Reader, filling, full_page, part_or_page
from hub.store import event_search, inbox
from hub.store.database import Session
from hub.store.event_search import Filter, Found, WrittenTo

PER_PAGE = 50
SECONDS = 2.0
STATES = ("pending", "done", "skipped", "parked")
MOST_CHOSEN = 500
LARGEST_ID = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Listing:
    """Entries, and what the newest attempts say of them."""

    found: Found
    written: WrittenTo


def routes(house: House) -> APIRouter:
    """What is chosen from lists stands in the address; what is typed in goes by POST."""
    router = APIRouter(prefix="/console")
    topic_of = _topics(house)

    @router.get("/events")
    def page(
        request: Request,
        connection: str = "",
        state: str = "",
        topic: str = "",
        since: str = "",
        until: str = "",
        before: int | None = None,
    ) -> Response:
        """What came, the newest first."""
        reader = Reader(request, viewer_of(request))
        asked = {"connection": connection, "state": state, "topic": topic, "since": since, "until": until}
        wanted = _wanted(reader, asked)
        with house.database.session() as session:
            listing = _listing(session, wanted, before)
            known = event_search.topics(session)
        chosen = {name: value for name, value in asked.items() if value}
        live = not before and not (chosen.keys() - {"connection", "state"}) and state != "parked"
        return full_page(
            request,
            "events/page.html",
            listing=listing,
            asked=asked,
            chosen=urlencode(chosen),
            first=before is None,
            live=f"/console/live/events?{urlencode(chosen)}" if live else "",
            connections=house.titles,
            topics=known,
            states=STATES,
        )

    @router.post("/events/find")
    def named(request: Request, text: Annotated[str, Form(max_length=600)] = "") -> Response:
        """To the event of this id: Hub's own, or the sender's."""
        with house.database.session() as session:
            ids = event_search.named(session, text.strip(), list(house.connections))
            rows = [row for row in (inbox.get(session, one) for one in ids) if row]
        if len(rows) == 1:
            return RedirectResponse(f"/console/events/{rows[0]['id']}", 303)
        return full_page(request, "events/found.html", listing=Listing(Found(rows), WrittenTo({})), text=text)

    @router.post("/events/replay/ask")
    def ask(
        request: Request,
        viewer: Annotated[Viewer, Depends(acting("operator"))],
        ids: Annotated[list[int] | None, Form()] = None,
        what: Annotated[str, Form()] = "chosen",
        connection: Annotated[str, Form()] = "",
    ) -> Response:
        """What a replay would do: of the chosen ones, or of all that cannot be read of a connection."""
        with house.database.session() as session:
            if what == "all":
                ids_of_all, bodiless = event_search.parked(session, [connection] if connection else house.titles)
                count, entries = len(ids_of_all), []
            else:
                entries = [row for row in (inbox.get(session, one) for one in _bounded(ids)) if row]
                count, bodiless = len(entries), sum(row["body"] is None for row in entries)
        template = "events/sure.html"
        values: dict[str, Any] = {
            "count": count, "bodiless": bodiless, "entries": entries, "what": what, "connection": connection,
        }  # fmt: skip
        return part_or_page(request, template, "events/sure_page.html", **values)

    @router.post("/events/replay")
    def replay(
        viewer: Annotated[Viewer, Depends(acting("operator"))],
        ids: Annotated[list[int] | None, Form()] = None,
        what: Annotated[str, Form()] = "chosen",
        connection: Annotated[str, Form()] = "",
    ) -> Response:
        """Work on stored events again, as if they had just come."""
        with house.database.session() as session:
            if what == "all":
                found, _ = event_search.parked(session, [connection] if connection else house.titles)
                if inbox.requeue(session, ids=found):
                    viewer.note(session, "event.replay_parked", connection)
            else:
                chosen = _bounded(ids)
                inbox.requeue(session, ids=chosen)
                for one in chosen:
                    viewer.note(session, "event.replay", one)
        return RedirectResponse("/console/events?state=pending", 303)

    @router.get("/events/{event}")
    def show(request: Request, event: int, told: str = "") -> Response:
        """One event and its way."""
        viewer = viewer_of(request)
        with house.database.session() as session:
            trace = event_trace.trace(session, _id(event), house.connections)
            if trace is None:
                raise HTTPException(404)
            viewer.note(session, "event.view", event)
        whole, entry = viewer.sees_people, trace.entry
        raw = None if entry["body"] is None else bytes(entry["body"])
        fetched = {name: bodies.body(bytes(one), whole=whole) for name, one in entry["completions"].items()}
        return full_page(
            request,
            "events/event.html",
            trace=trace,
            entry=entry,
            headers=bodies.headers(entry["headers"], whole=whole),
            body=None if raw is None else bodies.body(raw, whole=whole),
            size=None if raw is None else len(raw),
            longest=bodies.LONGEST,
            fetched=fetched,
            values=bodies.values,
            words=bodies.words,
            told_value=bodies.value,
            told=told,
            titles=house.titles,
        )

    @router.get("/events/{event}/body")
    def whole_body(viewer: Annotated[Viewer, Depends(acting("support"))], event: int) -> Response:
        """The bytes as they came, as a file."""
        with house.database.session() as session:
            entry = inbox.get(session, _id(event))
            if entry is None or entry["body"] is None:
                raise HTTPException(404)
            viewer.note(session, "event.body", event)
        named = {"content-disposition": f'attachment; filename="event-{event}.txt"'}
        return Response(bytes(entry["body"]), media_type="application/octet-stream", headers=named)

    @router.get("/events/{event}/unread")
    def unread(request: Request, event: int) -> Response:
        """The fields that no one reads: it tries each, so it is asked for."""
        with house.database.session() as session:
            paths = event_trace.unread(session, _id(event), house.connections)
        return part_or_page(request, "events/unread.html", "events/unread_page.html", paths=paths, event=event)

    @router.post("/events/{event}/replay")
    def again(event: int, viewer: Annotated[Viewer, Depends(acting("operator"))]) -> Response:
        """Work on this one again."""
        with house.database.session() as session:
            if not inbox.requeue(session, ids=[_id(event)]):
                raise HTTPException(404 if inbox.get(session, event) is None else 409)
            viewer.note(session, "event.replay", event)
        return RedirectResponse(f"/console/events/{event}?told=replayed", 303)

    @router.get("/live/events", response_class=EventSourceResponse)
    async def live(request: Request, connection: str = "", state: str = "") -> AsyncIterator[ServerSentEvent]:
        """The newest again whenever they change."""
        known = connection if connection in house.connections else ""
        topic = topic_of(known, state if state in STATES else "")
        kind = Reader(request, request.state.viewer).kind
        async for text in topic.rendered(kind, filling(request, "events/rows.html", "listing")):
            yield ServerSentEvent(raw_data=text)

    return router


def _topics(house: House) -> Callable[[str, str], Topic[Listing]]:
    """A topic for each connection and state: as many as there are of these, made when first watched."""

    @cache
    def of(connection: str, state: str) -> Topic[Listing]:
        wanted = Filter(connection=connection or None, state=state or None)
        return house.live.topic(SECONDS, lambda session: _listing(session, wanted, None))

    return of


def _listing(session: Session, wanted: Filter, before: int | None) -> Listing:
    found = event_search.find(session, wanted, before=before, limit=PER_PAGE)
    return Listing(found, event_search.written_to(session, [row["id"] for row in found.rows]))


def _wanted(reader: Reader, asked: dict[str, str]) -> Filter:
    if asked["state"] and asked["state"] not in STATES:
        raise HTTPException(422)
    return Filter(
        connection=asked["connection"] or None,
        state=asked["state"] or None,
        topic=asked["topic"] or None,
        since=_time(reader, asked["since"]),
        until=_time(reader, asked["until"]),
    )


def _time(reader: Reader, text: str) -> datetime | None:
    """A time as the browser's field gives it, on the reader's clock."""
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise HTTPException(422) from None
    return at if at.tzinfo else at.replace(tzinfo=reader.formats.zone)


def _id(event: int) -> int:
    if not 0 < event <= LARGEST_ID:
        raise HTTPException(404)
    return event


def _bounded(ids: list[int] | None) -> list[int]:
    chosen = sorted({one for one in ids or () if 0 < one <= LARGEST_ID})
    if not chosen or len(chosen) > MOST_CHOSEN:
        raise HTTPException(422)
    return chosen


PAGE = Page(slug="events", title=N_("Events"), icon="events", order=20, routes=routes)
