"""Zendesk's tickets to the shared shape of tickets. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from hub.connectors.zendesk import schemas
from hub.mapping.custom import texts
from hub.mapping.ticket import Person, Rating, Reply, Ticket, case_state, person
from hub.mapping.time import instant
from hub.model.case import CaseState

STATES: Mapping[str, CaseState] = {
    "new": "open",
    "open": "open",
    "pending": "waiting",
    "hold": "open",
    "solved": "solved",
    "closed": "closed",
}
_SCORES = {"bad": 0, "good": 1}


def ticket(told: schemas.WithTicket, said: schemas.WithComments) -> Ticket:
    """The ticket; whoever is not among the users told is known by their number alone."""
    users = {user.id: _person(user) for user in (*said.users, *told.users)}
    given, at = told.ticket, instant(told.ticket.updated_at, path="ticket.updated_at")
    asks = given.requester_id
    return Ticket(
        id=given.id,
        at=at,
        opened_at=instant(given.created_at, path="ticket.created_at"),
        state=case_state(given.status, STATES, path="ticket.status"),
        requester=users.get(asks) or person(asks) if asks else None,
        number=given.id,
        channel=given.via.channel if given.via else None,
        subject=given.subject,
        text=given.description,
        priority=given.priority,
        tags=given.tags,
        custom=texts((one.id, one.value) for one in given.custom_fields),
        replies=tuple(_reply(one, users) for one in said.comments),
        rating=_rating(given, told),
    )


def _person(user: schemas.User) -> Person:
    staff = user.role in ("agent", "admin")
    return person(user.id, staff=staff, full_name=user.name, email=user.email, phone=user.phone, language=user.locale)


def _reply(comment: schemas.Comment, users: Mapping[str, Person]) -> Reply:
    """Authors that are not told are Zendesk itself, which answers by triggers."""
    author = users.get(comment.author_id) if comment.author_id else None
    return Reply(
        id=comment.id,
        at=instant(comment.created_at, path="created_at"),
        text=comment.plain_body or comment.body,
        author=author,
        staff=author is None,
        public=comment.public,
        attachments=tuple(one.file_name for one in comment.attachments),
    )


def _rating(given: schemas.Ticket, told: schemas.WithTicket) -> Rating | None:
    rating = given.satisfaction_rating
    score = _SCORES.get((rating.score or "").lower()) if rating else None
    if rating is None or score is None:
        return None
    return Rating(
        at=instant(given.updated_at, path="ticket.updated_at"), rating=score, worst=0, best=1, text=rating.comment
    )
