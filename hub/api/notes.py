"""``POST /api/v1/profiles/{id}/notes``: what people write at a person."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from hub.api.access import allowing
from hub.api.problems import responses
from hub.application.field_notes import LONGEST, Notes
from hub.store.database import Database
from hub.store.tokens import Token


class NoteOrder(BaseModel):
    """A note, written by whoever the token is of."""

    model_config = ConfigDict(extra="forbid")

    text: Annotated[str, Field(min_length=1, max_length=LONGEST, description="Plain text; line ends stay.")]
    id: UUID | None = Field(None, description="Your own id of it: sent again, it is kept once.")


class NoteItem(BaseModel):
    """The note as it is kept: ``profile`` is whose it is, ``event`` the number of its event."""

    id: UUID
    profile: UUID
    event: int


def router(database: Database, notes: Notes) -> APIRouter:
    """The route."""
    routes = APIRouter(tags=["profiles"], responses=responses(401, 403, 404, 409, 422, 503))
    writer = Depends(allowing(database, "operator"))

    @routes.post("/profiles/{id}/notes", status_code=201)
    def write(id: UUID, order: NoteOrder, token: Token = writer) -> NoteItem:  # noqa: A002 - the name in the path
        """Keep a note in the person's history; destinations whose `activities` name `note` get it. 409 when erased."""
        kept = notes.write(id, order.text, token.name or f"token {token.id}", note=order.id)
        return NoteItem(id=kept.id, profile=kept.profile, event=kept.event)

    return routes
