"""What became of a mail that the business sent, as every sending system tells it. Pure.

A connector names the words of its vendor once, as a table of ``Happened``, and gives what it found as a ``MailEvent``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from hub.errors import PayloadError, SkipEvent
from hub.mapping.customer import customer
from hub.mapping.email import email
from hub.mapping.name import fold
from hub.mapping.ourselves import is_machine, is_ours
from hub.mapping.payload import Reading, Schema
from hub.model.consent import Consent, ConsentState
from hub.model.event import CanonicalEvent, ConsentEvent, CustomerEvent, InteractionEvent, Note
from hub.model.identifier import RecordKey
from hub.model.interaction import Interaction, InteractionKind

Happened = Literal[
    "sent",
    "delivered",
    "opened",
    "clicked",
    "replied",
    "bounced",
    "deferred",
    "failed",
    "complained",
    "unsubscribed",
    "subscribed",
]
"""``bounced`` is for good: the address is dead. What may pass (a full mailbox) is ``deferred``; ``failed`` is a mail
that was not sent, or refused for another reason than the address (a policy, a block)."""

_KINDS: Mapping[Happened, InteractionKind] = {
    "sent": "email_sent",
    "delivered": "email_delivered",
    "opened": "email_opened",
    "clicked": "email_clicked",
    "replied": "email_replied",
    "bounced": "email_bounced",
    "deferred": "message_status",
    "failed": "message_status",
    "complained": "email_complained",
    "unsubscribed": "email_unsubscribed",
    "subscribed": "email_subscribed",
}
_CONSENTS: Mapping[Happened, tuple[ConsentState, bool, str]] = {
    "complained": ("opted_out", True, "reported as spam"),
    "unsubscribed": ("opted_out", True, "unsubscribed"),
    "subscribed": ("opted_in", True, "subscribed again"),
}
"""State, whether the person did it, and in words. A hard bounce says of an address that it is dead, and not of a person
that they want no mail: ``hub.application.suppress`` closes the address, whichever source tells of it."""

_OF_THE_PERSON = frozenset({"clicked", "opened", "replied", "complained", "unsubscribed", "subscribed"})

Words = Mapping[str, Happened]


@dataclass(frozen=True, slots=True)
class MailEvent:
    """One event of one mail to one address. ``message`` names the mail, ``reason`` is the vendor's own.

    ``text`` is what was answered. ``by_person`` is False where somebody else took the address off or put it on: then
    nothing was said by the person.
    """

    external_id: str
    at: datetime
    address: str
    happened: Happened
    message: str | None = None
    subject: str | None = None
    url: str | None = None
    campaign: str | None = None
    reason: str | None = None
    text: str | None = None
    by_person: bool = True
    details: Mapping[str, str] = field(default_factory=dict)


def correspondent(address: str, *, claimed: str | None = None) -> RecordKey:
    """The record of whoever is behind an address; the external id is a digest: no personal value.

    Where nobody proved that they are, ``claimed`` is the name they gave: that is a record of its own, so that whoever
    writes somebody's address into From changes nothing of theirs.
    """
    told = address.strip().lower() if claimed is None else f"{address.strip().lower()}|{fold(claimed)}"
    digest = hashlib.blake2b(told.encode(), digest_size=12).hexdigest()
    return RecordKey(kind="correspondent", external_id=digest)


def mail_events(told: MailEvent, *, source: str, own: Iterable[str] = (), region: str = "DE") -> list[CanonicalEvent]:
    """The person behind the address, what happened, and the consent that follows from it.

    ``source`` is how evidence names the vendor. Raises SkipEvent for the business's own addresses and for programs'.
    """
    point = email(told.address)
    if point is None or is_ours(point.value, own) or is_machine(point.value):
        raise SkipEvent("a mail to the business's own address, a program's, or nobody's")
    key = correspondent(point.value)
    who = customer(key, {"email": (told.address,)}, region=region)
    events: list[CanonicalEvent] = [
        CustomerEvent(occurred_at=told.at, customer=who),
        InteractionEvent(occurred_at=told.at, record=key, interaction=_interaction(told)),
    ]
    if told.happened in _CONSENTS:
        state, explicit, words = _CONSENTS[told.happened]
        evidence = f"{source}: {words}"
        explicit = explicit and told.by_person
        consent = Consent(channel="email", state=state, at=told.at, evidence=evidence, explicit=explicit)
        events.append(ConsentEvent(occurred_at=told.at, record=key, consent=consent))
    return events


def happened(word: str | None, words: Words, *, path: str) -> Happened:
    """What a vendor's word for an event means. Raises SkipEvent for one of no interest, PayloadError for none."""
    if not word:
        raise PayloadError("missing", path=path)
    found = words.get(word.strip().lower())
    if found is None:
        raise SkipEvent("an event of another kind")
    return found


def events_of(
    rows: Sequence[Any],
    reading: Reading,
    schema: type[Schema],
    told: Callable[[Schema, str], MailEvent],
    *,
    source: str,
    own: Iterable[str],
    region: str,
) -> Sequence[CanonicalEvent | Note]:
    """The events of a delivery that brings several; ``told`` makes one of a row and its path.

    A row that cannot be read costs itself, and a note. Raises SkipEvent where all are of no interest.
    """
    own, found, skipped = tuple(own), list[CanonicalEvent](), "a delivery without events"
    for number, row in enumerate(rows):
        noted = len(reading.notes)
        try:
            event = told(reading.tree(schema, row, str(number)), str(number))
            found += mail_events(event, source=source, own=own, region=region)
        except SkipEvent as skip:
            skipped = str(skip)
            del reading.notes[noted:]
        except PayloadError as error:
            reading.notes.append(Note(path=error.path, reason=f"{error.reason}, so this event is left out"))
    if not found and not reading.notes:
        raise SkipEvent(skipped)
    return reading.of(found)


def _interaction(told: MailEvent) -> Interaction:
    status = {"status": told.happened} if told.happened in ("deferred", "failed") else {}
    reason = {"reason": told.reason} if told.reason else {}
    return Interaction(
        external_id=told.external_id,
        kind=_KINDS[told.happened],
        channel="email",
        direction="in" if told.happened in _OF_THE_PERSON else "out",
        subject=told.subject,
        text=told.text,
        url=told.url,
        campaign=told.campaign,
        reference=told.message,
        details={**told.details, **status, **reason},
    )
