"""``/api/v1/interactions``: what people wrote, the worst first, and corrections of its tone."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from hub.api.access import allowing
from hub.api.pages import Limit
from hub.api.problems import ApiError, responses
from hub.application import tone
from hub.errors import NotFound
from hub.model.base import UtcDatetime
from hub.store.database import Database
from hub.store.tokens import Token

ToneName = Literal["positive", "neutral", "negative"]
About = Literal["complaint", "praise", "question", "other"]
Topic = Literal["delivery", "return", "price", "service", "product", "shop", "other"]


class InteractionItem(BaseModel):
    """Something that was written to the business; its tone is a hint unless a person said so."""

    id: UUID
    at: UtcDatetime
    connection: str
    kind: str
    channel: str
    profile: UUID | None
    name: str | None
    text: str = Field(description="The first 300 characters.")
    answered: bool = Field(description="Whether the business wrote to the person since.")
    tone: ToneName
    about: About
    topic: str
    by: Literal["words", "model", "person"] = Field(description="Who judged.")
    why: list[str] = Field(description="The words that counted.")


class InteractionList(BaseModel):
    items: list[InteractionItem]
    note: str = Field(description="What the tone is judged by.")


class ToneCorrection(BaseModel):
    """What tone it has; what is left out stays as the hint has it."""

    tone: ToneName
    about: About | None = None
    topic: Topic | None = None


class ToneCorrected(BaseModel):
    id: UUID
    tone: ToneName
    about: About
    topic: str
    corrections: int = Field(description="How many there are now; from 500 on Hub learns from them.")


def router(database: Database) -> APIRouter:
    """The routes."""
    routes = APIRouter(
        prefix="/interactions",
        tags=["interactions"],
        dependencies=[Depends(allowing(database, "viewer"))],
        responses=responses(401, 403, 422, 503),
    )

    operator = Depends(allowing(database, "operator"))

    @routes.get("")
    def listed(
        tone_: Annotated[ToneName | None, Query(alias="tone", description="Only these.")] = None, limit: Limit = 50
    ) -> InteractionList:
        """What was written in the last 30 days: not answered first, then the worst, then the oldest."""
        with database.session() as session:
            return InteractionList.model_validate(tone.listed(session, tone=tone_, limit=limit))

    @routes.post("/{interaction}/tone", responses=responses(404))
    def correct(interaction: UUID, told: ToneCorrection, token: Token = operator) -> ToneCorrected:
        """Say what tone something has: it stands from then on, and teaches Hub."""
        try:
            with database.session() as session:
                found = tone.correct(
                    session,
                    interaction,
                    told.tone,
                    token.name or f"token {token.id}",
                    about=told.about,
                    topic=told.topic,
                )
        except NotFound as error:
            raise ApiError(404, str(error)) from error
        return ToneCorrected.model_validate(found)

    return routes
