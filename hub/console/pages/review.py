"""Review: two people who may be one, side by side; a person answers, and sees what the answers taught."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Form, HTTPException, Request
from fastapi.responses import Response

from hub.application.accept_many import AT_ONCE, accept_many, plain
from hub.application.answer_review import Reviewer
from hub.application.calibrate import calibrated
from hub.application.review import opened, shown, shown_one
from hub.console.access import Viewer, acting, viewer_of
from hub.console.compare import rows, waterfall
from hub.console.house import N_, House, Page
from hub.console.language import Formats
from hub.console.render import Reader, part, part_or_page
from hub.errors import HubError, NotFound, RefusedError
from hub.learning.calibration import Advice, Band, advice
from hub.store import answers, reviews
from hub.store.database import Session
from hub.store.reviews import Answer, OpenReview

QUEUE = 12
"""Reviews of one page of the queue."""

RECENT = 8
SAMPLE = 5
"""Of those that a bulk answer would bear on, so many are named."""

LONGEST_REASON = 500
Reason = Annotated[str, Form(max_length=LONGEST_REASON)]
Bits = Annotated[float, Form(ge=-100, le=1000, allow_inf_nan=False)]


@dataclass(frozen=True, slots=True)
class Said:
    """What came of an answer: ``done``, or ``refused`` by the ``text`` and with what is ``known`` of the review."""

    outcome: Literal["done", "refused", "undone"]
    review: UUID
    answer: Answer | Literal["undo"]
    reason: str = ""
    text: str = ""
    before: reviews.Answered | None = None
    judgement: int | None = None
    profile: UUID | None = None
    others: tuple[tuple[str, str], ...] = ()


def routes(house: House) -> APIRouter:
    """Addresses hold ids of reviews; answers go by POST."""
    router = APIRouter(prefix="/console/review")

    @router.get("")
    def first(request: Request, after: UUID | None = None) -> Response:
        """The queue from its beginning, or ``after`` a review, and its first review."""
        return _work(request, house, None, after)

    @router.get("/{review}")
    def one(request: Request, review: UUID, after: UUID | None = None) -> Response:
        """One review. What became of one that is closed is told, beside the next one."""
        with house.database.session() as session:
            try:
                opened(session, review)
            except RefusedError as error:
                said = _refused(session, review, "undo", "", error)
                return _work(request, house, None, after, said)
        return _work(request, house, review, after)

    @router.get("/{review}/preview")
    def preview(request: Request, review: UUID, _: Annotated[Viewer, Depends(acting("support"))]) -> Response:
        """What each destination would get if it were accepted. Nothing is changed."""
        values: dict[str, Any]
        try:
            done = Reviewer(house.processing, dry=True).answer(review, "accept", "")
            values = {"judged": done["judged"], "fault": ""}
        except HubError as error:
            values = {"judged": None, "fault": str(error)}
        return part(request, "review/preview.html", **values)

    @router.post("/{review}")
    def answer(
        request: Request,
        review: UUID,
        answer: Annotated[Answer, Form()],
        viewer: Annotated[Viewer, Depends(acting("support"))],
        reason: Reason = "",
        following: Annotated[UUID | None, Form()] = None,
        after: Annotated[UUID | None, Form()] = None,
    ) -> Response:
        """Answer it and go on. Where somebody was faster, that is told, and what was typed is shown again."""
        try:
            done = house.reviewer.answer(review, answer, viewer.name, reason.strip())
        except (RefusedError, NotFound) as error:
            with house.database.session() as session:
                said = _refused(session, review, answer, reason, error)
        else:
            judged = done["judged"]
            with house.database.session() as session:
                viewer.note(session, f"review.{answer}", review)
            said = Said(
                "done", review, answer, reason,
                judgement=judged["judgement"]["id"] if judged else None,
                profile=judged["profiles"][0] if judged else None,
            )  # fmt: skip
        return _work(request, house, following, after, said)

    @router.post("/{review}/undo")
    def undo(request: Request, review: UUID, viewer: Annotated[Viewer, Depends(acting("support"))]) -> Response:
        """Take the last answer back: one's own, or an operator anybody's."""
        with house.database.session() as session:
            last = reviews.last_answer(session, review)
        if last is not None and last.by != viewer.name and not viewer.may("operator"):
            raise HTTPException(403)
        try:
            house.reviewer.take_back(review, viewer.name)
        except (RefusedError, NotFound) as error:
            with house.database.session() as session:
                said = _refused(session, review, "undo", "", error)
        else:
            with house.database.session() as session:
                viewer.note(session, "review.undo", review)
            said = Said("undone", review, "undo")
        return _work(request, house, review, None, said)

    @router.post("/many/preview")
    def many_preview(request: Request, least: Bits, viewer: Annotated[Viewer, Depends(acting("operator"))]) -> Response:
        """How many a bulk answer would bear on, and the surest of them."""
        with house.database.session() as session:
            identity = house.in_force(session).identity
            count, found = plain(session, identity.model, least, SAMPLE)
            items = [item for item in shown(session, found, identity) if "unreadable" not in item]
            if items:
                viewer.saw(session, "review")
        values: dict[str, Any] = {
            "least": least,
            "count": count,
            "items": items,
            "at_once": AT_ONCE,
            "same": identity.model.same,
        }
        return part_or_page(request, "review/many.html", "review/many_page.html", **values)

    @router.post("/many/accept")
    def many(
        request: Request,
        least: Bits,
        viewer: Annotated[Viewer, Depends(acting("operator"))],
        reason: Reason = "",
    ) -> Response:
        """Accept the surest of them, and tell how many are left."""
        with house.database.session() as session:
            model = house.in_force(session).identity.model
        done = accept_many(house.database, house.reviewer, model, least, viewer.name, reason.strip())
        with house.database.session() as session:
            for judgement in done.accepted:
                viewer.note(session, "review.accept", f"judgement {judgement}")
            remaining = reviews.count_plain(session, least, model.same)
        return _work(request, house, None, None, None, many={"done": done, "remaining": remaining, "least": least})

    return router


def _refused(
    session: Session, review: UUID, answer: Answer | Literal["undo"], reason: str, error: RefusedError | NotFound
) -> Said:
    """What is so now, for somebody whose answer came too late."""
    before = reviews.last_answer(session, review)
    sides = reviews.profiles_of(session, review)
    return Said(
        "refused", review, answer, reason, str(error), before,
        judgement=before.judgement_id if before else None, profile=sides[0] if sides else None,
        others=tuple(error.faults) if isinstance(error, RefusedError) and before is None else (),
    )  # fmt: skip


def _work(
    request: Request,
    house: House,
    wanted: UUID | None,
    after: UUID | None,
    said: Said | None = None,
    *,
    many: Mapping[str, Any] | None = None,
) -> Response:
    """The queue and one review of it: the ``wanted`` one where it is still open, else the first."""
    reader = Reader(request, viewer_of(request))
    with house.database.session() as session:
        in_force = house.in_force(session)
        model = in_force.identity.model
        page = reviews.page(session, after=_position(session, after), limit=QUEUE + 1)
        queue = [item for item in shown(session, page[:QUEUE], in_force.identity) if "unreadable" not in item]
        current, place = _current(session, queue, wanted, in_force)
        if current:
            for side in current["profiles"]:
                viewer_of(request).note(session, "profile.view", side["id"])
        if queue:
            viewer_of(request).saw(session, "review")
        mine, all_today = answers.since(session, _midnight(session.now(), reader.formats), viewer_of(request).name)
        values: dict[str, Any] = {
            "queue": queue,
            "current": current,
            "after": after,
            "previous": queue[place - 1]["id"] if place > 0 else None,
            "following": queue[place + 1]["id"] if 0 <= place < len(queue) - 1 else None,
            "page_after": page[QUEUE - 1].id if len(page) > QUEUE else None,
            "open": reviews.count(session),
            "mine": mine,
            "all_today": all_today,
            "recent": answers.recent(session, RECENT),
            "taught": (taught := calibrated(session, model)),
            "advice": _advice(taught),
            "model": model,
            "said": said,
            "many": many,
            "rows": rows(current["profiles"], reader.shown) if current else [],
            "fall": waterfall(current["evidence"], model.ask, model.same) if current else None,
            "longest": LONGEST_REASON,
        }
    return part_or_page(request, "review/work.html", "review/page.html", **values)


def _current(
    session: Session, queue: list[dict[str, Any]], wanted: UUID | None, in_force: Any
) -> tuple[dict[str, Any] | None, int]:
    """The review to show, and its place in the queue (-1 where it stands in another part of it)."""
    for place, item in enumerate(queue):
        if item["id"] == wanted:
            return item, place
    if wanted is not None:
        try:
            return shown_one(session, wanted, in_force.identity), -1
        except (RefusedError, NotFound):
            pass
    return (queue[0], 0) if queue else (None, -1)


def _position(session: Session, after: UUID | None) -> reviews.Position | None:
    """Where a review stands in the order; None, so that one begins anew, where it is closed by now."""
    sides = reviews.profiles_of(session, after) if after else None
    found: OpenReview | None = reviews.between(session, *sides) if sides and sides[0] != sides[1] else None
    return found.position if found else None


def _advice(taught: Mapping[str, Any]) -> list[Advice]:
    return advice([Band(*(one[name] for name in ("since", "until", "accepted", "refused"))) for one in taught["bands"]])


def _midnight(now: datetime, formats: Formats) -> datetime:
    return datetime.combine(now.astimezone(formats.zone).date(), time(), formats.zone)


PAGE = Page(slug="review", title=N_("Review"), icon="review", order=40, routes=routes)
