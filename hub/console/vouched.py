"""The way in over an OpenID provider: out to it with what only this browser knows, and back with its answer."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable

import structlog
from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from hub.application import sign_in
from hub.application.oidc import Provider
from hub.console.access import bearer_of, own_path
from hub.console.house import House
from hub.console.marking import N_
from hub.errors import HubError, RefusedError, Unavailable, VerificationError
from hub.store.database import Session
from hub.store.users import ROLES, Role

log = structlog.get_logger()

COOKIE, SECONDS = "hub_oidc", 600
_PATH = "/console/oidc"

_AWAY = N_("The OpenID provider cannot be reached. Try again in a moment, or sign in otherwise.")
_ODD = N_("The OpenID provider's answer does not belong to this sign-in. Try again.")
_NO_ROLE = N_("You are known, but nobody gave you a role in Hub. Ask an admin.")
_TAKEN = N_(
    "Somebody in Hub has your name. If that is you: sign in with your password or with the link that an admin makes, "
    "and connect the two under Settings."
)

Shown = Callable[..., Response]


def add_routes(
    routes: APIRouter, house: House, provider: Provider, keep: Callable[[Request, str, str], Response], shown: Shown
) -> None:
    """``keep`` answers with a new session, ``shown`` with the form and what was wrong."""
    back = f"{house.settings.hub.public_url.rstrip('/')}{_PATH}/back"

    @routes.get("/oidc")
    def out(request: Request, to: str = "", connect: bool = False) -> Response:
        """To the provider; ``connect`` from a page of ours, for whoever is signed in already."""
        # Browsers alone write this header, and no other site's link has this value.
        own = connect and request.headers.get("sec-fetch-site") == "same-origin"
        bearer = bearer_of(request, house) if own else None
        if connect and (bearer is None or bearer.user is None):
            raise HTTPException(403)
        try:
            begun = provider.begin(back)
        except HubError as error:
            log.warning("console.provider", error=type(error).__name__, reason=str(error))
            return shown(request, fault=_AWAY, status=503)
        answer = RedirectResponse(begun.url, 303)
        kept = {"state": begun.state, "nonce": begun.nonce, "verifier": begun.verifier, "to": own_path(to)}
        if bearer is not None:
            kept["connect"] = str(bearer.user)
        # Lax: the provider sends the browser back from another site.
        answer.set_cookie(
            COOKIE, json.dumps(kept), max_age=SECONDS, path=_PATH, secure=house.secure, httponly=True, samesite="lax"
        )
        return answer

    @routes.get("/oidc/back")
    def returned(request: Request, code: str = "", state: str = "") -> Response:
        """With the provider's answer."""
        answer = _finished(request, house, provider, (code, state, back), keep, shown)
        answer.delete_cookie(COOKIE, path=_PATH, secure=house.secure, httponly=True, samesite="lax")
        return answer


def _finished(
    request: Request,
    house: House,
    provider: Provider,
    told: tuple[str, str, str],
    keep: Callable[[Request, str, str], Response],
    shown: Shown,
) -> Response:
    code, state, back = told
    kept = _kept(request.cookies.get(COOKIE, ""))
    if not code or not kept or not hmac.compare_digest(kept["state"].encode(), state.encode()):
        return shown(request, fault=_ODD, status=401)
    try:
        found = provider.finish(code, verifier=kept["verifier"], nonce=kept["nonce"], redirect_uri=back)
        with house.database.session() as session:
            role = _role(provider, found.groups)
            if "connect" in kept:
                _connect(request, house, session, kept["connect"], found.subject)
            opened = sign_in.by_identity(session, found.subject, found.name, role)
    except RefusedError as error:
        with house.database.session() as session:
            sign_in.refused(session)
        return shown(
            request, fault=_TAKEN if any(path == sign_in.TAKEN for path, _ in error.faults) else _NO_ROLE, status=403
        )
    except HubError as error:
        log.warning("console.provider", error=type(error).__name__, reason=str(error))
        away = isinstance(error, Unavailable)
        return shown(request, fault=_AWAY if away else _ODD, status=503 if away else 401)
    return keep(request, opened, kept["to"])


def _connect(request: Request, house: House, session: Session, asked: str, subject: str) -> None:
    """Bind the provider's account to whoever asked for it, if they are the one who is signed in here."""
    bearer = bearer_of(request, house)
    if bearer is None or bearer.user is None or str(bearer.user) != asked:
        raise VerificationError("the session in which the connection began is over")
    sign_in.connect(session, bearer.user, subject)


def _kept(text: str) -> dict[str, str]:
    """What the browser kept of the way out; nothing where somebody bent it."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    names = ("state", "nonce", "verifier", "to")
    fits = (
        isinstance(found, dict)
        and all(isinstance(value, str) and value.isascii() for value in found.values())
        and all(found.get(name) for name in names)
    )
    return found if fits else {}


def _role(provider: Provider, groups: frozenset[str]) -> Role | None:
    """The highest of the roles that these groups have here; None where roles are given here and not there.

    Raises RefusedError for who has none.
    """
    given = [role for group, role in provider.settings.roles.items() if group in groups]
    if provider.settings.roles and not given:
        raise RefusedError("none of their groups has a role in Hub")
    return max(given, key=ROLES.index, default=None)
