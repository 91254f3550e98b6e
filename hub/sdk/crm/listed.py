"""People, notes and tasks of a CRM as its lists told them: one form for all vendors, and one reader of it. Pure.

A source's pages put what a vendor tells into it (``person_item``, ``note_item``), and ``listed`` reads it again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Any, Literal

from pydantic import Field

from hub.errors import SkipEvent
from hub.mapping.body import json_tree
from hub.mapping.payload import Reading, TimeText, VendorModel, read
from hub.mapping.plain_text import from_html, short
from hub.mapping.time import maybe_instant
from hub.model.event import CanonicalEvent, InteractionEvent, Note
from hub.model.interaction import Interaction
from hub.sdk.crm.activities import referred
from hub.sdk.crm.mapped import CrmMap, Own
from hub.sdk.crm.reading import contact_event, gone, item, key, merged
from hub.sdk.manifest import OF_A_CRM, Capability
from hub.sdk.source import BackfillItem, EventName, InboxEntry

PERSON, NOTE = "person", "note"
"""The topics of what was listed."""

TOPICS = {
    PERSON: "a person as a list told them: made or changed there, deleted, or merged into another",
    NOTE: "a note or a task that somebody wrote at a person",
}

BOTH_WAYS = OF_A_CRM | {Capability.WEBHOOK, Capability.COMPLETE, Capability.BACKFILL}
"""What a CRM can do that also tells what people change: its webhooks name people, and each is fetched."""

WITH_HISTORY = BOTH_WAYS | {Capability.ACTIVITIES}

NoteKind = Literal["note", "task", "call", "appointment"]


class Kept(VendorModel):
    """What every kept item says: what it is of, and when that was changed; a list may tell no time of a deletion."""

    of: Literal["person", "note"]
    id: str
    at: TimeText | None = None


class Person(Kept):
    """A person, ``fields`` by the names a write has for them; ``into`` is what they were merged into, by whom."""

    deleted: bool = False
    into: str | None = None
    by: str | None = None
    fields: Mapping[str, str | None] = Field(default_factory=dict)


class Entry(Kept):
    """A note or task at a person. ``due`` is when it is to be done, ``state`` the CRM's own word of how far it is."""

    person: str | None = None
    kind: NoteKind = "note"
    subject: str | None = None
    text: str | None = None
    due: TimeText | None = None
    state: str | None = None


def person_item(record: Any, at: Any, fields: Mapping[str, Any], **more: Any) -> BackfillItem:
    """A person, to be kept; ``more`` as in ``Person``."""
    told = {name: str(value) for name, value in fields.items() if value not in (None, "")}
    return item(PERSON, record, at, {"of": PERSON, "id": str(record), "at": at, **more, "fields": told})


def note_item(record: Any, at: Any, *, kind: NoteKind = "note", **more: Any) -> BackfillItem:
    """A note or task, to be kept; ``more`` as in ``Entry``."""
    return item(NOTE, f"{kind}:{record}", at, {"of": NOTE, "id": str(record), "at": at, "kind": kind, **more})


def named(body: bytes) -> EventName | None:
    """What a kept item is called; None for another body. Raises PayloadError where it is none."""
    tree = json_tree(body)
    if not isinstance(tree, Mapping) or not {"of", "at", "fields"} & tree.keys():
        return None
    told = read(Kept, body)
    return EventName(f"{told.of}:{told.id}:{told.at}:{blake2b(body, digest_size=6).hexdigest()}", told.of)


def listed(crm: CrmMap[Own], entry: InboxEntry, settings: Own, *, system: str) -> Sequence[CanonicalEvent | Note]:
    """What a kept item tells. Raises SkipEvent for another topic, and for a note of nobody, of Hub, or without words.

    ``system`` is what people call the CRM.
    """
    reading = Reading()
    if entry.topic == NOTE:
        told = reading.read(Entry, entry.body)
        return reading.of([*_note(told, at=_moment(told, entry))])
    if entry.topic != PERSON:
        raise SkipEvent(f"topic not read: {entry.topic}")
    person = reading.read(Person, entry.body)
    return reading.of([_person(crm, person, settings, system=system, at=_moment(person, entry))])


def _moment(told: Kept, entry: InboxEntry) -> datetime:
    return maybe_instant(told.at, path="at") or entry.received_at


def _person(crm: CrmMap[Own], told: Person, settings: Own, *, system: str, at: datetime) -> CanonicalEvent:
    if told.into:
        return merged(told.into, [told.into, told.id], at=at, system=system, by=told.by)
    if told.deleted:
        return gone(told.id, at=at)
    held = {name: text for name, text in told.fields.items() if text}
    return contact_event(crm, told.id, held, settings, at=at)


def _note(told: Entry, *, at: datetime) -> Iterator[InteractionEvent]:
    text = short(from_html(told.text)) if told.text else None
    if not told.person:
        raise SkipEvent("it is of nobody whom Hub keeps")
    if referred(f"{told.subject or ''}\n{told.text or ''}"):
        raise SkipEvent("Hub wrote it")
    if not (text or told.subject):
        raise SkipEvent("it says nothing")
    said = Interaction(
        external_id=f"{told.kind}:{told.id}",
        kind=told.kind,
        channel="crm",
        subject=short(told.subject),
        text=text,
        starts_at=maybe_instant(told.due, path="due"),
        state=told.state,
    )
    yield InteractionEvent(occurred_at=at, interaction=said, record=key(told.person), waits=True)
