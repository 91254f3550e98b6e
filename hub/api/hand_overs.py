"""``POST /api/v1/profiles/{id}/hand-over``: people hand somebody over, or give them back, whatever the rules say."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from hub.api.access import allowing
from hub.api.problems import responses
from hub.application.hand_over import DAYS, LONGEST_REASON, MOST_DAYS, HandOvers
from hub.store.database import Database
from hub.store.tokens import Token


class HandOverOrder(BaseModel):
    """A state of the funnel, and why: the reason stands on the timeline under the token's name."""

    model_config = ConfigDict(extra="forbid")

    state: Annotated[str, Field(min_length=1, max_length=100, description="As `config/qualification.yaml` names it.")]
    reason: Annotated[str, Field(min_length=1, max_length=LONGEST_REASON)]
    days: Annotated[int, Field(ge=1, le=MOST_DAYS, description="For how long no rule moves them.")] = DAYS


class HandOverItem(BaseModel):
    """What became of it. `came_from` is null for who was in no state, `owner` for a state that nobody looks after."""

    id: UUID
    profile: UUID
    at: datetime
    came_from: str | None
    state: str
    reason: str
    owner: str | None
    until: datetime | None = Field(description="Until then no rule moves them.")


def router(database: Database, handing: HandOvers) -> APIRouter:
    """The route."""
    routes = APIRouter(tags=["profiles"], responses=responses(401, 403, 404, 409, 422, 503))
    writer = Depends(allowing(database, "operator"))

    @routes.post("/profiles/{id}/hand-over", status_code=201)
    def hand_over(id: UUID, order: HandOverOrder, token: Token = writer) -> HandOverItem:  # noqa: A002 - in the path
        """Put somebody into a state. 404 for a state that the funnel has not, 409 for somebody who was erased."""
        by = token.name or f"token {token.id}"
        made = handing.make(id, order.state, by=by, reason=order.reason, days=order.days)
        return HandOverItem(
            id=made.id,
            profile=made.profile_id,
            at=made.at,
            came_from=made.came_from,
            state=made.state,
            reason=made.reason,
            owner=made.owner,
            until=made.held_until,
        )

    return routes
