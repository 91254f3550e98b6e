"""What people decide about who is who, each in two steps: what it would do in every destination, then the doing.

Both steps are forms; what was typed stays in the page when it cannot be carried out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Form, HTTPException, Path, Request
from fastapi.responses import RedirectResponse, Response

from hub.application.judge import Judge
from hub.console.access import Viewer, acting, viewer_of
from hub.console.compare import rows
from hub.console.finding import found
from hub.console.house import House
from hub.console.render import Reader, full_page, is_part, part_or_page
from hub.errors import NotFound, RefusedError
from hub.model.judgement import Judged
from hub.model.profile import Profile
from hub.profiles import view

LONGEST_REASON = 500
CANDIDATES = 8
MOST_CHOSEN = 200

Operator = Annotated[Viewer, Depends(acting("operator"))]
Reason = Annotated[str, Form(max_length=LONGEST_REASON)]
Kind = Literal["merge", "never", "split", "undo"]
JudgementId = Annotated[int, Path(ge=1, le=2**63 - 1)]


def add(router: APIRouter, house: House) -> None:
    """The routes of decisions, beneath a person's."""

    @router.get("/{person}/merge")
    def choose(request: Request, person: UUID, _: Operator) -> Response:
        """Whom to merge with: a search."""
        profile = _profile(request, house, person)
        return full_page(request, "people/choose.html", profile=profile, people=[], text="")

    @router.post("/{person}/candidates")
    def candidates(
        request: Request, person: UUID, _: Operator, text: Annotated[str, Form(max_length=200)] = ""
    ) -> Response:
        """Who matches a text, beside this person."""
        profile = _profile(request, house, person)
        people = [one for one in found(house, text, None, CANDIDATES + 1) if one.id != profile.id] if text else []
        if people:
            with house.database.session() as session:
                viewer_of(request).saw(session, "search")
        values: dict[str, Any] = {"profile": profile, "people": people[:CANDIDATES], "text": text}
        return part_or_page(request, "people/candidates.html", "people/choose.html", **values)

    @router.post("/{person}/{kind}")
    def two(
        request: Request,
        person: UUID,
        kind: Literal["merge", "never"],
        viewer: Operator,
        other: Annotated[UUID, Form()],
        reason: Reason = "",
        sure: Annotated[bool, Form()] = False,
    ) -> Response:
        """Decide that two are one person, or two for ever."""

        def decide(judge: Judge) -> Judged:
            way = judge.merge if kind == "merge" else judge.never
            return way(person, other, viewer.name, reason.strip())

        return _decided(request, house, person, kind, decide, sure=sure, reason=reason, other=other)

    @router.post("/{person}/records/split")
    def split(
        request: Request,
        person: UUID,
        viewer: Operator,
        record: Annotated[list[UUID], Form(max_length=MOST_CHOSEN)] = [],  # noqa: B006 - FastAPI copies it
        reason: Reason = "",
        sure: Annotated[bool, Form()] = False,
    ) -> Response:
        """Decide that some records are somebody else."""

        def decide(judge: Judge) -> Judged:
            if not record:
                raise RefusedError("no record was chosen")
            return judge.split(person, [str(one) for one in record], viewer.name, reason.strip())

        return _decided(request, house, person, "split", decide, sure=sure, reason=reason, chosen=record)

    @router.get("/{person}/undo/{judgement}")
    @router.post("/{person}/undo/{judgement}")
    def undo(
        request: Request,
        person: UUID,
        judgement: JudgementId,
        viewer: Operator,
        sure: Annotated[bool, Form()] = False,
    ) -> Response:
        """End a judgement: what it named is resolved again by evidence."""

        def decide(judge: Judge) -> Judged:
            return judge.withdraw(judgement, viewer.name)

        sure = sure and request.method == "POST"
        return _decided(request, house, person, "undo", decide, sure=sure, reason="", judgement=judgement)


def _decided(
    request: Request,
    house: House,
    person: UUID,
    kind: Kind,
    decide: Callable[[Judge], Judged],
    *,
    sure: bool,
    reason: str,
    other: UUID | None = None,
    chosen: Sequence[UUID] = (),
    judgement: int | None = None,
) -> Response:
    """What a decision would do, or did. What stands against it is told, beside what was typed."""
    viewer = viewer_of(request)
    fault: RefusedError | NotFound | None = None
    judged: Judged | None = None
    try:
        judged = decide(house.judge if sure else Judge(house.processing, dry=True))
    except (RefusedError, NotFound) as error:
        fault = error
    if sure and judged is not None:
        with house.database.session() as session:
            viewer.note(session, f"profile.{kind}", person)
        to = judged.profiles[0] if judged.profiles else person
        mark = "" if kind == "undo" else f"?judgement={judged.judgement.id}"
        return _go(request, f"/console/people/{to}{mark}")
    with house.database.session() as session:
        sides = [view.get(session, one) for one in ([person] if other is None else [person, other])]
        for side in sides:
            if side is not None:
                viewer.note(session, "profile.view", side.id)
    if sides[0] is None:
        raise HTTPException(404)
    reader = Reader(request, viewer)
    both = [_side(one) for one in sides if one is not None]
    values: dict[str, Any] = {
        "profile": sides[0],
        "sides": [one for one in sides if one is not None],
        "kind": kind,
        "other": other,
        "chosen": chosen,
        "judgement": judgement,
        "judged": judged.document() if judged else None,
        "fault": str(fault) if fault else "",
        "faults": fault.faults if isinstance(fault, RefusedError) else [],
        "reason": reason,
        "rows": rows(both, reader.shown) if len(both) == 2 else [],
        "longest": LONGEST_REASON,
    }
    return part_or_page(request, "people/decide_form.html", "people/decide.html", **values)


def _side(profile: Profile) -> dict[str, Any]:
    return profile.model_dump(mode="json", include={"name", "emails", "phones", "addresses", "birth_date"})


def _profile(request: Request, house: House, person: UUID) -> Profile:
    with house.database.session() as session:
        profile = view.get(session, person)
        if profile is None:
            raise HTTPException(404)
        viewer_of(request).note(session, "profile.view", profile.id)
    return profile


def _go(request: Request, path: str) -> Response:
    """To another page, also where htmx asks."""
    return Response(status_code=204, headers={"HX-Redirect": path}) if is_part(request) else RedirectResponse(path, 303)
