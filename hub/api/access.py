"""Who may do what: bearer tokens with one of three roles, each of which may do all that the lower ones may."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from hub.api.problems import ApiError
from hub.store import tokens
from hub.store.database import Database
from hub.store.tokens import ROLES, Role, Token

_bearer = HTTPBearer(auto_error=False, description="`hub token create --role viewer|operator|admin` makes one.")


def allowing(database: Database, role: Role) -> Callable[..., Token]:
    """A dependency that lets only bearers of ``role`` or a higher one through; it gives their token."""

    def check(given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> Token:
        if given is None:
            raise ApiError(401, "a bearer token is needed", {"WWW-Authenticate": "Bearer"})
        with database.session() as session:
            held = tokens.held(session, given.credentials)
        if held is None:
            raise ApiError(401, "the bearer token is not known", {"WWW-Authenticate": 'Bearer error="invalid_token"'})
        if ROLES.index(held.role) < ROLES.index(role):
            raise ApiError(403, f"the role {role} is needed; this token has the role {held.role}")
        return held

    return check
