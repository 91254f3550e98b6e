"""``/api/v1/profiles/{id}/pins``: values that people pin at a person, and let go."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from hub.api.access import allowing
from hub.api.problems import responses
from hub.application.pins import LONGEST, Pins
from hub.store.database import Database
from hub.store.tokens import Token


class PinOrder(BaseModel):
    """A value that holds against every source, until a person changes it."""

    model_config = ConfigDict(extra="forbid")

    field: Annotated[
        str,
        Field(
            description="first_name, last_name, full_name, email, phone, birth_date, language, company or custom.NAME."
        ),
    ]
    value: Annotated[str, Field(min_length=1, max_length=LONGEST)]


class PinItem(BaseModel):
    """What was pinned or let go: ``profile`` is whose it is, ``attribute`` what of it, ``event`` its event."""

    profile: UUID
    attribute: str
    event: int


def router(database: Database, pins: Pins) -> APIRouter:
    """The routes."""
    routes = APIRouter(tags=["profiles"], responses=responses(401, 403, 404, 409, 422, 503))
    writer = Depends(allowing(database, "operator"))

    @routes.post("/profiles/{id}/pins", status_code=201)
    def pin(id: UUID, order: PinOrder, token: Token = writer) -> PinItem:  # noqa: A002 - the name in the path
        """Pin a value. 409 for somebody who asked to be erased, 422 for what cannot stand in the field."""
        done = pins.pin(id, order.field, order.value, token.name or f"token {token.id}")
        return PinItem(profile=done.profile, attribute=done.attribute, event=done.event)

    @routes.delete("/profiles/{id}/pins/{field}")
    def release(id: UUID, field: str, token: Token = writer) -> PinItem:  # noqa: A002 - the name in the path
        """Let a pinned value go: sources count again."""
        done = pins.release(id, field, token.name or f"token {token.id}")
        return PinItem(profile=done.profile, attribute=done.attribute, event=done.event)

    return routes
