"""``/api/v1/profiles``: find, show, timeline, explain."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query
from pydantic import AwareDatetime

from hub.api.access import allowing
from hub.api.explanation_schemas import Explanation
from hub.api.greeting import LONGEST, greeted
from hub.api.pages import Cursor, Limit, Page, Unreadable, paged, position
from hub.api.problems import ApiError, responses
from hub.api.schemas import MergeItem, Recommendation, TimelineItem
from hub.application.explain import explained, history
from hub.application.in_force import InForce
from hub.application.recommend import recommended
from hub.application.timeline import timeline as happened
from hub.application.traits import Insight
from hub.errors import PayloadError
from hub.model.profile import Profile
from hub.profiles import view
from hub.sdk.connection import Connection
from hub.store import profiles as store
from hub.store.database import Database, Session
from hub.store.tokens import Token

Found = TypeVar("Found")

Identifier = Annotated[
    str | None,
    Query(
        description="Who carries it: `email:…`, `phone:…`, `account:<network>:<id>`, `loyalty:…`; normalised first.",
        max_length=LONGEST,
    ),
]
UpdatedSince = Annotated[
    AwareDatetime | None,
    Query(
        description="Only profiles that changed at that time or later, oldest change first. Ask again from the "
        "`updated_at` of the last one you saw, a minute back: what was being written meanwhile may come with an "
        "earlier time. A merged profile is gone; its winner changed and names it among its `aliases`.",
    ),
]
Text = Annotated[
    str | None,
    Query(
        description="Beginnings of words of name, company, e-mail, phone, city; a date of birth; or the number of "
        "an order, a customer, or a record at a destination.",
        max_length=200,
    ),
]


def router(
    database: Database,
    *,
    in_force: Callable[[Session], InForce],
    connections: Mapping[str, Connection],
    region: str,
    insight: Insight | None = None,
) -> APIRouter:
    """The routes. Plain functions: they wait for the database in a thread, away from the webhooks' event loop.

    ``in_force`` tells the rules and weights that hold now.
    """
    found = APIRouter(prefix="/profiles", tags=["profiles"], responses=responses(401, 403, 422, 503))

    bearer = Depends(allowing(database, "shop"))

    @found.get("", responses={304: {"description": "As `If-None-Match` has it; to a shop's token only."}})
    def find(
        held: Token = bearer,
        identifier: Identifier = None,
        q: Text = None,
        updated_since: UpdatedSince = None,
        limit: Limit = 50,
        cursor: Cursor = None,
        if_none_match: Annotated[str | None, Header(description="An `ETag` of an earlier answer.")] = None,
    ) -> Page[Profile]:
        """Profiles by identifier, by text, by the time of their last change, or all; else in the order of their ids.

        A token of the role `shop` is told, of one identifier, how to greet who carries it (`Greeting`), and of nobody
        whom the shop does not know itself.
        """
        if held.role == "shop":
            with database.reading() as session:
                return greeted(session, held, identifier, region, if_none_match)  # type: ignore[return-value]
        by_time = updated_since is not None
        change, after = position(cursor, _change_and_id if by_time else _id) or (None, None)
        try:
            with database.session() as session:
                rows = view.find(
                    session,
                    identifier=identifier,
                    text=q,
                    region=region,
                    updated_since=updated_since,
                    after_change=change,
                    connections=connections,
                    after=after,
                    limit=limit + 1,
                )
        except PayloadError as error:
            raise ApiError(422, str(error)) from None
        items, following = paged(rows, limit, lambda last: (last.updated_at, last.id) if by_time else last.id)
        return Page(
            items=[item for item in items if isinstance(item, Profile)],
            unreadable=[Unreadable.model_validate(item) for item in items if not isinstance(item, Profile)],
            next=following,
        )

    routes = APIRouter(
        prefix="/profiles",
        tags=["profiles"],
        dependencies=[Depends(allowing(database, "viewer"))],
        responses=responses(401, 403, 422, 503),
    )

    @routes.get("/merges")
    def merges(
        since: Annotated[AwareDatetime | None, Query(description="From then on.")] = None,
        limit: Limit = 50,
        cursor: Cursor = None,
    ) -> Page[MergeItem]:
        """What was merged, newest first, and why."""
        before = position(cursor, lambda key: (datetime.fromisoformat(key[0]), int(key[1])))
        with database.session() as session:
            found = store.merges(session, since=since, before=before, limit=limit + 1)
            rows, following = paged(found, limit, lambda item: (item["at"], item["id"]))
            told = history(session, rows)
        return Page(items=[MergeItem.model_validate(item) for item in told], next=following)

    @routes.get("/{id}", responses=responses(404))
    def show(id: UUID) -> Profile:  # noqa: A002 - the name in the path
        """One profile; a retired id answers with the winner's."""
        with database.session() as session:
            return _found(view.get(session, id))

    @routes.get("/{id}/timeline", responses=responses(404))
    def timeline(id: UUID, limit: Limit = 50, cursor: Cursor = None) -> Page[TimelineItem]:  # noqa: A002
        """What happened with the person, newest first."""
        before = position(cursor, lambda key: (datetime.fromisoformat(key[0]), UUID(key[1])))
        with database.session() as session:
            rows = _found(happened(session, id, before=before, limit=limit + 1))
        items, following = paged(rows, limit, lambda item: (item["at"], item["id"]))
        return Page(items=[TimelineItem.model_validate(item) for item in items], next=following)

    @routes.get("/{id}/explain", responses=responses(404))
    def explain(
        id: UUID,  # noqa: A002
        field: Annotated[
            str | None,
            Query(
                description="Only this: `name`, `emails.0`, `consents.email`, `orders`, `records`, `traits.stage`, "
                "or a property at a destination: `crm.firstname`, `firstname`.",
                max_length=200,
            ),
        ] = None,
    ) -> Explanation:
        """Why the profile is as it is: each value's events and losers, why it is one person, merges, deliveries."""
        with database.session() as session:
            found = _found(explained(session, id, in_force(session), connections, field=field, insight=insight))
        if not found["found"]:
            raise ApiError(404, f"the profile has no such value{found['near']}")
        return Explanation.model_validate(found)

    @routes.get("/{id}/recommendations", responses=responses(404))
    def recommendations(id: UUID, limit: Annotated[int, Query(ge=1, le=20)] = 5) -> list[Recommendation]:  # noqa: A002
        """What to offer the person, each with its reason: what they need again, a dearer one, what others bought too.

        Nothing they gave back, and but for the first nothing they own.
        """
        with database.session() as session:
            found = _found(recommended(session, id, limit))
        return [Recommendation(product=each.item, because=each.because, why=each.why, kind=each.kind) for each in found]

    both = APIRouter()
    both.include_router(found)
    both.include_router(routes)
    return both


def _id(key: Any) -> tuple[None, UUID]:
    return None, UUID(key)


def _change_and_id(key: Any) -> tuple[datetime, UUID]:
    return datetime.fromisoformat(key[0]), UUID(key[1])


def _found(value: Found | None) -> Found:
    if value is None:
        raise ApiError(404, "there is no such profile")
    return value
