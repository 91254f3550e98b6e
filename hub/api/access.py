"""Who may do what: bearer tokens with one of four roles, each of which may do all that the lower ones may."""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from hub.api.problems import ApiError
from hub.store import tokens
from hub.store.database import Database, Session
from hub.store.tokens import OF_PEOPLE, ROLES, Role, Token

_bearer = HTTPBearer(auto_error=False, description="`hub token create --role shop|viewer|operator|admin` makes one.")
_ASK = {"WWW-Authenticate": 'Basic realm="Hub"'}
_UNKNOWN = {"WWW-Authenticate": 'Bearer error="invalid_token"'}


def allowing(database: Database, role: Role) -> Callable[..., Token]:
    """A dependency that lets only bearers of ``role`` or a higher one through; it gives their token."""

    def check(given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> Token:
        if given is None:
            raise ApiError(401, "a bearer token is needed", {"WWW-Authenticate": "Bearer"})
        held = _held(database, given.credentials)
        if ROLES.index(held.role) < ROLES.index(role):
            raise ApiError(403, f"the role {role} is needed; this token has the role {held.role}")
        return held

    return check


def seeing(database: Database) -> Callable[[Request], None]:
    """A dependency for pages that a browser opens: a bearer token, or the same as the password of HTTP Basic."""

    def check(request: Request) -> None:
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        text = value.strip() if scheme.lower() == "bearer" else _password(value) if scheme.lower() == "basic" else ""
        if not tokens.is_shaped(text):
            raise ApiError(
                401, "a token is needed, as bearer or as password", {"WWW-Authenticate": 'Basic realm="Hub"'}
            )
        if _held(database, text).role not in OF_PEOPLE:
            raise ApiError(403, "this page is not for a shop's token")

    return check


def _held(database: Database, text: str) -> Token:
    with database.reading() as session:
        return holding(session, text)


def holding(session: Session, text: str) -> Token:
    """The token of a bearer. Raises ApiError (401) where it is not known, or has expired."""
    held = tokens.of_bearer(session, text)
    if held is None:
        raise ApiError(401, "the bearer token is not known", _UNKNOWN)
    if held.expired:
        raise ApiError(401, "the bearer token has expired", _UNKNOWN)
    return held


def _password(value: str) -> str:
    try:
        return b64decode(value.strip(), validate=True).decode().partition(":")[2]
    except (binascii.Error, ValueError):
        return ""
