"""Freshdesk's tickets to the shared shape of tickets. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hub.connectors.freshdesk import schemas
from hub.mapping.custom import texts
from hub.mapping.ticket import Person, Rating, Reply, Ticket, person
from hub.mapping.time import instant, maybe_instant
from hub.model.case import CaseState

STATES: Mapping[int, CaseState] = {2: "open", 3: "open", 4: "solved", 5: "closed", 6: "waiting", 7: "open"}
"""Open, pending (the agent's turn), resolved, closed, waiting on customer, on a third party; own ones are open."""
PRIORITIES = {1: "low", 2: "medium", 3: "high", 4: "urgent"}
SOURCES = {1: "email", 2: "web", 3: "phone", 7: "chat", 9: "web", 10: "email"}
_STEPS = {103: 3, 102: 2, 101: 1, 100: 0, -101: -1, -102: -2, -103: -3}


def ticket(given: schemas.Ticket, said: Sequence[schemas.Conversation], ratings: Sequence[schemas.Rating]) -> Ticket:
    """The ticket with what was said and the newest rating."""
    asks = _asks(given)
    stats, done = given.stats or schemas.Stats(), STATES.get(given.status) in ("solved", "closed")
    return Ticket(
        id=given.id,
        at=instant(given.updated_at, path="updated_at"),
        opened_at=instant(given.created_at, path="created_at"),
        state=STATES.get(given.status, "open"),
        closed_at=maybe_instant(stats.closed_at or stats.resolved_at, path="stats.closed_at") if done else None,
        requester=asks,
        number=given.id,
        channel=SOURCES.get(given.source or 0),
        subject=given.subject,
        text=given.description_text,
        priority=PRIORITIES.get(given.priority or 0),
        tags=given.tags,
        custom=texts(given.custom_fields.items()),
        replies=tuple(_reply(one, asks) for one in said),
        rating=_rating(ratings),
    )


def _asks(given: schemas.Ticket) -> Person | None:
    asks = given.requester
    if asks:
        return person(asks.id, full_name=asks.name, email=asks.email, phone=asks.mobile or asks.phone)
    return person(given.requester_id) if given.requester_id else None


def _reply(one: schemas.Conversation, asks: Person | None) -> Reply:
    """Whoever is on copy answers under their own number."""
    author = None
    if one.incoming:
        other = one.user_id is not None and (asks is None or one.user_id != asks.id)
        author = person(str(one.user_id), claimed=True, email=one.from_email) if other else asks
    return Reply(
        id=one.id,
        at=instant(one.created_at, path="created_at"),
        text=one.body_text,
        author=author,
        staff=not one.incoming,
        public=not one.private,
        attachments=tuple(file.name for file in one.attachments),
    )


def _rating(ratings: Sequence[schemas.Rating]) -> Rating | None:
    """The newest answer that is on Freshdesk's scale."""
    found = [one for one in ratings if one.ratings.default_question in _STEPS]
    if not found:
        return None
    newest = max(found, key=lambda one: (instant(one.created_at, path="created_at"), one.id))
    step = _STEPS[newest.ratings.default_question or 100]
    at = instant(newest.created_at, path="created_at")
    return Rating(at=at, rating=step, worst=-3, best=3, text=newest.feedback, id=f"rating:{newest.id}")
