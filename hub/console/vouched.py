"""The way in over an OpenID provider: out to it with what only this browser knows, and back with its answer."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from hub.application import sign_in
from hub.application.oidc import Provider
from hub.console.access import own_path
from hub.console.house import House
from hub.console.marking import N_
from hub.errors import HubError, RefusedError, Unavailable
from hub.store.users import ROLES, Role

log = structlog.get_logger()

COOKIE, SECONDS = "hub_oidc", 600
_PATH = "/console/oidc"

_AWAY = N_("The OpenID provider cannot be reached. Try again in a moment, or sign in otherwise.")
_ODD = N_("The OpenID provider's answer does not belong to this sign-in. Try again.")
_NO_ROLE = N_("You are known, but nobody gave you a role in Hub. Ask an admin.")
_TAKEN = N_("Somebody else has your name in Hub. Ask an admin.")

Shown = Callable[..., Response]


def add_routes(
    routes: APIRouter, house: House, provider: Provider, keep: Callable[[Request, str, str], Response], shown: Shown
) -> None:
    """``keep`` answers with a new session, ``shown`` with the form and what was wrong."""
    back = f"{house.settings.hub.public_url.rstrip('/')}{_PATH}/back"

    @routes.get("/oidc")
    def out(request: Request, to: str = "") -> Response:
        """To the provider."""
        try:
            begun = provider.begin(back)
        except HubError as error:
            log.warning("console.provider", error=type(error).__name__, reason=str(error))
            return shown(request, fault=_AWAY, status=503)
        answer = RedirectResponse(begun.url, 303)
        kept = {"state": begun.state, "nonce": begun.nonce, "verifier": begun.verifier, "to": own_path(to)}
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
            opened = sign_in.by_identity(session, found.subject, found.name, role)
    except RefusedError as error:
        return shown(
            request, fault=_TAKEN if any(path == sign_in.TAKEN for path, _ in error.faults) else _NO_ROLE, status=403
        )
    except HubError as error:
        log.warning("console.provider", error=type(error).__name__, reason=str(error))
        away = isinstance(error, Unavailable)
        return shown(request, fault=_AWAY if away else _ODD, status=503 if away else 401)
    return keep(request, opened, kept["to"])


def _kept(text: str) -> dict[str, str]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    names = ("state", "nonce", "verifier", "to")
    fits = isinstance(found, dict) and all(isinstance(found.get(name), str) and found[name] for name in names)
    return found if fits else {}


def _role(provider: Provider, groups: frozenset[str]) -> Role | None:
    """The highest of the roles that these groups have here; None where roles are given here and not there.

    Raises RefusedError for who has none.
    """
    given = [role for group, role in provider.settings.roles.items() if group in groups]
    if provider.settings.roles and not given:
        raise RefusedError("none of their groups has a role in Hub")
    return max(given, key=ROLES.index, default=None)
