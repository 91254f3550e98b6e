"""Zammad's tickets to the shared shape of tickets. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hub.connectors.zammad import schemas
from hub.mapping.email import email
from hub.mapping.plain_text import from_html
from hub.mapping.ticket import Person, Reply, Ticket, case_state, person
from hub.mapping.time import instant, maybe_instant
from hub.model.case import CaseState

STATES: Mapping[str, CaseState] = {
    "new": "open",
    "open": "open",
    "pending reminder": "waiting",
    "pending close": "waiting",
    "closed": "closed",
    "merged": "closed",
    "removed": "cancelled",
}
_STAFF = frozenset({"agent", "admin"})


def ticket(given: schemas.Ticket, customer: schemas.User | None, articles: Iterable[schemas.Article]) -> Ticket:
    """The ticket with what is known of its people and articles."""
    asks = _person(customer) if customer else person(given.customer_id) if given.customer_id else None
    said = [*articles]
    state, priority = case_state(given.state, STATES, path="ticket.state"), given.priority
    return Ticket(
        id=given.id,
        at=instant(given.updated_at, path="ticket.updated_at"),
        opened_at=instant(given.created_at, path="ticket.created_at"),
        state=state,
        closed_at=maybe_instant(given.close_at, path="ticket.close_at") if state in ("closed", "cancelled") else None,
        requester=asks,
        number=given.number,
        channel=given.channel,
        subject=given.title,
        priority=priority.name if isinstance(priority, schemas.Named) else priority,
        replies=tuple(_reply(one, asks) for one in said),
    )


def _person(user: schemas.User) -> Person:
    return person(
        user.id,
        staff=any(role.strip().lower() in _STAFF for role in user.roles),
        first_name=user.firstname,
        last_name=user.lastname,
        email=user.email,
        phone=user.mobile or user.phone,
        street=user.street,
        postal_code=user.zip,
        city=user.city,
        country=user.country,
    )


def _reply(article: schemas.Article, asks: Person | None) -> Reply:
    """Whoever is on copy may answer too: then the article names another user than the ticket's."""
    customers = (article.sender or "").strip().lower() == "customer"
    written_by = article.origin_by_id or article.created_by_id
    author = asks if customers else None
    point = email(article.from_)
    if customers and asks and written_by and written_by != asks.id and point:
        # An agent who notes a call down is the article's maker, and the customer stands in From.
        own = next(iter(asks.fields.get("email", ())), "").lower()
        author = (
            asks
            if point.value == own
            else person(written_by, claimed=True, email=article.from_, full_name=_name(article.from_))
        )
    html = (article.content_type or "").lower() == "text/html"
    return Reply(
        id=article.id,
        at=instant(article.created_at, path="article.created_at"),
        text=from_html(article.body, quotes=False) if article.body and html else article.body,
        author=author,
        staff=not customers,
        public=not article.internal,
        attachments=tuple(one.filename for one in article.attachments),
    )


def _name(text: str | None) -> str | None:
    """The name of ``Emily Adams <emily@example.com>``."""
    name, angle, _ = (text or "").partition("<")
    return name.strip(' "') or None if angle else None
