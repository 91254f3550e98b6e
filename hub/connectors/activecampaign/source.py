"""ActiveCampaign's contacts as a source: webhooks that are told once, and a list by time of change.

A webhook is a form without a signature, and is not sent again: the secret stands in its URL, and a poll brings what was
lost. It tells the whole contact, with its fields by their personalisation tags. The API numbers fields and tags: a
contact that is polled is kept with their names.

Sources: developers.activecampaign.com/page/webhooks (events, form fields, sent once; a 410 ends a webhook; imports send
none), …/reference/list-all-contacts (``filters[updated_after]``; ``id_greater`` with ``orders[id]`` for long lists),
…/reference/get-contact, …/reference/pagination.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import orjson

from hub.connectors.activecampaign.manifest import ActiveCampaignSettings
from hub.connectors.activecampaign.mapping import MAP
from hub.connectors.activecampaign.schemas import API
from hub.connectors.activecampaign.schemas_setup import contact_tags, fields_by_id
from hub.connectors.activecampaign.schemas_source import Read, Told, form_of
from hub.connectors.activecampaign.source_events import MAILS, TOLD, mails, polled, told_of
from hub.connectors.activecampaign.subscriptions import SECRET, SUBSCRIPTIONS
from hub.errors import NotFound, SkipEvent
from hub.mapping.payload import Reading, read, read_tree
from hub.model.event import CanonicalEvent, Note
from hub.sdk.crm.reading import snapshot
from hub.sdk.http import HttpClient, json_of
from hub.sdk.lists import in_turn
from hub.sdk.signatures import UrlSecret
from hub.sdk.source import BackfillItem, EventName, InboxEntry, Listed, Part, RawDelivery, Source

SEEN, SIZE = "contact", 20
IN_URL: UrlSecret[ActiveCampaignSettings] = UrlSecret(SECRET, secrets=lambda settings: settings.webhook_secret or ())


def name_event(delivery: RawDelivery, settings: ActiveCampaignSettings) -> EventName:
    """There is no id: the digest of all that is told, whose time is exact to the second."""
    if delivery.body.lstrip().startswith(b"{"):
        return EventName(_name(read(Read, delivery.body).contact.id, delivery.body), SEEN)
    fields = form_of(delivery.body)
    told, _ = read_tree(Told, fields)
    parts = "\n".join(f"{name}={value}" for name, value in sorted(fields.items()))
    return EventName(hashlib.blake2b(parts.encode(), digest_size=16).hexdigest(), told.type)


def _name(contact: str, body: bytes) -> str:
    """By all that is told: nobody says that a list which is left changes the contact's own time."""
    return f"{SEEN}:{contact}:{hashlib.blake2b(body, digest_size=12).hexdigest()}"


def parse(entry: InboxEntry, settings: ActiveCampaignSettings) -> Sequence[CanonicalEvent | Note]:
    """People and what is told of them, or what became of a mail. Raises SkipEvent, PayloadError with a path."""
    reading = Reading()
    if entry.topic == SEEN:
        return reading.of(polled(reading.read(Read, entry.body), settings))
    if entry.topic not in (*TOLD, *MAILS):
        raise SkipEvent(f"topic not read: {entry.topic}")
    fields = form_of(entry.body)
    told = reading.tree(Told, fields)
    if entry.topic in MAILS:
        return reading.of(mails(entry.topic, told, entry.event_id, settings))
    return reading.of(told_of(entry.topic, told, fields, entry.event_id, settings))


def _page(http: HttpClient, settings: ActiveCampaignSettings, since: datetime | None, at: Any) -> Part:
    """By id, so that what changes meanwhile moves nobody; it is told by the next poll."""
    query = {"orders[id]": "ASC", "limit": str(SIZE), "id_greater": str(at or 0)}
    if since is not None:
        query["filters[updated_after]"] = since.isoformat(timespec="seconds")
    found = [str(one["id"]) for one in json_of(http.get(f"{API}/contacts", query)).get("contacts") or ()]
    return Part(list(read_again(http, settings, found)), found[-1] if len(found) == SIZE else None)


def read_again(http: HttpClient, settings: ActiveCampaignSettings, ids: Iterable[str]) -> Iterator[BackfillItem]:
    """These contacts as they are now, each with the names of its fields and tags."""
    asked = list(ids)
    fields, tags = (fields_by_id(http, settings), contact_tags(http)) if asked else ({}, {})
    for one in asked:
        try:
            told = json_of(http.get(f"{API}/contacts/{one}"))
            given = json_of(http.get(f"{API}/contacts/{one}/contactTags")).get("contactTags") or ()
        except NotFound:
            continue
        values = [{**row, "perstag": fields.get(str(row.get("field")))} for row in told.get("fieldValues") or ()]
        kept = {name: told.get(name) for name in ("contact", "contactLists")}
        names = [tags[str(row.get("tag"))] for row in given if str(row.get("tag")) in tags]
        body = orjson.dumps({**kept, "fieldValues": values, "tags": names})
        yield BackfillItem(_name(one, body), SEEN, body)


LISTS = {"contacts": Listed(_page, quiet=timedelta(0))}

SOURCE: Source[ActiveCampaignSettings] = Source(
    parse=parse,
    verify=IN_URL.verify,
    sign=IN_URL.sign,
    name_event=name_event,
    backfill=partial(in_turn, LISTS),
    lists=LISTS,
    subscriptions=SUBSCRIPTIONS,
    authorise=lambda settings: {"api-token": settings.api_token.get_secret_value()},
    api_root=lambda settings: settings.base_url or "",
    reads=lambda contact, held, settings: snapshot(MAP, contact, held, settings),
    read_again=read_again,
)
