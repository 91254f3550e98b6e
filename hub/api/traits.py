"""``/api/v1/profiles/{id}/traits/{name}``: what a person says of a stage or a score, against what is worked out."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from hub.api.access import allowing
from hub.api.problems import responses
from hub.application.overrides import LONGEST
from hub.application.set_traits import Said, SetTraits
from hub.store.database import Database
from hub.store.tokens import Token

Name = Literal["stage", "lead_score"]


class TraitOrder(BaseModel):
    """What holds from now on, said by whoever the token is of."""

    model_config = ConfigDict(extra="forbid")

    value: Annotated[str, Field(min_length=1, max_length=20, description="A stage, or a score from 1 to 99.")]
    reason: Annotated[str, Field(min_length=1, max_length=LONGEST, description="Why; it is shown with the trait.")]
    until: AwareDatetime | None = Field(None, description="Until then; without it, until it is taken back.")


class TraitItem(BaseModel):
    """What holds now. ``profile`` is whose it is; a retired id was followed."""

    profile: UUID
    trait: Name
    value: str | int | None
    by: str
    until: datetime | None


def router(database: Database, setting: SetTraits) -> APIRouter:
    """The routes."""
    routes = APIRouter(tags=["profiles"], responses=responses(401, 403, 404, 409, 422, 503))
    writer = Depends(allowing(database, "operator"))

    @routes.put("/profiles/{id}/traits/{name}")
    def put(id: UUID, name: Name, order: TraitOrder, token: Token = writer) -> TraitItem:  # noqa: A002
        """Set a stage or a lead's score; routes and destinations hear of it at once. 409 when erased, or no lead."""
        return _shown(setting.put(id, name, order.value, _by(token), order.reason, order.until))

    @routes.delete("/profiles/{id}/traits/{name}")
    def withdraw(id: UUID, name: Name, token: Token = writer) -> TraitItem:  # noqa: A002
        """Take back what was set: what is worked out holds again."""
        return _shown(setting.withdraw(id, name, _by(token)))

    return routes


def _by(token: Token) -> str:
    return token.name or f"token {token.id}"


def _shown(said: Said) -> TraitItem:
    return TraitItem.model_validate({name: getattr(said, name) for name in said.__slots__})
