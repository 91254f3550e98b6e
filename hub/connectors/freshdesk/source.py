"""Freshdesk as a source: calls of automation rules, which only point, the ticket as the API tells it, and history."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import quote

import orjson

from hub.connectors.freshdesk import mapping, schemas
from hub.connectors.freshdesk.manifest import FreshdeskSettings
from hub.errors import SkipEvent
from hub.mapping.payload import Reading, read
from hub.mapping.ticket import ticket_events
from hub.model.event import CanonicalEvent, Note
from hub.sdk.checked import Checked
from hub.sdk.completing import fetched
from hub.sdk.http import HttpClient, basic, json_of
from hub.sdk.paginate import asked_from, by_time, moved_on, walk
from hub.sdk.signatures import UrlSecret
from hub.sdk.source import BackfillItem, BackfillPage, Completion, EventName, InboxEntry, RawDelivery, Source

IN_URL: UrlSecret[FreshdeskSettings] = UrlSecret("secret", secrets=lambda settings: settings.webhook_secret)
CHANGED, LISTED = "ticket.changed", "ticket"
_PAGE = 100
_BEGINNING = datetime(2010, 1, 1, tzinfo=UTC)


def _number(body: bytes) -> str:
    return read(schemas.Call, body).freshdesk_webhook.ticket_id.rpartition("-")[2]  # some rules write it as INC-42


def name_event(delivery: RawDelivery, settings: FreshdeskSettings) -> EventName:
    """The ticket and the arrival: two calls for two changes are the same bytes, and both fetch the same state."""
    call = read(schemas.Call, delivery.body)
    if call.type == LISTED and call.id:
        return EventName(call.id, LISTED)
    return EventName(f"{_number(delivery.body)}:{delivery.received_at.isoformat()}", CHANGED)


def completions(entry: InboxEntry, settings: FreshdeskSettings) -> Sequence[Completion]:
    """The ticket with who asked, what was said (a hundred at most), and the ratings."""
    if entry.topic not in (CHANGED, LISTED):
        return ()
    path = f"/api/v2/tickets/{quote(_number(entry.body), safe='')}"
    wanted = (
        Completion("ticket", path, {"include": "requester,stats"}),
        Completion("conversations", f"{path}/conversations", {"per_page": str(_PAGE)}),
        Completion("ratings", f"{path}/satisfaction_ratings"),
    )
    return tuple(one for one in wanted[entry.topic == LISTED :] if one.name not in entry.completions)


def parse(entry: InboxEntry, settings: FreshdeskSettings) -> Sequence[CanonicalEvent | Note]:
    """The ticket as it was fetched. Raises SkipEvent where there is none, or it is spam; PayloadError with a path."""
    if entry.topic not in (CHANGED, LISTED):
        raise SkipEvent(f"topic not read: {entry.topic}")
    reading = Reading()
    if entry.topic == LISTED:
        given = reading.read(schemas.Listed, entry.body).ticket
    elif body := entry.completions.get("ticket"):
        given = reading.read(schemas.Ticket, body)
    else:
        raise SkipEvent("the ticket was deleted, or was not fetched")
    if given.spam or given.deleted:
        raise SkipEvent("the ticket was deleted, or is spam")
    said = reading.read(schemas.Conversations, _wrapped(entry, "conversations")).items
    ratings = reading.read(schemas.Ratings, _wrapped(entry, "ratings")).items
    told = mapping.ticket(given, said, ratings)
    return reading.of(ticket_events(told, region=settings.default_region, own=settings.own))


def _wrapped(entry: InboxEntry, name: str) -> bytes:
    return b'{"items":' + (entry.completions.get(name) or b"[]") + b"}"


def backfill(
    http: HttpClient, settings: FreshdeskSettings, since: datetime | None, cursor: Mapping[str, Any] | None
) -> Iterator[BackfillPage]:
    """Tickets by their last change, oldest first; each page begins at the last time that was read.

    A list is 300 pages long at most, and what changes meanwhile moves: so the time is moved on, and not the page.
    """
    first = by_time((since or _BEGINNING).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
    for (items, at), _ in walk((cursor or {}).get("at") or first, partial(_page, http)):
        yield BackfillPage(items, {"at": at})


def _page(http: HttpClient, cursor: str | None) -> tuple[tuple[Sequence[BackfillItem], str], str | None]:
    begin, number = asked_from(str(cursor))
    query = {
        "updated_since": begin,
        "order_by": "updated_at",
        "order_type": "asc",
        "include": "requester,stats,description",
        "page": number,
        "per_page": str(_PAGE),
    }
    rows = json_of(http.get("/api/v2/tickets", query))
    following = moved_on(rows, "updated_at", str(cursor), size=_PAGE)
    return ([_item(one) for one in rows], following or str(cursor)), following


def _item(found: Mapping[str, Any]) -> BackfillItem:
    name = f"{LISTED}:{found.get('id')}:{found.get('updated_at')}"
    body = orjson.dumps(
        {"type": LISTED, "id": name, "freshdesk_webhook": {"ticket_id": found.get("id")}, "ticket": found}
    )
    return BackfillItem(name, LISTED, body)


def check(http: HttpClient, settings: FreshdeskSettings) -> Checked:
    """Read one ticket, and the ratings, which a plan may lack."""
    found = Checked(untested=["webhook_secret: only a real event can tell"])
    found.reads("tickets", partial(http.get, "/api/v2/tickets", {"per_page": "1"}))
    return found.may_read("ratings", partial(http.get, "/api/v2/surveys/satisfaction_ratings", {"per_page": "1"}))


SOURCE = Source(
    parse=parse,
    verify=IN_URL.verify,
    sign=IN_URL.sign,
    name_event=name_event,
    completions=completions,
    complete=fetched,
    backfill=backfill,
    authorise=lambda settings: basic(settings.api_key.get_secret_value(), "X"),
    api_root=lambda settings: f"https://{settings.subdomain}.freshdesk.com",
    check=check,
)
