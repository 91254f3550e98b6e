"""listmonk's subscribers as a source: a list by id of those that changed; listmonk tells of none by itself.

A click on "unsubscribe" changes the subscription and not the subscriber, so that both times are asked for.

Sources: listmonk.app/docs/apis/subscribers/ (``query``, ``order``, ``per_page``); github.com/knadh/listmonk,
internal/core/subscribers.go (tables a query may name, and without ``order_by`` it is sorted by id),
queries/subscribers.sql (what changes which time).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import orjson

from hub.connectors.listmonk.manifest import ListmonkSettings
from hub.connectors.listmonk.mapping import MAP
from hub.connectors.listmonk.schemas import SUBSCRIBERS, Subscriber
from hub.errors import SkipEvent
from hub.mapping.payload import Reading, read
from hub.mapping.time import instant
from hub.model.event import CanonicalEvent, Note
from hub.sdk.crm.mailing_reading import contact_events, reads
from hub.sdk.http import HttpClient, basic, json_of
from hub.sdk.lists import in_turn
from hub.sdk.source import BackfillItem, InboxEntry, Listed, Part, Source

TOPIC, SIZE = "subscriber", 100


def _name(one: Subscriber) -> str:
    return f"subscriber:{one.id}:{one.changed_at()}"


def parse(entry: InboxEntry, settings: ListmonkSettings) -> Sequence[CanonicalEvent | Note]:
    """A subscriber as it stands there. Raises SkipEvent, PayloadError with a path."""
    if entry.topic != TOPIC:
        raise SkipEvent(f"topic not read: {entry.topic}")
    reading = Reading()
    one = reading.read(Subscriber, entry.body)
    if not one.email:
        raise SkipEvent("a profile without an e-mail")
    at = instant(one.changed_at(), path="updated_at")
    return reading.of(contact_events(MAP, one.contact(settings), one.held(), settings, source="listmonk", at=at))


def _page(http: HttpClient, settings: ListmonkSettings, since: datetime | None, at: Any) -> Part:
    """Subscribers by id, and of those what changed since."""
    query = {"query": _where(int(at or 0), since), "order": "ASC", "page": "1", "per_page": str(SIZE)}
    found = (json_of(http.get(SUBSCRIBERS, query)).get("data") or {}).get("results") or []
    return Part([_item(one) for one in found], max(int(one["id"]) for one in found) if found else None)


def _where(last: int, since: datetime | None) -> str:
    beyond = f"subscribers.id > {last}"
    if since is None:
        return beyond
    early = f"'{(since - timedelta(seconds=1)).astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}'"
    listed = f"SELECT 1 FROM subscriber_lists l WHERE l.subscriber_id = subscribers.id AND l.updated_at >= {early}"
    return f"{beyond} AND (subscribers.updated_at >= {early} OR EXISTS ({listed}))"


def _item(found: Mapping[str, Any]) -> BackfillItem:
    body = orjson.dumps(found)
    return BackfillItem(_name(read(Subscriber, body)), TOPIC, body)


LISTS = {"subscribers": Listed(_page, quiet=timedelta(0))}

SOURCE: Source[ListmonkSettings] = Source(
    parse=parse,
    backfill=partial(in_turn, LISTS),
    lists=LISTS,
    authorise=lambda settings: basic(settings.username, settings.token.get_secret_value()),
    api_root=lambda settings: settings.base_url,
    reads=reads(MAP),
)
