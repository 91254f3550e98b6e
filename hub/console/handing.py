"""Beneath a person: how they were handed over between marketing and sales, and an operator's form to do it by hand."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Form, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from hub.application.hand_over import DAYS, LONGEST_REASON, MOST_DAYS
from hub.console.access import Viewer, acting
from hub.console.house import House
from hub.errors import NotFound, RefusedError
from hub.model.profile import Profile
from hub.store import hand_overs
from hub.store.database import Session

SHOWN = 50
"""Hand-overs of one person that are told, the newest."""


def add(router: APIRouter, house: House, shown: Any) -> None:
    """The routes; ``shown`` answers with a tab of a person's page."""

    @router.get("/{person}/hand-overs")
    def listed(request: Request, person: UUID) -> Response:
        """Who handed them over, when, why, from which state to which."""
        return _tab(request, house, shown, person, {"state": "", "reason": "", "days": DAYS})

    @router.post("/{person}/hand-overs")
    def make(
        request: Request,
        person: UUID,
        viewer: Annotated[Viewer, Depends(acting("operator"))],
        state: Annotated[str, Form(max_length=100)],
        reason: Annotated[str, Form(max_length=LONGEST_REASON)] = "",
        days: Annotated[int, Form(ge=1, le=MOST_DAYS)] = DAYS,
    ) -> Response:
        """Hand them over. Where that cannot be, what was typed is still there with the reason."""
        try:
            made = house.handing.make(person, state, by=viewer.name, reason=reason, days=days)
        except (NotFound, RefusedError) as error:
            typed = {"state": state, "reason": reason, "days": days}
            return _tab(request, house, shown, person, typed, refused=str(error))
        return RedirectResponse(f"/console/people/{made.profile_id}/hand-overs", 303)


def _tab(
    request: Request, house: House, shown: Any, person: UUID, typed: dict[str, Any], *, refused: str = ""
) -> Response:
    funnel = house.processing.insight.qualification.states
    if not funnel:
        raise HTTPException(404)

    def read(session: Session, profile: Profile) -> dict[str, Any]:
        ways = hand_overs.of_profile(session, profile.id, SHOWN)
        own = (one for one in ways if one.left_at is None and one.profile_id == profile.id)
        return {
            "ways": ways,
            "here": next(own, None),
            "funnel": funnel,
            "states": {state.name: state.title for state in funnel},
            "typed": typed,
            "refused": refused,
            "longest": LONGEST_REASON,
            "most_days": MOST_DAYS,
        }

    answer: Response = shown(request, house, person, "/hand-overs", read)
    return answer
