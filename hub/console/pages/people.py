"""People: find somebody, and all that Hub knows of them, with where each value is from and what can be done."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from importlib.util import find_spec
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Form, HTTPException, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel

from hub.application.consent_story import consent_story
from hub.application.explain import explained
from hub.console import bodies, decisions, handing
from hub.console.access import Viewer, acting, viewer_of
from hub.console.finding import found
from hub.console.house import N_, House, Page
from hub.console.joins import joins
from hub.console.render import Reader, full_page, is_part, part, part_or_page
from hub.errors import NotFound, RefusedError, RejectedError
from hub.model.profile import Profile
from hub.profiles import view
from hub.profiles.timeline import Filter, timeline
from hub.sdk.manifest import ProfileSettings
from hub.store import explanations, judgements, records
from hub.store.database import Session

PER_PAGE = 15
ITEMS = 20
RECORDS = 50
ORDERS = 50
LARGE = 500
"""Records above which what takes reading all of them is read only when it is asked for."""

TABS = (
    ("", N_("Overview")),
    ("/timeline", N_("What happened")),
    ("/orders", N_("Orders")),
    ("/consents", N_("Consents")),
    ("/hand-overs", N_("Hand-overs")),
    ("/identity", N_("Why one person")),
    ("/there", N_("In your destinations")),
)


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
    def show(request: Request, person: UUID, judgement: int | None = None) -> Response:
        """One person. A retired id leads to the winner."""

        def read(session: Session, profile: Profile) -> dict[str, Any]:
            if len(profile.records) > LARGE:
                return {"why": None, "golden": _golden(profile), **_items(profile.id, [], {})}
            why = explained(session, profile.id, house.in_force(session), house.connections, who=False)
            happened = timeline(session, profile.id, limit=ITEMS + 1) or []
            return {"why": why, "golden": [], **_items(profile.id, happened, {})}

        return _person(request, house, person, "", read, judgement)

    @router.get("/{person}/timeline")
    def happened(
        request: Request,
        person: UUID,
        kind: str = "",
        source: str = "",
        since: str = "",
        until: str = "",
        at: datetime | None = None,
        item: UUID | None = None,
    ) -> Response:
        """What happened, of a kind, a source and a time; from an item on, older than this one."""
        if (at is None) != (item is None) or (at is not None and at.tzinfo is None):
            raise HTTPException(422)
        formats = Reader(request, viewer_of(request)).formats
        chosen = {"kind": kind, "source": source, "since": since, "until": until}
        only = Filter(kind or None, source or None, formats.midnight(since), formats.midnight(until, days=1))
        before = (at, item) if at is not None and item is not None else None

        def read(session: Session, profile: Profile) -> dict[str, Any]:
            found = timeline(session, profile.id, before=before, limit=ITEMS + 1, only=only) or []
            return {**_items(profile.id, found, chosen), **_choice(house, chosen)}

        if is_part(request):
            with house.database.session() as session:
                profile = view.get(session, person)
                if profile is None:
                    raise HTTPException(404)
                values = read(session, profile)
                viewer_of(request).note(session, "profile.view", profile.id)
            return part(request, "people/items.html", titles=house.titles, **values)
        return _person(request, house, person, "/timeline", read)

    @router.get("/{person}/orders")
    def orders(request: Request, person: UUID, all: bool = False) -> Response:  # noqa: A002 - in the address
        """The orders behind the totals, and those that do not count."""

        def read(session: Session, profile: Profile) -> dict[str, Any]:
            why = explained(session, profile.id, house.in_force(session), house.connections, field="orders", who=False)
            return {"orders": why["orders"] if why else None, "most": None if all else ORDERS}

        return _person(request, house, person, "/orders", read)

    @router.get("/{person}/consents")
    def consents(request: Request, person: UUID) -> Response:
        """Who said what, who was told when, and what was sent after a no."""

        def read(session: Session, profile: Profile) -> dict[str, Any]:
            return {"stories": consent_story(session, profile.id, house.in_force(session), house.connections)}

        return _person(request, house, person, "/consents", read)

    @router.get("/{person}/identity")
    def identity(request: Request, person: UUID, after: UUID | None = None, whole: bool = False) -> Response:
        """The records, what joins them, and who it is not; of very many records the ``whole`` only when asked for."""

        def read(session: Session, profile: Profile) -> dict[str, Any]:
            why = None
            if whole or len(profile.records) <= LARGE:
                why = explained(session, profile.id, house.in_force(session), house.connections, field="records")
            page = records.page_of_profile(session, profile.id, after=after, limit=RECORDS + 1)
            one_person = why["one_person"] if why else None
            return {
                "one_person": one_person,
                "history": why["history"] if why else [],
                "picture": joins(one_person["pairs"], len(profile.records)) if one_person else None,
                "records": page[:RECORDS],
                "records_after": page[RECORDS - 1][0] if len(page) > RECORDS else None,
            }

        return _person(request, house, person, "/identity", read)

    @router.get("/{person}/there")
    def there(request: Request, person: UUID) -> Response:
        """What Hub last wrote in each destination."""

        def read(session: Session, profile: Profile) -> dict[str, Any]:
            return {"mirrors": explanations.mirrors(session, profile.id)}

        return _person(request, house, person, "/there", read)

    @router.get("/{person}/why")
    def why(request: Request, person: UUID, field: str) -> Response:
        """Where a value is from, also one at a destination (``crm.firstname``)."""

        def read(session: Session, profile: Profile) -> dict[str, Any]:
            found = explained(
                session, profile.id, house.in_force(session), house.connections, field=field[:200], who=False
            )
            return {"found": found, "field": field}

        if is_part(request):
            with house.database.session() as session:
                profile = view.get(session, person)
                if profile is None:
                    raise HTTPException(404)
                viewer_of(request).note(session, "profile.view", profile.id)
                return part(request, "people/why_part.html", profile=profile, events=_EVENTS, **read(session, profile))
        return _person(request, house, person, "/why", read)

    @router.post("/{person}/notes")
    def note(
        request: Request,
        person: UUID,
        viewer: Annotated[Viewer, Depends(acting("support"))],
        text: Annotated[str, Form()] = "",
        note: Annotated[UUID | None, Form()] = None,
    ) -> Response:
        """Keep a note. Where it cannot be kept, what was typed is still there with the reason."""
        try:
            kept = house.notes.write(person, text, viewer.name, note=note)
        except (RejectedError, RefusedError) as error:
            if isinstance(error, NotFound):
                raise
            told = {"written": text, "refused": str(error), "note_id": note or uuid4()}
            return part_or_page(request, "people/note.html", "people/note_page.html", person=person, **told)
        if is_part(request):
            return Response(status_code=204, headers={"HX-Refresh": "true"})
        return RedirectResponse(f"/console/people/{kept.profile}#h-time", 303)

    handing.add(router, house, _person)
    decisions.add(router, house)
    return router


_EVENTS = find_spec("hub.console.pages.events") is not None
"""Whether an event has a page to lead to."""


def _person(
    request: Request, house: House, person: UUID, tab: str, read: Any, judgement: int | None = None
) -> Response:
    """A tab of somebody's page; ``read`` gives what it shows. A retired id leads to the winner. The look is audited."""
    viewer = viewer_of(request)
    with house.database.session() as session:
        profile = view.get(session, person)
        if profile is None:
            raise HTTPException(404)
        if profile.id != person:
            query = f"?{request.url.query}" if request.url.query else ""
            return RedirectResponse(f"/console/people/{profile.id}{tab}{query}", 303)
        values = {
            "profile": profile,
            "titles": house.titles,
            "tabs": [one for one in TABS if one[0] != "/hand-overs" or house.processing.insight.qualification.states],
            "tab": tab,
            "links": _links(house, profile),
            "decided": judgements.get(session, judgement) if judgement and 0 < judgement < 2**63 else None,
            "events": _EVENTS,
            "note_id": uuid4(),
            "words": bodies.words,
            **read(session, profile),
        }
        viewer.note(session, "profile.view", profile.id)
    return full_page(request, f"people/{tab[1:] or 'person'}.html", **values)


def _list(request: Request, house: House, text: str, after: UUID | None) -> Response:
    rows = found(house, text, after, PER_PAGE + 1)
    if rows:
        with house.database.session() as session:
            viewer_of(request).saw(session, "search" if text else "")
    values: dict[str, Any] = {"people": rows[:PER_PAGE], "more": len(rows) > PER_PAGE, "text": text, "after": after}
    return part_or_page(request, "people/found.html", "people/page.html", **values)


def _items(person: UUID, happened: list[dict[str, Any]], chosen: Mapping[str, str]) -> dict[str, Any]:
    shown, older = happened[:ITEMS], None
    if len(happened) > ITEMS:
        last = {"at": shown[-1]["at"].isoformat(), "item": shown[-1]["id"]}
        older = f"/console/people/{person}/timeline?{urlencode({**chosen, **last})}"
    return {"items": shown, "older": older}


def _golden(profile: Profile) -> list[tuple[str, Any]]:
    """The golden values by field, without who told them."""
    single = [(name, getattr(profile, name)) for name in ("name", "birth_date", "language", "company")]
    several = [
        (f"{name}.{place}", value)
        for name in ("emails", "phones", "addresses", "loyalty_ids")
        for place, value in enumerate(getattr(profile, name)[:20])
    ]
    found = [(field, value.model_dump(mode="json") if isinstance(value, BaseModel) else value)
             for field, value in (*single, *several) if value]  # fmt: skip
    return [(field, value) for field, value in found if not isinstance(value, dict) or any(value.values())]


def _choice(house: House, chosen: Mapping[str, str]) -> dict[str, Any]:
    return {
        "chosen": {"kind": "", "source": "", "since": "", "until": "", **chosen},
        "sources": sorted(house.connections),
    }


def _links(house: House, profile: Profile) -> dict[str, str]:
    """Where people see the record, by destination."""
    links = {}
    for place in profile.destinations:
        connection = house.connections.get(place.connection)
        settings = connection.settings if connection else None
        if isinstance(settings, ProfileSettings) and (url := settings.url_of(place.external_id)):
            links[place.connection] = url
    return links


PAGE = Page(slug="people", title=N_("People"), icon="people", order=30, routes=routes)
