"""Tour: the eight things that Hub does, on the people of ``hub demo``, while they happen."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent

from hub.console.house import N_, House, Page
from hub.console.render import Reader, filling, full_page
from hub.console.tour import Tour, told
from hub.store import records, stats
from hub.store.database import Session

SECONDS = 2.0

State = Literal["waiting", "now", "done", "broken"]


@dataclass(frozen=True, slots=True)
class Step:
    """Something to see. ``begins`` and ``ends`` are scenes of the demo's day; ``page`` and ``subject`` say where.

    ``laws`` are those that have to hold for what it says to be true.
    """

    title: str
    text: str
    look: str
    page: str
    begins: int
    ends: int
    subject: str = ""
    laws: tuple[str, ...] = ()

    def state(self, tour: Tour) -> State:
        """Whether it has happened; and once the laws were checked, whether it is true."""
        if set(self.laws) & set(tour.broken):
            return "broken"
        return "waiting" if tour.scene < self.begins else "now" if tour.scene < self.ends else "done"

    def path(self, day: Day) -> str:
        """Where it can be seen; a person who is not known yet is not."""
        person = day.profiles.get(getattr(day.tour, self.subject)) if self.subject else None
        return f"/console/{self.page}" + (f"/{person}" if person else "")


STEPS = (
    Step(
        N_("Everything that happens comes in"),
        N_(
            "Two webshops, a till, a newsletter and social media tell Hub of each order, customer and opt-out at the "
            "moment it happens. Some came twice, and one was forged: Hub turned it away."
        ),
        N_("See the events"),
        "events",
        1,
        3,
        laws=("L3", "L9"),
    ),
    Step(
        N_("Seven records become one person"),
        N_(
            "Anna bought in two shops and at the till, and reads the newsletter, under two e-mails and two spellings. "
            "Hub shows which facts speak for it, and how much each weighs."
        ),
        N_("See Anna"),
        "people",
        2,
        4,
        "joined",
        ("L6",),
    ),
    Step(
        N_("Every value says where it is from"),
        N_(
            "Open a value: who told it and when, by which rule it won, which values lost, and the event behind it. The "
            "same holds for each field in the CRM."
        ),
        N_("Open her values"),
        "people",
        2,
        4,
        "joined",
        ("L5",),
    ),
    Step(
        N_("Who only looks alike stays apart"),
        N_(
            "A family shares one telephone, colleagues share one mailbox, and a till types the same number for "
            "everybody. None of it joins strangers."
        ),
        N_("See one of the family"),
        "people",
        2,
        4,
        "apart",
        ("L8",),
    ),
    Step(
        N_("In doubt, a person is asked"),
        N_(
            "Where the facts speak neither for nor against it, Hub asks. It shows both people side by side, and what "
            "an answer would change in each system. One question is open: answer it."
        ),
        N_("Answer a review"),
        "review",
        4,
        5,
    ),
    Step(
        N_("A wrong merge is taken back"),
        N_(
            "Father and son looked like one person, in every fact. Somebody split them: each has his orders, consents "
            "and contact again, in the CRM too."
        ),
        N_("See the father"),
        "people",
        4,
        5,
        "undone",
        ("L4",),
    ),
    Step(
        N_("The CRM gets one contact for each person"),
        N_(
            "It was slow, failed, and cut its answers. Each person is there once, with orders, and who opted out is "
            "opted out everywhere."
        ),
        N_("See who opted out"),
        "people",
        2,
        6,
        "opted_out",
        ("L6", "L7"),
    ),
    Step(
        N_("Nothing is lost when something breaks"),
        N_(
            "Hub's own processes are killed in the middle of their work, and started again. What was taken in is still "
            "there, nothing counts twice, and all that failed was delivered afterwards."
        ),
        N_("See what was delivered"),
        "delivery",
        1,
        5,
        laws=("L1", "L2"),
    ),
)


@dataclass(frozen=True, slots=True)
class Day:
    """What the page shows: the tour, whose record is whose, and counts that are those of ``hub stats``."""

    tour: Tour
    profiles: Mapping[UUID, UUID]
    events: int
    records: int
    people: int
    delivered: int


def routes(house: House) -> APIRouter:
    """The page, and the stream that keeps it up to date."""
    router = APIRouter(prefix="/console")

    def read(session: Session) -> Day | None:
        tour = told(house.data_dir)
        if tour is None:
            return None
        counted = stats.stats(session, house.routed)
        delivered = sum(row["delivered"] for row in counted["outbox"].values())
        profiles = records.profiles_of(session, [tour.joined, tour.apart, tour.undone, tour.opted_out])
        return Day(tour, profiles, counted["inbox"]["done"], counted["records"], counted["profiles"], delivered)

    topic = house.live.topic(SECONDS, read)

    @router.get("/tour")
    def tour(request: Request) -> HTMLResponse:
        """As far as the day has come."""
        day = topic.now()
        if day is None:
            raise HTTPException(404)
        return full_page(request, "tour/page.html", day=day, steps=STEPS)

    @router.get("/live/tour", response_class=EventSourceResponse)
    async def live(request: Request) -> AsyncIterator[ServerSentEvent]:
        """The same again whenever it changes."""
        kind = Reader(request, request.state.viewer).kind
        async for text in topic.rendered(kind, filling(request, "tour/live.html", "day", steps=STEPS)):
            yield ServerSentEvent(raw_data=text)

    return router


PAGE = Page(
    slug="tour",
    title=N_("Tour"),
    icon="tour",
    order=5,
    routes=routes,
    shown=lambda house: told(house.data_dir) is not None,
)
