"""What a shop is told of somebody it knows, to greet them: segments, stage, loyalty and language alone.

A shop asks while a page is made, so that the answer costs two statements, and may be kept for a minute.
"""

from __future__ import annotations

import hashlib
from typing import Any

import orjson
from fastapi import Response

from hub.api.problems import ApiError
from hub.errors import PayloadError
from hub.profiles.view import holders, parse_identifier
from hub.store import traits
from hub.store.database import Database
from hub.store.tokens import Token

MAX_AGE = 60
"""Seconds for which an answer may be used again without asking."""


def greeted(
    database: Database, held: Token, identifier: str | None, region: str, if_none_match: str | None
) -> Response:
    """The answer to a shop's token, with an ``ETag``; 304 where the caller has it already. Raises ApiError."""
    if identifier is None:
        raise ApiError(403, "a shop asks for one identifier: identifier=email:…")
    try:
        kind, value = parse_identifier(identifier, region)
    except PayloadError as error:
        raise ApiError(422, str(error)) from None
    with database.session() as session:
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
