"""HubSpot's contacts as a source: signed webhooks that name contacts, each fetched, and history by the search.

Sources: developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation (signature v3:
base64 HMAC-SHA256 with the app's client secret over method, URL, body and timestamp, at most five minutes old),
developers.hubspot.com/docs-beta/webhooks (events, up to 100 a request; of private apps the subscriptions are set in the
app), …/docs/api-reference/2026-03/crm/search-the-crm (filters, sorts, 10,000 results a query, new contacts show late),
airbytehq/airbyte#43317 (a batch job gives thousands of contacts one timestamp).
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson

from hub.connectors.hubspot.manifest import API_ROOT, HubSpotSettings
from hub.connectors.hubspot.mapping import MAP
from hub.connectors.hubspot.schemas import CONTACTS
from hub.connectors.hubspot.schemas_fields import PROFILE_ID
from hub.connectors.hubspot.schemas_source import Contact, Contacts, Event, Events
from hub.errors import SkipEvent, VerificationError
from hub.mapping.payload import Reading, read
from hub.mapping.time import epoch, instant
from hub.model.event import CanonicalEvent, Note
from hub.sdk.crm.calls import chunks
from hub.sdk.crm.reading import contact_event, gone, merged, readable, snapshot
from hub.sdk.http import HttpClient, json_of
from hub.sdk.signatures import require, require_fresh
from hub.sdk.source import BackfillItem, BackfillPage, Completion, EventName, InboxEntry, RawDelivery, Source

EVENTS, CONTACT = "contacts", "contact"
_SENT_AT, _SIGNATURE = "x-hubspot-request-timestamp", "x-hubspot-signature-v3"
_CHANGED = frozenset({"creation", "propertyChange", "restore"})
_DELETED = {
    "deletion": "deleted at the source",
    "privacyDeletion": "deleted for good at the source, as the GDPR has it",
}
SIZE = 100


# -- webhooks ---------------------------------------------------------------------------------------------------------


def verify(delivery: RawDelivery, settings: HubSpotSettings) -> None:
    """Raise VerificationError unless the app's client secret signed the request in the last five minutes."""
    if settings.client_secret is None:
        raise VerificationError("no client_secret is set, so that no webhook can be verified")
    sent_at = delivery.headers.get(_SENT_AT, "")
    if not (sent_at.isascii() and sent_at.isdigit() and len(sent_at) <= 14):
        raise VerificationError("no timestamp")
    require_fresh(datetime.fromtimestamp(int(sent_at) / 1000, UTC), delivery.received_at)
    require(delivery.headers.get(_SIGNATURE), settings.client_secret, lambda secret: _signature(secret, delivery))


def _signature(secret: str, delivery: RawDelivery) -> str:
    sent_at = delivery.headers.get(_SENT_AT, "")
    message = delivery.method.encode() + delivery.url.encode() + delivery.body + sent_at.encode()
    return b64encode(hmac.digest(secret.encode(), message, hashlib.sha256)).decode()


def sign(delivery: RawDelivery, settings: HubSpotSettings) -> RawDelivery:
    """The inverse: as HubSpot sends it."""
    if settings.client_secret is None:
        return delivery
    sent_at = str(int(delivery.received_at.timestamp() * 1000))
    told = replace(delivery, headers={**delivery.headers, _SENT_AT: sent_at})
    signature = _signature(settings.client_secret[0].get_secret_value(), told)
    return replace(told, headers={**told.headers, _SIGNATURE: signature})


def name_event(delivery: RawDelivery, settings: HubSpotSettings) -> EventName:
    """A digest of what happened: ``eventId`` may come twice, and ``attemptNumber`` differs when it is sent again."""
    if delivery.body.lstrip().startswith(b"{"):
        contact = read(Contact, delivery.body)
        return EventName(_name(contact), CONTACT)
    events = read(Events, delivery.body).root
    told = [(e.kind, e.object_id, e.occurred_at, e.name, e.value, e.primary, e.merged) for e in events]
    return EventName(hashlib.blake2b(orjson.dumps(sorted(told, key=str)), digest_size=16).hexdigest(), EVENTS)


def completions(entry: InboxEntry, settings: HubSpotSettings) -> Sequence[Completion]:
    """The contacts that were changed, as they are now: a webhook holds one value, and may come late."""
    if entry.topic != EVENTS:
        return ()
    ids = dict.fromkeys(_changed(read(Events, entry.body).root))
    wanted = [
        Completion(f"contacts.{place}", f"{CONTACTS}/batch/read", {"ids": ",".join(chunk)})
        for place, chunk in enumerate(chunks(ids, SIZE))
    ]
    return [one for one in wanted if one.name not in entry.completions]


def _changed(events: Iterable[Event]) -> Iterator[str]:
    for event in events:
        if event.action in _CHANGED and event.object_id:
            yield event.object_id
        elif event.action == "merge" and (left := event.result or event.primary):
            yield left


def complete(completion: Completion, http: HttpClient, settings: HubSpotSettings) -> bytes:
    """Fetch contacts: one request for up to 100."""
    return http.post(completion.path, _asked(completion.query["ids"].split(","), settings)).content


def _asked(ids: Sequence[str], settings: HubSpotSettings) -> dict[str, Any]:
    return {"inputs": [{"id": one} for one in ids], "properties": _names(settings), "propertiesWithHistory": []}


def _names(settings: HubSpotSettings) -> list[str]:
    return [*readable(MAP, settings), PROFILE_ID]


def parse(entry: InboxEntry, settings: HubSpotSettings) -> Sequence[CanonicalEvent | Note]:
    """Contacts, deletions and merges. Raises SkipEvent where nothing of it is about a contact that is there."""
    reading = Reading()
    if entry.topic == CONTACT:
        return reading.of([_contact(reading.read(Contact, entry.body), settings)])
    if entry.topic != EVENTS:
        raise SkipEvent(f"topic not read: {entry.topic}")
    events = reading.read(Events, entry.body).root
    told: list[CanonicalEvent] = [each for event in events for each in _of_event(event)]
    bodies = [entry.completions[name] for name in sorted(entry.completions) if entry.completions[name]]
    found = {one.id: one for body in bodies for one in reading.read(Contacts, body).results}
    told += [past for event in events for past in _past(event, found, settings)]
    told += [_contact(one, settings) for one in found.values()]
    if not told:
        raise SkipEvent("nothing of it is about a contact that is there")
    return reading.of(told)


def _of_event(event: Event) -> Iterator[CanonicalEvent]:
    at = epoch(event.occurred_at, path="occurredAt")
    if event.action in _DELETED and event.object_id:
        yield gone(event.object_id, at=at, reason=_DELETED[event.action])
    elif event.action == "merge" and event.primary and event.merged:
        into, records = event.result or event.primary, (event.primary, *event.merged)
        yield merged(into, records, at=at, system="HubSpot", by=event.source_id)


def _past(event: Event, found: Mapping[str, Contact], settings: HubSpotSettings) -> Iterator[CanonicalEvent]:
    """What stood in a contact that has been written over since: an edit must not be lost because Hub was quicker."""
    contact = found.get(event.object_id or "")
    if event.action != "propertyChange" or contact is None or event.name not in readable(MAP, settings):
        return
    if event.value and event.value != contact.properties.get(event.name):
        held = {**contact.properties, event.name: event.value}
        at = epoch(event.occurred_at, path="occurredAt")
        yield contact_event(MAP, contact.id, held, settings, at=at, past=True)


def _contact(contact: Contact, settings: HubSpotSettings) -> CanonicalEvent:
    at = instant(contact.properties.get("lastmodifieddate") or contact.updated_at, path="updatedAt")
    return contact_event(MAP, contact.id, contact.properties, settings, at=at)


# -- history ----------------------------------------------------------------------------------------------------------

_TIME, _ID = "lastmodifieddate", "hs_object_id"


def backfill(
    http: HttpClient, settings: HubSpotSettings, since: datetime | None, cursor: Mapping[str, Any] | None
) -> Iterator[BackfillPage]:
    """All contacts by the time of their last change, oldest first; ``since`` leaves out what is older.

    The cursor is a time (``from``) and, while many contacts of one time are read, the last id (``after``): HubSpot
    gives at most 10,000 of one query, and one job changes more than that at one time.
    """
    begin = int(since.timestamp() * 1000) if since else 0
    state: dict[str, Any] = {"from": begin, "after": None, "seen": [], "done": False, **(cursor or {})}
    while not state["done"]:
        found = [Contact.model_validate(one) for one in _page(http, settings, state)]
        fresh = [one for one in found if one.id not in state["seen"]]
        state = _following(state, found)
        yield BackfillPage([_item(one) for one in fresh], state)


def _page(http: HttpClient, settings: HubSpotSettings, state: Mapping[str, Any]) -> list[Any]:
    inside = state["after"] is not None
    filters = [{"propertyName": _TIME, "operator": "EQ" if inside else "GTE", "value": str(state["from"])}]
    if inside:
        filters.append({"propertyName": _ID, "operator": "GT", "value": state["after"]})
    body = {
        "filterGroups": [{"filters": filters}],
        "sorts": [{"propertyName": _ID if inside else _TIME, "direction": "ASCENDING"}],
        "properties": [*_names(settings), _TIME],
        "limit": SIZE,
    }
    return list(json_of(http.post(f"{CONTACTS}/search", body)).get("results") or ())


def _following(state: Mapping[str, Any], found: Sequence[Contact]) -> dict[str, Any]:
    """Where the next page begins. Pure. ``seen`` are the contacts of the time it begins at that were read already."""
    if state["after"] is not None:
        if found:
            return {**state, "after": found[-1].id}
        return {**state, "from": state["from"] + 1, "after": None, "seen": []}
    last = _millis(found[-1]) if found else state["from"]
    if last > state["from"]:
        return {**state, "from": last, "seen": [one.id for one in found if _millis(one) == last]}
    # A full page of one time alone: more contacts have it than a page holds, and they are read by id.
    return {**state, "after": "0"} if len(found) == SIZE else {**state, "done": True}


def _millis(contact: Contact) -> int:
    at = instant(contact.properties.get(_TIME) or contact.updated_at, path="updatedAt")
    return round(at.timestamp() * 1000)


def _item(contact: Contact) -> BackfillItem:
    body = orjson.dumps({"id": contact.id, "properties": contact.properties, "updatedAt": contact.updated_at})
    return BackfillItem(_name(contact), CONTACT, body)


def _name(contact: Contact) -> str:
    return f"contact:{contact.id}:{_millis(contact)}"


def read_again(http: HttpClient, settings: HubSpotSettings, ids: Sequence[str]) -> Iterator[BackfillItem]:
    """These contacts as they are now."""
    for chunk in chunks(ids, SIZE):
        answer = http.post(f"{CONTACTS}/batch/read", _asked(list(chunk), settings))
        yield from map(_item, read(Contacts, answer.content).results)


SOURCE: Source[HubSpotSettings] = Source(
    parse=parse,
    verify=verify,
    sign=sign,
    name_event=name_event,
    completions=completions,
    complete=complete,
    backfill=backfill,
    authorise=lambda settings: {"authorization": f"Bearer {settings.access_token.get_secret_value()}"},
    api_root=lambda settings: settings.base_url or API_ROOT,
    reads=lambda contact, held, settings: snapshot(MAP, contact, held, settings),
    read_again=read_again,
)
