"""Brevo's contacts as a source: webhooks that name addresses, each fetched, and a list by date of change.

A webhook names a contact by its address alone, in a form of its own for every kind of change, so that it only tells
which contacts to look at. One that is there no more is named by nothing Hub knows it by: its next write finds it gone.
Sources: developers.brevo.com/docs/marketing-webhooks (contact_updated, list_addition, contact_deleted),
github.com/sendinblue/APIv3-php-library/issues/175 (what they really send), developers.brevo.com/reference/get-contacts
(``modifiedSince``, ``sort`` by creation, 1,000 a page), …/get-contact-info (what the list lacks: why and since when).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import quote

import orjson

from hub.connectors.brevo.manifest import BrevoSettings
from hub.connectors.brevo.mapping import MAP
from hub.connectors.brevo.schemas import CONTACTS, Details
from hub.errors import PayloadError, SkipEvent
from hub.mapping.body import json_tree
from hub.mapping.payload import Reading
from hub.mapping.time import instant
from hub.model.event import CanonicalEvent, Note
from hub.sdk.crm.mailing_reading import contact_events
from hub.sdk.http import HttpClient, json_of
from hub.sdk.lists import in_turn
from hub.sdk.source import BackfillItem, Completion, InboxEntry, Listed, Part

TOLD, ONE = "contacts", "contact"
EVENTS = frozenset({"contact_updated", "list_addition", "contact_deleted"})
DETAILS = "details"
SIZE = 1000


def is_about_contacts(body: Any) -> bool:
    """Whether a delivery is about contacts, and about no mail."""
    rows = body if isinstance(body, list) else [body]
    return bool(rows) and all(isinstance(row, dict) and row.get("event") in EVENTS for row in rows)


def is_contact(body: Any) -> bool:
    """Whether it is a contact as the list tells it."""
    return isinstance(body, dict) and "event" not in body and bool({"attributes", "createdAt", "listIds"} & body.keys())


def _addresses(body: Any) -> Iterator[str]:
    for row in body if isinstance(body, list) else [body]:
        rows = [row, *(row.get("content") if isinstance(row.get("content"), list) else ())]
        for one in rows:
            told = one.get("email") if isinstance(one, dict) else None
            yield from (text for text in (told if isinstance(told, list) else [told]) if text and isinstance(text, str))


def completions(entry: InboxEntry, settings: BrevoSettings) -> Sequence[Completion]:
    """The contacts of a webhook, and of a list's contact that is blocklisted why and since when it is."""
    body: Any = json_tree(entry.body) if entry.topic in (TOLD, ONE) else None
    if entry.topic == TOLD and is_about_contacts(body):
        found = dict.fromkeys(_addresses(body))
        wanted = [
            Completion(f"{DETAILS}.{place}", f"{CONTACTS}/{quote(one, safe='')}") for place, one in enumerate(found)
        ]
    elif entry.topic == ONE and is_contact(body) and body.get("emailBlacklisted") is True and body.get("id"):
        wanted = [Completion(DETAILS, f"{CONTACTS}/{quote(str(body['id']), safe='')}")]
    else:
        wanted = []
    return [one for one in wanted if one.name not in entry.completions]


def parse(entry: InboxEntry, settings: BrevoSettings) -> Sequence[CanonicalEvent | Note]:
    """The contacts as they stand there. Raises SkipEvent where none is there any more."""
    bodies = [body for _, body in sorted(entry.completions.items()) if body]
    if entry.topic == ONE and not bodies:
        if DETAILS in entry.completions:
            raise SkipEvent("the contact is not there any more")
        bodies = [entry.body]
    reading = Reading()
    found = {one.id: one for one in (reading.read(Details, body) for body in bodies)}
    if not found:
        raise SkipEvent("no contact of it is there")
    return reading.of(event for one in found.values() for event in _events(one, settings))


def _events(one: Details, settings: BrevoSettings) -> list[CanonicalEvent]:
    held = {name: value for name, value in one.attributes.items() if value is not None}
    at = instant(one.modified_at, path="modifiedAt")
    return contact_events(MAP, one.contact(settings), held, settings, source="brevo", at=at)


def name_of(body: Mapping[str, Any]) -> str:
    """A contact and its version. Raises PayloadError."""
    if not body.get("id"):
        raise PayloadError("missing", path="id")
    return f"contact:{body['id']}:{body.get('modifiedAt')}"


def _page(http: HttpClient, settings: BrevoSettings, since: datetime | None, at: Any) -> Part:
    """A page in the order of creation, which no change moves. ``modifiedSince`` is asked for a second early."""
    start = int(at or 0)
    query = {"limit": str(SIZE), "offset": str(start), "sort": "asc"}
    if since:
        early = (since - timedelta(seconds=1)).astimezone(UTC)
        query["modifiedSince"] = f"{early:%Y-%m-%dT%H:%M:%S}.000Z"
    told = json_of(http.get(CONTACTS, query))
    rows = told.get("contacts") or []
    items = [_item(row) for row in rows]
    ends = not rows or start + len(rows) >= int(told.get("count") or 0)
    return Part(items, None if ends else start + len(rows), told.get("count") if not start else None)


def _item(row: Mapping[str, Any]) -> BackfillItem:
    body = orjson.dumps(row)
    named = name_of(row) if row.get("id") else "contact:" + hashlib.sha256(body).hexdigest()
    return BackfillItem(named, ONE, body)


LISTS = {"contacts": Listed(_page, quiet=timedelta(0))}
backfill = partial(in_turn, LISTS)
