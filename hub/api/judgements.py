"""``/api/v1/judgements``, and ``merge`` and ``split`` of a profile: what people decide about who is who."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query

from hub.api.access import allowing
from hub.api.pages import Cursor, Limit, Page, paged, position
from hub.api.problems import responses
from hub.api.schemas import JudgedItem, JudgementItem, MergeOrder, SplitOrder
from hub.application.judge import Judge
from hub.model.judgement import Judged, Verdict, told
from hub.store import judgements, records
from hub.store.database import Database
from hub.store.tokens import Token

JudgementId = Annotated[int, Path(ge=1, le=2**63 - 1)]


def router(database: Database, judge: Judge) -> APIRouter:
    """The routes."""
    routes = APIRouter(
        tags=["judgements"],
        dependencies=[Depends(allowing(database, "viewer"))],
        responses=responses(401, 403, 422, 503),
    )
    operator = Depends(allowing(database, "operator"))

    @routes.post("/profiles/{id}/merge", responses=responses(404, 409))
    def merge(id: UUID, order: MergeOrder, token: Token = operator) -> JudgedItem:  # noqa: A002
        """Decide that two profiles are one person; 409 names the judgements that say otherwise."""
        return _shown(judge.merge(id, order.other, _name(token), order.reason))

    @routes.post("/profiles/{id}/split", responses=responses(404, 409))
    def split(id: UUID, order: SplitOrder, token: Token = operator) -> JudgedItem:  # noqa: A002
        """Decide that some records of a profile are another person; 409 names every fault of the records."""
        return _shown(judge.split(id, order.records, _name(token), order.reason))

    @routes.get("/judgements")
    def listed(
        profile: Annotated[UUID | None, Query(description="Only those that name a record of it.")] = None,
        verdict: Verdict | None = None,
        withdrawn: Annotated[bool, Query(description="Withdrawn ones too.")] = False,
        limit: Limit = 50,
        cursor: Cursor = None,
    ) -> Page[JudgementItem]:
        """Judgements, newest first: who decided what, when and why."""
        before = position(cursor, int)
        with database.session() as session:
            found = judgements.page(
                session, limit=limit + 1, before=before, withdrawn=withdrawn, verdict=verdict, profile_id=profile
            )
            rows, following = paged(found, limit, lambda each: each.id)
            names = records.names(session, {record for each in rows for record in each.records})
        return Page(items=[JudgementItem.model_validate(told(each, names)) for each in rows], next=following)

    @routes.delete("/judgements/{id}", responses=responses(404, 409))
    def withdraw(id: JudgementId, token: Token = operator) -> JudgedItem:  # noqa: A002
        """End a judgement: what it named is resolved again by evidence, and by the judgements that are left."""
        return _shown(judge.withdraw(id, _name(token)))

    return routes


def _shown(judged: Judged) -> JudgedItem:
    return JudgedItem.model_validate(judged.document())


def _name(token: Token) -> str:
    return token.name or f"token {token.id}"
