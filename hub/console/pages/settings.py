"""Settings: who may open the console, tokens of the API, who did what, and what this installation is."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import cache
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from hub import __version__
from hub.application import sign_in
from hub.console.access import Viewer, acting
from hub.console.house import N_, House, Page
from hub.console.render import STATIC, Reader, full_page, part_or_page
from hub.errors import NotFound, RefusedError
from hub.store import audit, migrate, retention, tokens, users
from hub.store.database import Session
from hub.store.tokens import Role as TokenRole
from hub.store.users import Role, User

ENTRIES = 50
FAULTS = (
    N_("a name has 1 to 100 letters"),
    N_("there is a user of this name already"),
    N_("a password has 12 to 200 letters"),
    N_("this is what the audit log calls the command line; take another name"),
    N_("this is what the audit log calls whoever could not sign in; take another name"),
)
"""What may be wrong with a new user, as the use-case says it."""

Admin = Annotated[Viewer, Depends(acting("admin"))]
Name = Annotated[str, Form(max_length=200)]
Days = Annotated[int, Form(ge=0, le=3650)]


def routes(house: House) -> APIRouter:
    """What the installation is may everybody see; the rest is for admins."""
    router = APIRouter(prefix="/console/settings")
    _people(house, router)
    _tokens(house, router)

    @router.get("")
    def about(request: Request) -> Response:
        """Release, licences, sizes and what is removed when."""
        with house.database.session() as session:
            sizes = retention.sizes(session)
        values: dict[str, Any] = {
            "version": __version__,
            "schema": migrate.HEAD,
            "sizes": sizes,
            "kept": house.settings.retention,
        }
        return full_page(
            request,
            "settings/about.html",
            public_url=house.settings.hub.public_url,
            vendored=_vendored(),
            provider=house.settings.console.oidc if house.provider is not None else None,
            **values,
        )

    @router.get("/audit")
    def log(request: Request, viewer: Admin) -> Response:
        """The newest entries."""
        return _log(request, house)

    @router.post("/audit")
    def search(
        request: Request,
        viewer: Admin,
        who: Name = "",
        area: Name = "",
        subject: Name = "",
        first: Annotated[str, Form(max_length=10)] = "",
        last: Annotated[str, Form(max_length=10)] = "",
        before: Annotated[int | None, Form()] = None,
    ) -> Response:
        """Those of somebody, of an area, about an id, or of some days (in the reader's zone)."""
        return _log(request, house, who, area, subject, first, last, before)

    return router


def _people(house: House, router: APIRouter) -> None:
    @router.get("/people")
    def people(request: Request, viewer: Admin) -> Response:
        """Everybody, by name."""
        return _users(request, house)

    @router.post("/people")
    def add(
        request: Request, viewer: Admin, name: Name, role: Annotated[Role, Form()], password: Name = ""
    ) -> Response:
        """Add somebody, and show the address that opens the console for them once."""
        try:
            with house.database.session() as session:
                added = sign_in.add_user(session, name, role, password or None, by=viewer.name)
                url = sign_in.link(session, added.name, house.settings.hub.public_url, by=viewer.name)
        except RefusedError as error:
            return _users(request, house, fault=str(error), typed={"name": name, "role": role}, status=422)
        return _users(request, house, made=added.name, url=url)

    @router.post("/people/{user}/role")
    def role(request: Request, user: UUID, viewer: Admin, role: Annotated[Role, Form()]) -> Response:
        """Change what somebody may do."""
        with house.database.session() as session:
            sign_in.change_role(session, _user(session, user).name, role, by=viewer.name)
        return RedirectResponse("/console/settings/people", 303)

    @router.post("/people/{user}/link")
    def link(request: Request, user: UUID, viewer: Admin) -> Response:
        """Show an address that opens the console for somebody once, within the hour."""
        with house.database.session() as session:
            name = _user(session, user).name
            url = sign_in.link(session, name, house.settings.hub.public_url, by=viewer.name)
        return _users(request, house, made=name, url=url)

    @router.post("/people/{user}/remove")
    def remove(request: Request, user: UUID, viewer: Admin) -> Response:
        """Remove somebody; their sessions end at once."""
        with house.database.session() as session:
            sign_in.remove_user(session, _user(session, user).name, by=viewer.name)
        return RedirectResponse("/console/settings/people", 303)


def _tokens(house: House, router: APIRouter) -> None:
    @router.get("/tokens")
    def listed(request: Request, viewer: Admin) -> Response:
        """All of them, oldest first."""
        return _held(request, house)

    @router.post("/tokens")
    def create(
        request: Request, viewer: Admin, role: Annotated[TokenRole, Form()], days: Days, name: Name = ""
    ) -> Response:
        """Make one, and show its text this once. ``days`` 0: it never expires."""
        with house.database.session() as session:
            lifetime = timedelta(days=days) if days else None
            token, text = tokens.create(session, role, name.strip(), session.now(), lifetime=lifetime)
            viewer.note(session, "token.create", token.id)
        return _held(request, house, made=token, text=text)

    @router.post("/tokens/{token}/revoke")
    def revoke(request: Request, token: UUID, viewer: Admin) -> Response:
        """It opens nothing from now on. One that is gone already is no error."""
        with house.database.session() as session:
            if tokens.revoke(session, token):
                viewer.note(session, "token.revoke", token)
        return RedirectResponse("/console/settings/tokens", 303)


def _user(session: Session, id_: UUID) -> User:
    found = next((one for one in users.page(session) if one.id == id_), None)
    if found is None:
        raise NotFound("there is no such user any more")
    return found


def _users(request: Request, house: House, *, status: int = 200, **values: Any) -> Response:
    with house.database.session() as session:
        found = users.page(session)
    shown = {"made": "", "url": "", "fault": "", "typed": {"name": "", "role": "support"}, **values}
    return full_page(request, "settings/people.html", status=status, users=found, roles=users.ROLES, **shown)


def _held(request: Request, house: House, **values: Any) -> Response:
    with house.database.session() as session:
        found = tokens.page(session)
    shown = {"made": None, "text": "", **values}
    return full_page(request, "settings/tokens.html", tokens=found, roles=tokens.OF_PEOPLE, **shown)


def _log(
    request: Request,
    house: House,
    who: str = "",
    area: str = "",
    subject: str = "",
    first: str = "",
    last: str = "",
    before: int | None = None,
) -> Response:
    formats = Reader(request, None).formats
    with house.database.session() as session:
        names = [user.name for user in users.page(session)]
        found = audit.page(
            session,
            before=before,
            who=who.strip() or None,
            area=area or None,
            subject=subject.strip() or None,
            since=formats.midnight(first),
            until=formats.midnight(last, days=1),
            limit=ENTRIES + 1,
        )
    asked = {"who": who, "area": area, "subject": subject, "first": first, "last": last}
    values: dict[str, Any] = {"entries": found[:ENTRIES], "more": len(found) > ENTRIES, "asked": asked, "names": names}
    return part_or_page(request, "settings/entries.html", "settings/audit.html", **values)


@cache
def _vendored() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((STATIC / "vendor" / "lock.json").read_text(encoding="utf-8"))
    return found


PAGE = Page(slug="settings", title=N_("Settings"), icon="settings", order=100, routes=routes)
