"""Tickets of a help desk: who asked, what was said, how far it is, and how content they were. Pure.

A connector puts what its vendor tells into a ``Ticket``; what becomes of it is the same for every help desk.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from hub.errors import PayloadError
from hub.mapping.buyer import told_fields
from hub.mapping.customer import CustomerField, CustomerFields, customer
from hub.mapping.email import email
from hub.mapping.ourselves import is_machine, is_ours
from hub.mapping.plain_text import short, without_quotes
from hub.model.case import Case, CaseState
from hub.model.customer import CustomerSnapshot
from hub.model.event import CanonicalEvent, CaseEvent, CustomerEvent, FeedbackEvent, InteractionEvent
from hub.model.feedback import Feedback
from hub.model.identifier import Identifier, RecordKey
from hub.model.interaction import Interaction


@dataclass(frozen=True, slots=True)
class Person:
    """A user of the help desk. ``staff`` is who answers there: no customer.

    ``claimed``: the address is only what stands in From of a mail, and so a weak identifier. ``kind`` is that of the
    record, where the same system tells of the person otherwise, too.
    """

    id: str
    fields: CustomerFields
    staff: bool = False
    claimed: bool = False
    kind: str = "user"

    @property
    def key(self) -> RecordKey:
        """The record of this user."""
        return RecordKey(kind=self.kind, external_id=self.id)


def person(number: str, *, staff: bool = False, claimed: bool = False, **fields: str | None) -> Person:
    """A user with the canonical fields that are told (``hub.mapping.customer.CustomerField``)."""
    named: Mapping[CustomerField, str | None] = fields  # type: ignore[assignment]
    return Person(number, told_fields(named), staff, claimed)


@dataclass(frozen=True, slots=True)
class Reply:
    """Something that was said. ``public`` is False for notes among colleagues, which reach no customer.

    ``author`` is None where it is not told who it was; then ``staff`` says on which side they are.
    """

    id: str
    at: datetime
    text: str | None
    author: Person | None = None
    staff: bool = False
    public: bool = True
    attachments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rating:
    """How content the person was, as the help desk counts."""

    at: datetime
    rating: int
    worst: int
    best: int
    text: str | None = None
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket as its help desk tells it now; ``at`` is the time of its last change."""

    id: str
    at: datetime
    opened_at: datetime
    state: CaseState
    requester: Person | None = None
    closed_at: datetime | None = None
    number: str | None = None
    channel: str | None = None
    subject: str | None = None
    text: str | None = None
    priority: str | None = None
    tags: tuple[str, ...] = ()
    custom: Mapping[str, str] = field(default_factory=dict)
    replies: tuple[Reply, ...] = ()
    rating: Rating | None = None


def ticket_events(ticket: Ticket, *, region: str, own: Iterable[str] = ()) -> list[CanonicalEvent]:
    """The people, the case, what was said in public, and the rating.

    ``own`` are the business's own addresses and domains: whoever has one of them is no customer, whatever their role.
    """
    own = tuple(own)
    asks = ticket.requester if ticket.requester and not _is_colleague(ticket.requester, own) else None
    others = [one.author for one in ticket.replies if one.author and not _is_colleague(one.author, own)]
    people = {one.id: one for one in (*others, *([asks] if asks else []))}
    record = asks.key if asks else None
    events: list[CanonicalEvent] = [
        CustomerEvent(occurred_at=ticket.at, customer=_snapshot(one, region)) for one in people.values()
    ]
    events.append(CaseEvent(occurred_at=ticket.at, case=_case(ticket), record=record))
    events += _said(ticket, asks, people)
    if ticket.rating:
        events.append(FeedbackEvent(occurred_at=ticket.rating.at, feedback=_feedback(ticket), record=record))
    return events


def _snapshot(one: Person, region: str) -> CustomerSnapshot:
    if not one.claimed:
        return customer(one.key, one.fields, region=region)
    points = [point for text in one.fields.get("email", ()) if (point := email(text)) and point.usable]
    weak = [Identifier(kind="email", value=point.value, strength="weak") for point in points]
    return customer(one.key, {**one.fields, "email": ()}, region=region, identifiers=weak)


def case_state(word: str | None, states: Mapping[str, CaseState], *, path: str) -> CaseState:
    """The state that a help desk's own word means; its own states are open. Raises PayloadError without a word."""
    if not word:
        raise PayloadError("missing", path=path)
    return states.get(word.strip().lower(), "open")


def _is_colleague(one: Person, own: tuple[str, ...]) -> bool:
    point = email(next(iter(one.fields.get("email", ())), None))
    return one.staff or (point is not None and (is_ours(point.value, own) or is_machine(point.value)))


def _said(ticket: Ticket, asks: Person | None, people: Mapping[str, Person]) -> Iterator[InteractionEvent]:
    """What was said in public, each in the record of the customer who said it or was answered."""
    for reply in ticket.replies:
        author = people.get(reply.author.id) if reply.author else None
        theirs = author is not None or (reply.author is None and not reply.staff)
        who = (author or asks) if theirs else asks
        if who is None or not reply.public:
            continue
        attached = {"attachments": "; ".join(reply.attachments)} if reply.attachments else {}
        said = Interaction(
            external_id=f"{ticket.id}:{reply.id}",
            kind="message",
            channel=ticket.channel or "support",
            direction="in" if theirs else "out",
            subject=short(ticket.subject),
            text=short(without_quotes(reply.text or "")),
            reference=ticket.id,
            details=attached,
        )
        yield InteractionEvent(occurred_at=reply.at, interaction=said, record=who.key)


def _case(ticket: Ticket) -> Case:
    return Case(
        external_id=ticket.id,
        kind="ticket",
        state=ticket.state,
        opened_at=ticket.opened_at,
        closed_at=ticket.closed_at,
        number=ticket.number,
        channel=ticket.channel,
        subject=short(ticket.subject),
        text=short(ticket.text),
        priority=ticket.priority,
        tags=ticket.tags,
        custom=ticket.custom,
    )


def _feedback(ticket: Ticket) -> Feedback:
    assert ticket.rating is not None
    told = ticket.rating
    return Feedback(
        external_id=told.id or ticket.id,
        kind="rating",
        channel=ticket.channel or "support",
        rating=Decimal(told.rating),
        worst=Decimal(told.worst),
        best=Decimal(told.best),
        text=short(told.text),
    )
