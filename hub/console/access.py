"""Who asks, what they may do, and that a request is their own: sessions, roles, and tokens in forms."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import SplitResult, quote, urlsplit
from uuid import UUID

from fastapi import HTTPException, Request, Response
from starlette.concurrency import run_in_threadpool

from hub.console.house import House
from hub.store import audit, console_sessions
from hub.store.console_sessions import LIFETIME, Bearer
from hub.store.database import Session
from hub.store.users import ROLES, Role

FORM_FIELD, FORM_HEADER = "form_token", "x-form-token"
_SAFE = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who is signed in. ``form_token`` goes with every form and every request that changes something.

    ``user`` is None where an API token opened the session; ``connected`` users may sign in by the OpenID provider.
    """

    name: str
    role: Role
    form_token: str = field(repr=False)
    user: UUID | None = None
    connected: bool = False

    def may(self, role: Role) -> bool:
        """Whether the role is this one or a higher one."""
        return ROLES.index(self.role) >= ROLES.index(role)

    @property
    def sees_people(self) -> bool:
        """Whether personal data is shown in full."""
        return self.may("support")

    def note(self, session: Session, action: str, subject: object = "") -> None:
        """Write down what they do, in the transaction in which they do it. ``subject`` is an id."""
        audit.note(session, self.name, action, subject)

    def saw(self, session: Session, what: str) -> None:
        """Write down that they saw a list of people in full, once a minute: a search goes on as one types."""
        if self.sees_people:
            audit.note_once(session, self.name, "profile.list", what)


class SignInNeeded(Exception):  # noqa: N818 - no error: an answer
    """There is no session, or it is over."""


def cookie(house: House) -> str:
    """The name of the session's cookie. ``__Host-`` keeps other hosts of the domain from setting it (RFC 6265bis)."""
    return "__Host-hub" if house.secure else "hub_session"


def signed_in(house: House, role: Role) -> Callable[[Request], object]:
    """A dependency of every page: a session with that role, and for what changes something, a form of ours."""

    async def check(request: Request) -> Viewer:
        text = request.cookies.get(cookie(house), "")
        held = await run_in_threadpool(_bearer, house, text) if text else None
        if held is None:
            raise SignInNeeded
        viewer = Viewer(held.name, held.role, form_token(text), held.user, held.connected)
        request.state.viewer = viewer
        if request.method not in _SAFE:
            await own_form(request, viewer.form_token)
        require(viewer, role)
        return viewer

    return check


def acting(role: Role) -> Callable[[Request], Viewer]:
    """A dependency of a route that does something: who asks, if they have that role; else 403."""

    def check(request: Request) -> Viewer:
        return require(viewer_of(request), role)

    return check


def require(viewer: Viewer, role: Role) -> Viewer:
    """The viewer. Raises 403 where the role is not enough."""
    if not viewer.may(role):
        raise HTTPException(403)
    return viewer


def viewer_of(request: Request) -> Viewer:
    """Who asks, on a page's own route."""
    viewer: Viewer = request.state.viewer
    return viewer


def form_token(secret: str) -> str:
    """What forms carry: made of a cookie's text that no other site can read."""
    return hmac.new(secret.encode(), b"form", hashlib.sha256).hexdigest()


async def own_form(request: Request, expected: str) -> None:
    """Raise 403 unless a page of ours sent the request: by what the browser says, and by the form's token."""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    foreign = site not in (None, "same-origin", "none") or (
        site is None and origin is not None and _split(origin).netloc != request.headers.get("host")
    )
    given = request.headers.get(FORM_HEADER) or (await request.form()).get(FORM_FIELD)
    if foreign or not isinstance(given, str) or not hmac.compare_digest(given.encode(), expected.encode()):
        raise HTTPException(403, "form")


def keep_session(response: Response, house: House, text: str) -> None:
    """Give the browser its session: unreadable for scripts, sent to this site only."""
    response.set_cookie(
        cookie(house), text, max_age=int(LIFETIME.total_seconds()), path="/", secure=house.secure, httponly=True,
        samesite="lax",
    )  # fmt: skip


def forget_session(request: Request, response: Response, house: House) -> None:
    """End the session that a request came with."""
    if text := request.cookies.get(cookie(house)):
        with house.database.session() as session:
            console_sessions.close(session, text)
    response.delete_cookie(cookie(house), path="/", secure=house.secure, httponly=True, samesite="lax")


def before_session(request: Request) -> str:
    """The text that forms before the session are bound to; a new one where the browser has none."""
    return request.cookies.get("hub_form") or secrets.token_urlsafe(24)


def own_path(text: str | None) -> str:
    """A path of the console to go to: what was asked for, or its first page. Never another site."""
    parts = _split(text or "")
    fits = not parts.scheme and not parts.netloc and parts.path.startswith("/console/") and "\\" not in parts.path
    return quote(parts.path) if fits else "/console/"


def _split(text: str) -> SplitResult:
    """The parts of an address; of what is none (``//[``), none."""
    try:
        return urlsplit(text)
    except ValueError:
        return urlsplit("")


def bearer_of(request: Request, house: House) -> Bearer | None:
    """Whose session a request came with, outside the pages; None without one."""
    text = request.cookies.get(cookie(house), "")
    return _bearer(house, text) if text else None


def _bearer(house: House, text: str) -> Bearer | None:
    with house.database.session() as session:
        return console_sessions.bearer(session, text)
