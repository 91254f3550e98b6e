"""Insight: what `hub report`, `hub segments` and `hub insight` tell, as pictures with their tables; and the people.

Each measure is a module of ``hub.console.measures``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request
from fastapi.responses import RedirectResponse, Response

from hub.application import insight
from hub.application.process import Processing
from hub.application.segments import shown
from hub.console.access import Viewer, acting, viewer_of
from hub.console.house import N_, House, Page
from hub.console.jobs import Job
from hub.console.kept import Kept
from hub.console.measures import Measure, group_of, groups, measures
from hub.console.render import full_page, is_part, part
from hub.errors import NotFound, RefusedError
from hub.insight.stages import NAMES, POTENTIAL
from hub.mapping.expression.schema import marketing_states
from hub.model.profile import Profile
from hub.profiles import view
from hub.store import insight_models, profiles, traits
from hub.store.database import Session

PER_PAGE = 25
MEMBERS = 25
VERSIONS = 20
OFFERED = 8
"""Products that a stage's page names."""

STAGES = (POTENTIAL, *NAMES)
Operator = Annotated[Viewer, Depends(acting("operator"))]
Version = Annotated[int, Form(ge=1, lt=2**63)]


def routes(house: House) -> APIRouter:
    """A page for each measure, for the people of a stage or a segment, and for the model."""
    router = APIRouter(prefix="/console/insight")
    kept = Kept(house)
    _of_people(house, router)
    _of_the_model(house, router)

    @router.get("")
    def first(request: Request) -> Response:
        """The first measure."""
        return _measure(request, house, kept, next(iter(measures().values())))

    @router.get("/measures/{slug}")
    def measure(request: Request, slug: str) -> Response:
        """One measure; its part alone where htmx asks."""
        one = measures().get(slug)
        if one is None:
            raise HTTPException(404)
        return _measure(request, house, kept, one)

    return router


def _measure(request: Request, house: House, kept: Kept, one: Measure) -> Response:
    wanted = is_part(request)
    told: dict[str, Any] = {"told": None}
    if wanted or kept.at_once(one.reports):
        made = kept.get(one.reports)
        told = {"told": made.told, "report": made.told[one.reports[0]], "at": made.at, **one.picture(made.told)}
    if wanted:
        return part(request, "insight/measure.html", measure=one, **told)
    with house.database.session() as session:
        stages = traits.by_stage(session)
    return full_page(
        request,
        "insight/page.html",
        measure=one,
        grouped=groups(),
        here=group_of(one.slug),
        stages=stages,
        **told,
    )


def _of_people(house: House, router: APIRouter) -> None:
    @router.get("/stages/{stage}")
    def stage(request: Request, stage: str, offset: Annotated[int, Query(ge=0, le=10_000)] = 0) -> Response:
        """Who is in a stage, and what to offer them."""
        if stage not in STAGES:
            raise HTTPException(404)
        with house.database.session() as session:
            ids = traits.of_stage(session, stage, PER_PAGE + 1, offset)
            size = traits.by_stage(session).get(stage, 0)
            people = _people(session, ids[:PER_PAGE])
            if people:
                viewer_of(request).saw(session, stage)
        offered = Counter(name for one in people for name in one.traits.next_products[:1])
        return full_page(
            request,
            "insight/stage.html",
            stage=stage,
            size=size,
            people=people,
            allowed=_allowed,
            offered=offered.most_common(OFFERED),
            offset=offset,
            older=offset + PER_PAGE if len(ids) > PER_PAGE else None,
        )

    @router.get("/segments/{name}")
    def segment(request: Request, name: str) -> Response:
        """One segment: size, history, overlap, members."""
        with house.database.session() as session:
            told = shown(session, house.processing.insight.segments, name, MEMBERS)
            people = _people(session, [one["id"] for one in told["members"]])
            if people:
                viewer_of(request).saw(session, name)
        return full_page(request, "insight/segment.html", segment=told, people=people, allowed=_allowed)


def _people(session: Session, ids: list[UUID]) -> list[Profile]:
    rows = profiles.by_ids(session, ids)
    found = (view.listed(rows[one]) for one in ids if one in rows)
    return [one for one in found if isinstance(one, Profile)]


def _allowed(person: Profile) -> str:
    """Whether mail may go to them, as routes see it."""
    return "suppressed" if person.suppressed else marketing_states(person.consents)["email"]


def _of_the_model(house: House, router: APIRouter) -> None:
    """Versions of what customers are weighed by: operators try, apply and take back."""

    @router.get("/model")
    def model(request: Request) -> Response:
        """What is in force, how good it was, and the versions."""
        return _model(request, house)

    @router.get("/jobs/{job}")
    def job(request: Request, job: UUID) -> Response:
        """How far it is; the whole page for whoever has no script."""
        found = house.jobs.get(job, "insight-try", "insight-run")
        if found is None and not is_part(request):
            raise HTTPException(404)
        if not is_part(request):
            return _model(request, house)
        return part(request, "insight/job.html", job=found) if found else part(request, "gone_job.html")

    @router.post("/model/try")
    def try_(request: Request, viewer: Operator) -> Response:
        """Fit to the business's past and tell who would change stage. Nothing holds by it yet."""

        def work(_: Job) -> dict[str, Any]:
            return insight.try_fit(house.processing, viewer.name)

        begun = house.jobs.start("insight-try", viewer.name, work, about="model")
        _note(house, viewer, "insight.try", "")
        if is_part(request):
            return part(request, "insight/job.html", job=begun)
        return RedirectResponse("/console/insight/model", 303)

    @router.post("/model/apply")
    def apply(request: Request, viewer: Operator, version: Version) -> Response:
        """Put a version in force, and work everybody out by it."""
        return _put_in_force(request, house, viewer, "insight.apply", version, insight.apply)

    @router.post("/model/rollback")
    def rollback(request: Request, viewer: Operator, version: Version) -> Response:
        """Put an earlier version in force again, as a new one."""
        return _put_in_force(request, house, viewer, "insight.rollback", version, insight.rollback)


def _put_in_force(
    request: Request,
    house: House,
    viewer: Viewer,
    action: str,
    version: int,
    change: Callable[[Processing, int, str], object],
) -> Response:
    """Change which version holds by ``change``, and work everybody out by it in the background."""
    try:
        change(house.processing, version, viewer.name)
    except (NotFound, RefusedError) as error:
        return _model(request, house, refused=str(error), status=error.http_status)
    _note(house, viewer, action, version)

    def work(job: Job) -> insight.Done:
        return insight.run(
            house.processing,
            by=viewer.name,
            fit=False,
            progress=lambda done: job.progress("working out", done, 0),
        )

    house.jobs.start("insight-run", viewer.name, work, about="model")
    return RedirectResponse("/console/insight/model", 303)


def _note(house: House, viewer: Viewer, action: str, subject: object) -> None:
    with house.database.session() as session:
        viewer.note(session, action, subject)


def _model(request: Request, house: House, *, refused: str = "", status: int = 200) -> Response:
    told = insight.status(house.processing)
    with house.database.session() as session:
        rows = insight_models.page(session, VERSIONS)
    jobs = [one for kind in ("insight-try", "insight-run") if (one := house.jobs.latest(kind, "model"))]
    return full_page(
        request,
        "insight/model.html",
        status=status,
        model=told,
        versions=rows,
        job=max(jobs, key=lambda one: one.began, default=None),
        refused=refused,
        grouped=groups(),
        may=viewer_of(request).may("operator"),
    )


PAGE = Page(slug="insight", title=N_("Insight"), icon="insight", order=80, routes=routes)
