"""``/api/v1/consents`` and ``/api/v1/profiles/{id}/consents``: who may be written to, and who said what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from hub.api.access import allowing
from hub.api.pages import Cursor, Limit, Page, paged, position
from hub.api.problems import ApiError, responses
from hub.api.schemas import Answer
from hub.application.consent_audit import Channel, audit
from hub.application.consent_story import consent_story
from hub.application.in_force import InForce
from hub.model.base import UtcDatetime
from hub.sdk.connection import Connection
from hub.store.database import Database, Session

State = Literal["opted_in", "opted_out", "pending", "unknown"]


class Permission(Answer):
    """Whether one person may be written to by a channel, and what decides."""

    profile: UUID
    channel: str
    may: bool
    why: str = Field(description="Why not; empty where they may be.")
    state: State
    evidence: str | None = Field(description="How it is known.")
    at: UtcDatetime | None
    record: str | None = Field(description="`connection:kind:id` of the record that told it.")
    event: int | None = Field(description="Inbox id of the event that told it; 0 for the list of suppressed addresses.")


class Story(Answer):
    """All that was said about one purpose and channel, the newest first, and what followed."""

    purpose: str
    channel: str
    state: State
    at: UtcDatetime
    rule: str = Field(description="Why this state holds.")
    statements: list[dict[str, Any]]
    told: list[dict[str, Any]] = Field(
        description="Each destination that was told: when, seconds after the event came, and whether it was read back."
    )
    sent: list[dict[str, Any]] = Field(description="Messages of the channel after an opt-out.")


def router(
    database: Database, *, in_force: Callable[[Session], InForce], connections: Mapping[str, Connection]
) -> APIRouter:
    """The routes."""
    routes = APIRouter(
        tags=["consents"], dependencies=[Depends(allowing(database, "viewer"))], responses=responses(401, 403, 422, 503)
    )
    ranks = {name: one.settings.rank for name, one in connections.items()}

    @routes.get("/consents")
    def permissions(
        channel: Annotated[Channel, Query(description="By which they would be written to.")] = "email",
        limit: Limit = 50,
        cursor: Cursor = None,
    ) -> Page[Permission]:
        """Everybody by id: whether they may be written to, on which evidence, and why not."""
        after = position(cursor, UUID)
        with database.session() as session:
            found = audit(session, channel, ranks, after=after, limit=limit + 1)
        items, following = paged(found, limit, lambda last: last.profile)
        return Page(items=[Permission.model_validate(item) for item in items], next=following)

    @routes.get("/profiles/{id}/consents", responses=responses(404))
    def stories(id: UUID) -> list[Story]:  # noqa: A002 - the name in the path
        """The ledger of one person; a retired id answers with the winner's."""
        with database.session() as session:
            found = consent_story(session, id, in_force(session), connections)
        if found is None:
            raise ApiError(404, "there is no such profile")
        return [Story.model_validate(one) for one in found]

    return routes
