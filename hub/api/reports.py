"""``/api/v1/reports``: what ``hub report`` shows, as JSON."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from hub.api.access import allowing
from hub.api.problems import responses
from hub.application.report import report
from hub.application.traits import Insight
from hub.store.database import Database


class ReportDocument(BaseModel):
    """One report as of now. Amounts are in major units of the row's ``currency``, shares from 0 to 1."""

    name: str
    title: str
    rows: list[dict[str, Any]] = Field(description="By the names of the columns.")
    notes: list[str] = Field(description="What the numbers mean, and what there is too little data for.")


def router(database: Database, insight: Insight) -> APIRouter:
    """The route."""
    routes = APIRouter(
        tags=["reports"],
        dependencies=[Depends(allowing(database, "viewer"))],
        responses=responses(401, 403, 404, 422, 503),
    )

    @routes.get("/reports/{name}")
    def one(name: str) -> ReportDocument:
        """A report by its name (`attribution`, `campaigns`, `kpis` …), worked out now: as long as the command takes."""
        with database.session() as session:
            [found] = report(session, insight, [name])
        return ReportDocument(name=found.name, title=found.title, rows=found.documents(), notes=list(found.notes))

    return routes
