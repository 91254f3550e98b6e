"""In front of every route but the webhooks: the token before the body, and no body larger than a request needs.

FastAPI reads and parses a body before it asks who sent it, so this stands before FastAPI.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from time import monotonic
from typing import Any

import psycopg
import psycopg_pool
from starlette.types import ASGIApp

from hub import metrics
from hub.api import problems
from hub.api.bearers import Bearers
from hub.intake.callers import caller
from hub.intake.guesses import Guesses

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

API = "/api/"
MAX_BODY_BYTES = 1024 * 1024
"""The largest body of a REST request."""

_NUL = "a NUL character stands for nothing here"
_CHALLENGE = {"WWW-Authenticate": "Bearer"}
_WRONG = {"WWW-Authenticate": 'Bearer error="invalid_token"'}


class Door:
    """ASGI middleware. What is not under ``/api/`` has no body at all."""

    def __init__(self, app: ASGIApp, bearers: Bearers) -> None:
        self._app = app
        self._bearers = bearers
        self._guesses = Guesses()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI call."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if not scope["path"].startswith(API):
            await self._app(scope, _Given(b"", receive), send)
            return
        refused = await self._refused(scope)
        if refused is None and (b"%00" in scope["query_string"] or "\0" in scope["path"]):
            refused = problems.problem(422, _NUL)
        if refused is None:
            body = await _body(scope, receive)
            if isinstance(body, bytes) and b"\\u0000" in body:
                body = problems.problem(422, _NUL)
            if isinstance(body, bytes):
                await self._app(scope, _Given(body, receive), send)
                return
            metrics.CONNECTIONS_REFUSED.labels("body").inc()
            refused = body
        await refused(scope, receive, send)

    async def _refused(self, scope: Scope) -> ASGIApp | None:
        """None when the request bears a token that is known; else the answer."""
        given = bearer(scope)
        if given is None:
            return problems.problem(401, "a bearer token is needed", headers=_CHALLENGE)
        try:
            if await self._bearers.know(given):
                return None
        except (psycopg.Error, psycopg_pool.PoolTimeout) as error:
            return problems.away(error)
        metrics.CONNECTIONS_REFUSED.labels("token").inc()
        wait = self._guesses.wrong(caller(scope), monotonic())
        if wait is None:
            return problems.problem(401, "the bearer token is not known", headers=_WRONG)
        headers = {"Retry-After": str(wait)}
        return problems.problem(429, "too many wrong bearer tokens from this address", headers=headers)


class _Given:
    """``receive`` of a request whose body was read already."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._body: bytes | None = body
        self._receive = receive

    async def __call__(self) -> Message:
        if self._body is None:
            return await self._receive()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}


def bearer(scope: Scope) -> str | None:
    """The bearer token of a request, or None."""
    for name, value in scope["headers"]:
        if name == b"authorization":
            scheme, _, token = value.decode("latin-1").partition(" ")
            return token.strip() if scheme.lower() == "bearer" and token.strip() else None
    return None


async def _body(scope: Scope, receive: Receive) -> bytes | ASGIApp:
    """The whole body, or the answer to one that is too large or breaks off."""
    for name, value in scope["headers"]:
        if name == b"content-length" and (len(value) > 18 or not value.isdigit() or int(value) > MAX_BODY_BYTES):
            return problems.problem(413, f"a body may have {MAX_BODY_BYTES:,} bytes")
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return problems.problem(400, "the body is not whole")
        part = message.get("body", b"")
        size += len(part)
        if size > MAX_BODY_BYTES:
            return problems.problem(413, f"a body may have {MAX_BODY_BYTES:,} bytes")
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)
