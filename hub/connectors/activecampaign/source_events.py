"""ActiveCampaign's contacts, mails, notes and deals to canonical events. Pure.

Consent hangs on lists. Those of the settings count, or all where none is named: who is active on none of them and
unsubscribed from one has opted out; who came to one by a form has opted in. That an account's user or an API put
somebody on a list is no word of theirs, and tells nothing (law L7).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from hub.connectors.activecampaign.manifest import ActiveCampaignSettings
from hub.connectors.activecampaign.mapping import MAP, REFERENCE
from hub.connectors.activecampaign.schemas import ACTIVE, BOUNCED, UNCONFIRMED, UNSUBSCRIBED
from hub.connectors.activecampaign.schemas_source import Read, Row, Told, plain
from hub.errors import PayloadError, SkipEvent
from hub.mapping.mail_event import Happened, MailEvent, mail_events
from hub.mapping.name import clean
from hub.mapping.time import instant, maybe_instant
from hub.model.consent import Consent
from hub.model.event import CanonicalEvent, ConsentEvent, InteractionEvent
from hub.model.identifier import RecordKey
from hub.model.interaction import Interaction
from hub.sdk.crm.activities import referred
from hub.sdk.crm.reading import KIND, contact_event

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
    stays = bool(told.active) and _counts(told.active, settings)
    counts = not stays and (not told.left or _counts(told.left, settings))
    return [one for one in found if counts or not isinstance(one, ConsentEvent)]


def polled(read: Read, settings: ActiveCampaignSettings) -> Iterator[CanonicalEvent]:
    """A contact that was read, and its consents."""
    contact = read.contact
    held = {one.perstag: plain(one.value) for one in read.values if one.perstag}
    held |= {"email": contact.email, "phone": contact.phone, "firstName": contact.first, "lastName": contact.last}
    at = instant(contact.changed or contact.made, path="contact.udate")
    yield _contact(contact.id, held, read.tags, at, settings)
    for consent in consents(read.rows, settings):
        yield ConsentEvent(occurred_at=consent.at or at, record=_key(contact.id), consent=consent)


def told_of(
    topic: str, told: Told, fields: Mapping[str, str], event_id: str, settings: ActiveCampaignSettings
) -> Iterator[CanonicalEvent]:
    """A contact as a webhook tells it, what they said by it, and the note that it brings."""
    at = instant(told.since, path="date_time")
    whose = told.contact or told.deal_contact
    if whose is None or not whose.isdecimal() or whose == "0":
        raise SkipEvent("it is about no contact")
    note = _note(topic, told, event_id) if topic in NOTES else None
    if told.contact is not None:
        named = {name.upper(): name for name in MAP.person(settings)} | {
            name.upper(): name for name in settings.profile_fields
        }
        tagged = ((_FIELD.fullmatch(name), value) for name, value in fields.items())
        held = {named.get(found[1].upper(), found[1].upper()): plain(value) for found, value in tagged if found}
        own = {name: fields.get(f"contact[{theirs}]") for name, theirs in _OWN.items()}
        names = [name for part in (told.tag_names or "").split(",") if (name := clean(part))]
        yield _contact(whose, {**held, **own}, names, at, settings)
    if topic == "sms_unsub":
        out = Consent(channel="sms", state="opted_out", at=at, evidence="activecampaign: unsubscribed by SMS")
        yield ConsentEvent(occurred_at=at, record=_key(whose), consent=out)
    if topic == "subscribe" and told.by == "public" and told.form and _counts(told.left, settings):
        words = f"activecampaign: form {told.form} for list {told.left}"
        consent = Consent(channel="email", state="opted_in", at=at, evidence=words, explicit=True)
        yield ConsentEvent(occurred_at=at, record=_key(whose), consent=consent)
    if note is not None:
        yield InteractionEvent(occurred_at=at, record=_key(whose), interaction=note)


def _contact(
    contact: str, held: Mapping[str, Any], tags: Sequence[str], at: datetime, settings: ActiveCampaignSettings
) -> CanonicalEvent:
    """A contact with the tags that people gave it: those of the settings are Hub's own."""
    event = contact_event(MAP, contact, held, settings, at=at)
    own = {one.casefold() for one in settings.tags}
    kept = tuple(dict.fromkeys(one for one in tags if one.casefold() not in own))
    return event.model_copy(update={"customer": event.customer.model_copy(update={"tags": kept})})


def _key(contact: str) -> RecordKey:
    return RecordKey(kind=KIND, external_id=contact)


def _counts(lists: str | None, settings: ActiveCampaignSettings) -> bool:
    """Whether one of these lists is one of those that consent hangs on."""
    named = (lists or "").split(",") if lists else []
    return not settings.lists or any(one in settings.lists for one in named)


def consents(rows: Sequence[Row], settings: ActiveCampaignSettings) -> Iterator[Consent]:
    """What the lists tell of e-mail, with the time it holds from."""
    counted = [row for row in rows if not settings.lists or row.list in settings.lists]
    active = [row for row in counted if row.status == ACTIVE]
    for row in counted:
        about = f"list {row.list}"
        changed = maybe_instant(row.changed or row.began, path="contactLists.udate")
        if row.status == BOUNCED:
            words = f"activecampaign: {about}: the address is dead: hard bounce"
            yield Consent(channel="email", state="opted_out", at=changed, evidence=words, explicit=False)
        elif row.status == UNSUBSCRIBED and not active:
            yield Consent(
                channel="email", state="opted_out", at=changed, evidence=f"activecampaign: unsubscribed from {about}"
            )
        elif row.status == ACTIVE and row.form:
            began = maybe_instant(row.began, path="contactLists.sdate")
            words = f"activecampaign: form {row.form} for {about}"
            yield Consent(channel="email", state="opted_in", at=began, evidence=words, explicit=True)
        elif row.status == UNCONFIRMED and not active:
            words = f"activecampaign: not yet confirmed for {about}"
            yield Consent(channel="email", state="pending", at=changed, evidence=words)


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
