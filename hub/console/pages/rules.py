"""Rules: who is one person and which value wins; changed only after a look at what that does to the real data."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import orjson
import yaml
from fastapi import APIRouter, Depends, Form, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from hub.application.difference import rule_changes
from hub.application.rule_versions import Applied
from hub.application.what_if import try_rules
from hub.console.access import Viewer, acting, viewer_of
from hub.console.house import N_, House, Page
from hub.console.jobs import Job
from hub.console.render import full_page, is_part, part
from hub.errors import ConfigError, RefusedError
from hub.matching.rules import IdentityRules
from hub.model.profile import Profile
from hub.profiles import view
from hub.profiles.survivorship import LISTS, SINGLE, SurvivorshipRules
from hub.rules import RuleSet, dumped, load_rules
from hub.store import versions
from hub.store.database import Session

CASES = 10
"""Of each kind, those with most at stake."""

VERSIONS = 15
Admin = Annotated[Viewer, Depends(acting("admin"))]
Operator = Annotated[Viewer, Depends(acting("operator"))]
Text = Annotated[str, Form(max_length=300_000)]
Base = Annotated[int, Form(ge=0)]


def routes(house: House) -> APIRouter:
    """What is in force may everybody see, operators try, admins change."""
    router = APIRouter(prefix="/console/rules")
    _changing(house, router)

    @router.get("")
    def page(request: Request) -> Response:
        """What is in force, and the versions."""
        return _page(request, house)

    @router.post("")
    def older(request: Request, before: Annotated[int | None, Form()] = None) -> Response:
        """Older versions."""
        return _page(request, house, before)

    @router.get("/edit")
    def edit(request: Request, viewer: Operator) -> Response:
        """All that is in force, as a text to change."""
        with house.database.session() as session:
            base, text = versions.active_id(session), _text(_in_force(house, session))
        return _editor(request, text=text, base=base, note="")

    @router.post("/check")
    def check(request: Request, viewer: Operator, text: Text = "") -> Response:
        """What is wrong with a text, or what it changes."""
        with house.database.session() as session:
            told = _checked(house, session, text)
        return part(request, "rules/checked.html", **told)

    @router.get("/tries/{job}")
    def tried(request: Request, job: UUID, viewer: Operator) -> Response:
        """How far a trial is, and in the end what it found."""
        found = house.jobs.get(job, "try")
        if found is None:
            if is_part(request):
                return part(request, "gone_job.html")
            raise HTTPException(404)
        if not found.running:
            with house.database.session() as session:
                viewer.saw(session, "rules")
        if is_part(request):
            return part(request, "rules/tried.html", **_tried(house, found))
        return full_page(request, "rules/try.html", **_tried(house, found))

    return router


def _changing(house: House, router: APIRouter) -> None:
    @router.post("/try")
    def try_(request: Request, viewer: Operator, text: Text = "", base: Base = 0, note: Text = "") -> Response:
        """Begin to work out what these rules would do; nothing is changed."""
        try:
            rules = load_rules(text, region=house.region)
        except ConfigError:
            with house.database.session() as session:
                told = _checked(house, session, text)
            if is_part(request):
                return part(request, "rules/checked.html", **told)
            return _editor(request, text=text, base=base, note=note, status=422, **told)
        job = house.jobs.start(
            "try", viewer.name, lambda job: try_rules(house.processing, rules, limit=CASES, progress=job.progress)
        )
        with house.database.session() as session:
            viewer.note(session, "rules.try", "")
        if is_part(request):
            return part(request, "rules/tried.html", **_tried(house, job))
        return RedirectResponse(f"/console/rules/tries/{job.id}", 303)

    @router.post("/apply")
    def apply(request: Request, viewer: Admin, text: Text = "", base: Base = 0, note: Text = "") -> Response:
        """Put them in force, if what they were made of still is."""
        try:
            rules = load_rules(text, region=house.region)
            done = house.versions.apply(rules, by=viewer.name, note=note.strip()[:500], expected=base)
        except (ConfigError, RefusedError) as error:
            with house.database.session() as session:
                told = {**_checked(house, session, text), "meanwhile": None}
                if not isinstance(error, ConfigError):
                    told["meanwhile"] = versions.get(session, versions.active_id(session))
            return _editor(request, text=text, base=base, note=note, status=error.http_status, **told)
        return _done(house, viewer, "rules.apply", done)

    @router.post("/versions/{version}/restore")
    def restore(version: int, viewer: Admin) -> Response:
        """Put an earlier version in force again, with its weights."""
        return _done(house, viewer, "rules.rollback", house.versions.rollback(version, by=viewer.name))


def _done(house: House, viewer: Viewer, action: str, done: Applied) -> Response:
    if done.stored:
        with house.database.session() as session:
            viewer.note(session, action, done.version)
    return RedirectResponse("/console/rules", 303)


def _in_force(house: House, session: Session) -> RuleSet:
    found = house.in_force(session)
    return RuleSet(found.identity.rules, found.survivorship)


def _text(rules: RuleSet) -> str:
    """As a file would have them: what is short in one line."""
    return yaml.safe_dump(
        orjson.loads(dumped(rules)), sort_keys=False, allow_unicode=True, width=100, default_flow_style=None
    )


def _checked(house: House, session: Session, text: str) -> dict[str, Any]:
    before = _in_force(house, session)
    try:
        rules = load_rules(text, region=house.region)
    except ConfigError as error:
        return {"faults": error.faults, "changes": []}
    pairs = ((before.identity, rules.identity), (before.survivorship, rules.survivorship))
    return {"faults": [], "changes": [one for was, now in pairs if was and now for one in rule_changes(was, now)]}


def _page(request: Request, house: House, before: int | None = None) -> Response:
    with house.database.session() as session:
        rows = versions.page(session, VERSIONS + 1, before=before)
        listed: dict[str, Any] = {"versions": rows[:VERSIONS], "more": len(rows) > VERSIONS}
        if is_part(request):
            return part(request, "rules/versions.html", **listed)
        rules, waiting = _in_force(house, session), versions.waiting(session)
        active = versions.get(session, versions.active_id(session))
    identity = rules.identity or IdentityRules()
    values = rules.survivorship or SurvivorshipRules()
    shown: dict[str, Any] = {
        "identity": identity,
        "values": values,
        "single": SINGLE,
        "lists": LISTS,
        "waiting": waiting,
    }
    return full_page(request, "rules/page.html", active=active, **shown, **listed)


def _editor(request: Request, *, text: str, base: int, note: str, status: int = 200, **told: Any) -> Response:
    values = {"faults": [], "changes": None, "meanwhile": None, **told}
    may = viewer_of(request).may("admin")
    return full_page(request, "rules/edit.html", status=status, text=text, base=base, note=note, may=may, **values)


def _tried(house: House, job: Job) -> dict[str, Any]:
    names: dict[UUID, Profile] = {}
    if job.result is not None:
        wanted = [
            profile
            for kind in ("merges", "splits", "values")
            for case in job.result[kind]["cases"]
            for profile in (case["profile"], *case.get("profiles", ()))
        ]
        with house.database.session() as session:
            found = ((one, view.get(session, one)) for one in dict.fromkeys(wanted[: 6 * CASES]))
            names = {one: profile for one, profile in found if profile is not None}
    return {"job": job, "told": job.result, "names": names}


PAGE = Page(slug="rules", title=N_("Rules"), icon="rules", order=50, routes=routes)
