"""What a shop is told of somebody it knows, to greet them: segments, stage, loyalty and language alone.

A shop asks while a page is made, so that its plain question is answered before FastAPI, whose routing and parameters
cost more than the answer; and an answer may be kept for a minute.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, QueryParams
from starlette.responses import Response
from starlette.types import ASGIApp

from hub.api import problems
from hub.api.access import holding
from hub.api.bearers import Bearers
from hub.api.door import bearer
from hub.api.problems import ApiError
from hub.errors import PayloadError
from hub.profiles.view import holders, parse_identifier
from hub.store import traits
from hub.store.database import Database, Session
from hub.store.tokens import Token

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

PATH = "/api/v1/profiles"
MAX_AGE = 60
"""Seconds for which an answer may be used again without asking."""

LONGEST = 500
"""Characters of an identifier."""


class Greeter:
    """ASGI middleware behind the door: a shop's question for one identifier, and nothing else, is answered here.

    Whatever else is asked, or asked otherwise, goes on to the route, which gives the same answers.
    """

    def __init__(self, app: ASGIApp, database: Database, bearers: Bearers, region: str) -> None:
        self._app = app
        self._database = database
        self._bearers = bearers
        self._region = region

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI call."""
        answer: ASGIApp = self._app
        if scope["type"] == "http" and scope["path"] == PATH and scope["method"] == "GET":
            identifier, text = _identifier_alone(scope), bearer(scope)
            if identifier and text and self._bearers.is_shops(text):
                known = Headers(scope=scope).get("if-none-match")
                answer = await run_in_threadpool(self._answer, text, identifier, known)
        await answer(scope, receive, send)

    def _answer(self, text: str, identifier: str, if_none_match: str | None) -> Response:
        try:
            with self._database.reading() as session:
                return greeted(session, holding(session, text), identifier, self._region, if_none_match)
        except ApiError as error:
            return problems.problem(error.status_code, error.detail, headers=error.headers)
        except problems.AWAY as error:
            return problems.away(error)
        except problems.UNFIT:
            return problems.unfit()


def _identifier_alone(scope: Scope) -> str | None:
    asked = QueryParams(scope["query_string"]).multi_items()
    if len(asked) != 1 or asked[0][0] != "identifier" or len(asked[0][1]) > LONGEST:
        return None
    return asked[0][1]


def greeted(session: Session, held: Token, identifier: str | None, region: str, if_none_match: str | None) -> Response:
    """The answer to a shop's token, with an ``ETag``; 304 where the caller has it already. Raises ApiError."""
    if identifier is None:
        raise ApiError(403, "a shop asks for one identifier: identifier=email:…")
    try:
        kind, value = parse_identifier(identifier, region)
    except PayloadError as error:
        raise ApiError(422, str(error)) from None
    rows = traits.with_golden(session, holders(session, kind, value))
    items = [greeting(golden, held_traits) for golden, held_traits in rows if _knows(held, golden)]
    body = orjson.dumps({"items": items, "next": None}, option=orjson.OPT_SORT_KEYS)
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"etag": tag, "cache-control": f"private, max-age={MAX_AGE}", "vary": "authorization"}
    if if_none_match is not None and tag in [one.strip().removeprefix("W/") for one in if_none_match.split(",")]:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


def _knows(held: Token, golden: dict[str, Any]) -> bool:
    """Whether the shop has a record of the person itself: of others it is told nothing, not even that they are."""
    if golden.get("suppressed"):
        return False
    return any(one["connection"] == held.connection for one in golden.get("records", ()))


def greeting(golden: dict[str, Any], told: dict[str, Any]) -> dict[str, Any]:
    """All that a shop needs to greet somebody; no name, no address, no id."""
    return {
        "segments": list(told.get("segments", ())),
        "stage": told.get("stage"),
        "qualification": told.get("qualification"),
        "loyalty": {"member": bool(golden.get("loyalty_ids")), "group": told.get("rfm_group")},
        "language": golden.get("language"),
    }
