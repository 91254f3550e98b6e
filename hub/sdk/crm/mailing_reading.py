"""What people keep of a contact in a mailing system, and what they said there, as a source's view of a customer. Pure.

A dialect's table is read backwards, as of a CRM (``reading``). Consent is read as well: what stands there is compared
with what Hub wrote, so that only what a person said comes back. Addresses are not read, as Hub writes parts of them for
segments. A hard bounce and a complaint are told of the address, like those of any mail (``hub.mapping.mail_event``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from hub.errors import SkipEvent
from hub.mapping.customer import customer
from hub.mapping.mail_event import Happened, MailEvent, mail_events
from hub.mapping.time import maybe_instant
from hub.model.consent import Consent, ConsentState
from hub.model.customer import CustomerSnapshot
from hub.model.event import CanonicalEvent, CustomerEvent, Returned
from hub.model.identifier import RecordKey
from hub.sdk.crm.mailing import ASKED, EMAIL, REFUSED, STANDS, SUBSCRIBED, Contact, State
from hub.sdk.crm.mailing_map import MailMap, Own
from hub.sdk.crm.mailing_rules import UNKNOWN_TIME
from hub.sdk.crm.reading import KIND, taken, targets

_SAID: Mapping[State, ConsentState] = {
    "subscribed": "opted_in",
    "pending": "pending",
    "unsubscribed": "opted_out",
    "complained": "opted_out",
}
"""What a contact's state says of consent. A dead address and one that is put away say nothing."""


def readable(mapped: MailMap[Own], settings: Own) -> dict[str, str]:
    """The system's fields that are read, each with the customer's field, or ``custom.NAME``, that it tells."""
    told = {**settings.profile_fields, **mapped.fields(settings), EMAIL: "emails.0"}
    plain = {name: path for name, path in told.items() if not path.startswith("addresses.")}
    return {name: field for name, field in targets(plain).items() if name not in settings.mapped_fields}


def reads(mapped: MailMap[Own]) -> Callable[[str, Mapping[str, Any], Own], CustomerSnapshot]:
    """What ``Source.reads`` gives: what a contact tells that holds what Hub wrote."""

    def told(external_id: str, held: Mapping[str, Any], settings: Own) -> CustomerSnapshot:
        fields, custom = taken(readable(mapped, settings), held)
        key = RecordKey(kind=KIND, external_id=external_id)
        return customer(key, fields, region=settings.default_region, custom=custom, consents=_written(held))

    return told


def _written(held: Mapping[str, Any]) -> tuple[Consent, ...]:
    stands = (REFUSED, "opted_out"), (STANDS, "opted_out"), (ASKED, "pending"), (SUBSCRIBED, "opted_in")
    for name, state in stands:
        if at := held.get(name):
            time = maybe_instant(None if at == UNKNOWN_TIME else str(at), path=name)
            return (Consent.model_validate({"channel": "email", "state": state, "at": time}),)
    return ()


def consents(contact: Contact, source: str, *, explicit: bool = False) -> tuple[Consent, ...]:
    """What a contact's state says. ``explicit``: it is an opt-in that the system itself saw the person confirm."""
    state = _SAID.get(contact.state)
    if state is None:
        return ()
    evidence = f"{source}: {contact.state}"
    act = explicit if state == "opted_in" else contact.since is not None
    return (Consent(channel="email", state=state, at=contact.since, evidence=evidence, explicit=act),)


def contact_events(
    mapped: MailMap[Own],
    contact: Contact,
    held: Mapping[str, Any],
    settings: Own,
    *,
    source: str,
    at: datetime,
    explicit: bool = False,
) -> list[CanonicalEvent]:
    """What a source tells of a contact as it stands there; ``held`` are its fields as Hub writes them.

    ``at`` is when it was changed last, ``source`` how evidence names the system.
    """
    fields, custom = taken(readable(mapped, settings), {**held, EMAIL: contact.email})
    key = RecordKey(kind=KIND, external_id=contact.id)
    said = consents(contact, source, explicit=explicit)
    who = customer(key, fields, region=settings.default_region, custom=custom, consents=said)
    return [returned(who, contact.owner, at), *of_address(contact, settings, source=source, at=at)]


def returned(who: CustomerSnapshot, owner: str | None, at: datetime, *, sent: bool = False) -> CustomerEvent:
    """The state of a contact that Hub may have written; ``owner`` is Hub's own id that it carries.

    ``sent``: a webhook brought it (``hub.model.event.Returned``).
    """
    told = Returned(owner=owner, sent=sent)
    return CustomerEvent(occurred_at=at, customer=who, whole=("emails", "phones"), returned=told)


def of_address(contact: Contact, settings: Any, *, source: str, at: datetime) -> list[CanonicalEvent]:
    """A hard bounce or complaint that stands at a contact: told of the address, and once, whenever it is read."""
    if contact.state not in ("bounced", "complained") or not contact.email:
        return []
    happened: Happened = "bounced" if contact.state == "bounced" else "complained"
    told = MailEvent(f"{happened}:{contact.id}", contact.since or at, contact.email, happened)
    try:
        return mail_events(told, source=source, region=settings.default_region)
    except SkipEvent:
        return []
