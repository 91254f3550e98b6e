"""``/api/v1/inbox`` and ``/api/v1/dead-letters``: stored events, and what waits for a person."""

from __future__ import annotations

from base64 import b64encode
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query

from hub.api.access import allowing
from hub.api.pages import Cursor, Limit, Page, paged, position
from hub.api.problems import ApiError, responses
from hub.api.schemas import DeadLetterItem, InboxDetail, InboxItem, Requeued
from hub.model.base import UtcDatetime
from hub.store import dead_letters, inbox
from hub.store.database import Database

State = Literal["pending", "done", "skipped", "parked"]
InboxId = Annotated[int, Path(ge=1, le=2**63 - 1)]


def router(database: Database) -> APIRouter:
    """The routes."""
    routes = APIRouter(
        tags=["events"],
        dependencies=[Depends(allowing(database, "viewer"))],
        responses=responses(401, 403, 422, 503),
    )
    operator = [Depends(allowing(database, "operator"))]

    @routes.get("/inbox")
    def entries(
        connection: str | None = None,
        state: State | None = None,
        since: Annotated[UtcDatetime | None, Query(description="Received at or after; with its zone.")] = None,
        limit: Limit = 50,
        cursor: Cursor = None,
    ) -> Page[InboxItem]:
        """Stored events without their bodies, newest first."""
        before = position(cursor, int)
        with database.session() as session:
            rows = inbox.page(session, connection=connection, state=state, since=since, before=before, limit=limit + 1)
        items, following = paged(rows, limit, lambda row: row["id"])
        return Page(items=[InboxItem.model_validate(row) for row in items], next=following)

    @routes.get("/inbox/{id}", responses=responses(404))
    def entry(id: InboxId) -> InboxDetail:  # noqa: A002 - the name in the path
        """One stored event with headers and body."""
        with database.session() as session:
            found = inbox.get(session, id)
        if found is None:
            raise ApiError(404, "there is no such event")
        return _detail(found)

    @routes.post("/inbox/{id}/replay", status_code=202, dependencies=operator, responses=responses(404, 409))
    def replay(id: InboxId) -> Requeued:  # noqa: A002
        """Work on a stored event again, as if it had just come."""
        with database.session() as session:
            if not inbox.requeue(session, ids=[id]):
                known = inbox.get(session, id) is not None
                raise ApiError(409, inbox.NO_BODY) if known else ApiError(404, "there is no such event")
        return Requeued(id=id)

    @routes.get("/dead-letters")
    def listed(connection: str | None = None, limit: Limit = 50, cursor: Cursor = None) -> Page[DeadLetterItem]:
        """Rows that a destination refused or that failed too often, then events that cannot be read."""
        after = position(cursor, dead_letters.checked_id)
        with database.session() as session:
            rows = dead_letters.page(session, connection=connection, after=after, limit=limit + 1)
        items, following = paged(rows, limit, lambda row: row.id)
        return Page(items=[DeadLetterItem.model_validate(row) for row in items], next=following)

    @routes.post("/dead-letters/{id}/redrive", status_code=202, dependencies=operator, responses=responses(404))
    def redrive(id: str) -> Requeued:  # noqa: A002
        """Put a dead letter back to be worked on again."""
        with database.session() as session:
            if not dead_letters.redrive(session, id):
                raise ApiError(404, "there is no such dead letter")
        return Requeued(id=id)

    return routes


def _detail(entry: dict[str, Any]) -> InboxDetail:
    raw = {name: bytes(body) for name, body in entry["completions"].items()}
    body = None if entry["body"] is None else bytes(entry["body"])
    try:
        told = {name: part.decode() for name, part in raw.items()}
        text, encoding = body.decode() if body is not None else None, "utf-8"
    except UnicodeDecodeError:
        told = {name: b64encode(part).decode() for name, part in raw.items()}
        text, encoding = b64encode(body).decode() if body is not None else None, "base64"
    return InboxDetail.model_validate({**entry, "body": text, "encoding": encoding, "completions": told})
