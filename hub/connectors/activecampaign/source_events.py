"""ActiveCampaign's contacts, mails, notes and deals to canonical events. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from hub.connectors.activecampaign.manifest import ActiveCampaignSettings
from hub.connectors.activecampaign.mapping import MAP, REFERENCE
from hub.connectors.activecampaign.schemas_consent import consents, counts
from hub.connectors.activecampaign.schemas_source import Read, Told, plain
from hub.errors import PayloadError, SkipEvent
from hub.mapping.customer import customer
from hub.mapping.mail_event import Happened, MailEvent, correspondent, mail_events
from hub.mapping.name import clean
from hub.mapping.time import instant
from hub.model.consent import Consent
from hub.model.event import CanonicalEvent, ConsentEvent, CustomerEvent, InteractionEvent
from hub.model.interaction import Interaction
from hub.sdk.crm.activities import referred
from hub.sdk.crm.reading import contact_event

MAILS: dict[str, Happened] = {
    "bounce": "bounced",
    "open": "opened",
    "click": "clicked",
    "reply": "replied",
    "unsubscribe": "unsubscribed",
}
NOTES = ("subscriber_note", "deal_add", "deal_update", "deal_note_add")
TOLD = ("subscribe", "update", "contact_tag_added", "contact_tag_removed", "sms_unsub", *NOTES)

_FIELD = re.compile(r"contact\[fields\]\[(.+)\]")
_OWN = {"email": "email", "phone": "phone", "firstName": "first_name", "lastName": "last_name"}
"""A contact's own properties, each with what a webhook calls it."""


def mails(topic: str, told: Told, event_id: str, settings: ActiveCampaignSettings) -> list[CanonicalEvent]:
    """What became of a mail. Whoever stays active on one of the lists that count has not opted out."""
    if told.email is None:
        raise PayloadError("missing", path="contact[email]")
    what = MAILS[topic]
    if what == "bounced" and (told.bounce or "").lower() != "hard":
        what = "deferred"
    event = MailEvent(
        external_id=event_id,
        at=instant(told.since, path="date_time"),
        address=told.email,
        happened=what,
        message=told.campaign_id,
        subject=told.subject,
        url=told.url,
        text=told.message,
        campaign=told.campaign,
        reason=told.reason or told.description,
        by_person=told.by in (None, "public"),
    )
    found = mail_events(event, source="activecampaign", own=settings.own, region=settings.default_region)
    stays = bool(told.active) and counts(told.active, settings)
    holds = not stays and (not told.left or counts(told.left, settings))
    return [one for one in found if holds or not isinstance(one, ConsentEvent)]


def polled(read: Read, settings: ActiveCampaignSettings) -> Iterator[CanonicalEvent]:
    """A contact that was read, its tags, and its consents."""
    contact = read.contact
    held = {one.perstag: plain(one.value) for one in read.values if one.perstag}
    held |= {"email": contact.email, "phone": contact.phone, "firstName": contact.first, "lastName": contact.last}
    at = instant(contact.changed or contact.made, path="contact.udate")
    yield contact_event(MAP, contact.id, held, settings, at=at)
    told = list(consents(read.rows, settings))
    if contact.email and (told or _theirs(read.tags, settings)):
        who = _who(contact.email, read.tags, at, settings)
        yield who
        for consent in told:
            yield ConsentEvent(occurred_at=consent.at or at, record=who.customer.key, consent=consent)


def told_of(
    topic: str, told: Told, fields: Mapping[str, str], event_id: str, settings: ActiveCampaignSettings
) -> Iterator[CanonicalEvent]:
    """A contact as a webhook tells it, what they said by it, and the note that it brings."""
    at = instant(told.since, path="date_time")
    note = _note(topic, told, event_id) if topic in NOTES else None
    if told.contact is not None and told.contact.isdecimal() and told.contact != "0":
        named = {name.upper(): name for name in (*MAP.person(settings), *settings.profile_fields)}
        tagged = ((_FIELD.fullmatch(name), value) for name, value in fields.items())
        held = {named.get(found[1].upper(), found[1].upper()): plain(value) for found, value in tagged if found}
        own = {name: fields.get(f"contact[{theirs}]") for name, theirs in _OWN.items()}
        yield contact_event(MAP, told.contact, {**held, **own}, settings, at=at, sent=True)
    email = told.email or told.deal_email
    if email is None:
        return
    names = [name for part in (told.tag_names or "").split(",") if (name := clean(part))]
    who = _who(email, names, at, settings)
    key = who.customer.key
    said: list[CanonicalEvent] = []
    if topic == "sms_unsub":
        out = Consent(channel="sms", state="opted_out", at=at, evidence="activecampaign: unsubscribed by SMS")
        said.append(ConsentEvent(occurred_at=at, record=key, consent=out))
    if topic == "subscribe" and told.by == "public" and told.form and counts(told.left, settings):
        words = f"activecampaign: form {told.form} for list {told.left}"
        consent = Consent(channel="email", state="opted_in", at=at, evidence=words, explicit=True)
        said.append(ConsentEvent(occurred_at=at, record=key, consent=consent))
    if note is not None:
        said.append(InteractionEvent(occurred_at=at, record=key, interaction=note))
    yield from (who, *said) if said or who.customer.tags else ()


def _who(email: str, tags: Sequence[str], at: datetime, settings: ActiveCampaignSettings) -> CustomerEvent:
    """Whoever has an address: their word, tags and notes hang on it, as of a contact Hub keeps nothing but edits."""
    person = customer(
        correspondent(email), {"email": (email,)}, region=settings.default_region, tags=_theirs(tags, settings)
    )
    return CustomerEvent(occurred_at=at, customer=person)


def _theirs(tags: Sequence[str], settings: ActiveCampaignSettings) -> list[str]:
    """The tags that people gave: those of the settings are Hub's own."""
    own = {one.casefold() for one in settings.tags}
    return [one for one in dict.fromkeys(tags) if one.casefold() not in own]


def _note(topic: str, told: Told, event_id: str) -> Interaction:
    """A note, or what became of a deal. Raises SkipEvent for what Hub wrote itself."""
    text = told.note or told.note_text
    if referred(text or "") or (topic in ("deal_add", "deal_update") and _is_ours(told.title)):
        raise SkipEvent("Hub's own entry")
    if told.deal is None:
        return Interaction(external_id=event_id, kind="note", channel="crm", text=text)
    amount = f"{told.value} {told.currency}" if told.value and told.currency else None
    place = ", ".join(filter(None, (told.pipeline, told.stage, amount)))
    return Interaction(
        external_id=event_id,
        kind="note",
        channel="crm",
        subject=f"Deal: {told.title}" if told.title else None,
        text=text or place or None,
        reference=f"deal {told.deal}",
        state=told.stage,
    )


def _is_ours(title: str | None) -> bool:
    """Whether a deal's title ends as those do that Hub makes."""
    _, mark, end = (title or "").rpartition(" #")
    return bool(mark) and len(end) == REFERENCE and all(one in "0123456789abcdef-" for one in end)
