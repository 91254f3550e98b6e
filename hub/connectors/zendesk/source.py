"""Zendesk as a source: signed event webhooks that only point, the ticket as the API tells it, and history by cursor.

A webhook tells what changed and not who asked, so the ticket is fetched with its users and comments: whichever event
comes, and in whatever order, what is read is the ticket as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import quote

import orjson

from hub.connectors.zendesk import mapping, schemas
from hub.connectors.zendesk.manifest import ZendeskSettings
from hub.errors import PayloadError, SkipEvent, VerificationError
from hub.mapping.payload import Reading, read
from hub.mapping.ticket import ticket_events
from hub.mapping.time import instant
from hub.model.event import CanonicalEvent, Note
from hub.sdk.checked import Checked
from hub.sdk.completing import fetched
from hub.sdk.http import HttpClient, basic, json_of
from hub.sdk.paginate import walk
from hub.sdk.signatures import BodyHmac, require_fresh
from hub.sdk.source import BackfillItem, BackfillPage, Completion, EventName, InboxEntry, RawDelivery, Source

CHANGED, LISTED = "ticket.changed", "ticket"
_TYPE = "zen:event-type:"
_TIME = "x-zendesk-webhook-signature-timestamp"
SIGNATURE: BodyHmac[ZendeskSettings] = BodyHmac(
    "x-zendesk-webhook-signature",
    secrets=lambda settings: settings.signing_secret,
    encoding="base64",
    signed=lambda delivery: delivery.headers.get(_TIME, "").encode() + delivery.body,
)


def verify(delivery: RawDelivery, settings: ZendeskSettings) -> None:
    """Raise VerificationError unless a live secret signed time and body, and the time is near."""
    SIGNATURE.verify(delivery, settings)
    try:
        sent_at = instant(delivery.headers.get(_TIME), path=_TIME)
    except PayloadError:
        raise VerificationError("no time that can be read") from None
    require_fresh(sent_at, delivery.received_at)


def sign(delivery: RawDelivery, settings: ZendeskSettings) -> RawDelivery:
    """The inverse."""
    at = delivery.received_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    timed = RawDelivery(
        delivery.method,
        delivery.url,
        delivery.query,
        {**delivery.headers, _TIME: at},
        delivery.body,
        delivery.received_at,
    )
    return SIGNATURE.sign(timed, settings)


def name_event(delivery: RawDelivery, settings: ZendeskSettings) -> EventName:
    """The event's own id; every event of a ticket is the same topic, as the ticket is fetched."""
    event = read(schemas.Event, delivery.body)
    kind = event.type.removeprefix(_TYPE)
    return EventName(event.id, CHANGED if kind.startswith("ticket.") else kind)


def completions(entry: InboxEntry, settings: ZendeskSettings) -> Sequence[Completion]:
    """The ticket with its users, and the newest hundred comments with theirs."""
    if entry.topic not in (CHANGED, LISTED):
        return ()
    number = quote(read(schemas.Event, entry.body).detail.id, safe="")
    wanted = [Completion("ticket", f"/api/v2/tickets/{number}.json", {"include": "users"})]
    newest = {"include": "users", "sort_order": "desc", "per_page": "100"}
    wanted.append(Completion("comments", f"/api/v2/tickets/{number}/comments.json", newest))
    return tuple(one for one in wanted[entry.topic == LISTED :] if one.name not in entry.completions)


def parse(entry: InboxEntry, settings: ZendeskSettings) -> Sequence[CanonicalEvent | Note]:
    """The ticket as it was fetched. Raises SkipEvent where there is none any more, PayloadError with a path."""
    if entry.topic not in (CHANGED, LISTED):
        raise SkipEvent(f"topic not read: {entry.topic}")
    reading = Reading()
    body = entry.completions.get("ticket") if entry.topic == CHANGED else entry.body
    if not body:
        raise SkipEvent("the ticket was deleted, or was not fetched")
    told = reading.read(schemas.WithTicket, body)
    if told.ticket.status == "deleted":
        raise SkipEvent("the ticket was deleted")
    comments = entry.completions.get("comments")
    said = reading.read(schemas.WithComments, comments) if comments else schemas.WithComments()
    return reading.of(ticket_events(mapping.ticket(told, said), region=settings.default_region, own=settings.own))


def backfill(
    http: HttpClient, settings: ZendeskSettings, since: datetime | None, cursor: Mapping[str, Any] | None
) -> Iterator[BackfillPage]:
    """Tickets by their last change, oldest first; the cursor of a finished run goes on with what changed since."""
    first = {"start_time": str(int(since.timestamp()) if since else 1), "include": "users"}
    for (items, after), _ in walk(cursor["after"] if cursor else None, partial(_page, http, first)):
        yield BackfillPage(items, {"after": after})


def _page(
    http: HttpClient, first: Mapping[str, str], cursor: str | None
) -> tuple[tuple[Sequence[BackfillItem], str | None], str | None]:
    query = first if cursor is None else {"cursor": cursor, "include": "users"}
    answer = json_of(http.get("/api/v2/incremental/tickets/cursor.json", query))
    users = {user.get("id"): user for user in answer.get("users") or ()}
    items = [_item(one, users) for one in answer.get("tickets") or ()]
    after = answer.get("after_cursor") or cursor
    ends = answer.get("end_of_stream") or not items
    return (items, after), None if ends else after


def _item(found: Mapping[str, Any], users: Mapping[Any, Any]) -> BackfillItem:
    asks = users.get(found.get("requester_id"))
    name, number = f"{LISTED}:{found.get('id')}:{found.get('updated_at')}", found.get("id")
    told = {"id": name, "type": LISTED, "detail": {"id": number}, "ticket": found, "users": [asks] if asks else []}
    return BackfillItem(name, LISTED, orjson.dumps(told))


def check(http: HttpClient, settings: ZendeskSettings) -> Checked:
    """Who the token is, and one ticket."""
    found = Checked(untested=["signing_secret: only a real event can tell"])
    me = json_of(http.get("/api/v2/users/me.json")).get("user") or {}
    if me.get("role") not in ("agent", "admin"):
        found.wrong.append("user, api_token: belong to nobody who may read tickets")
    return found.reads("tickets", partial(http.get, "/api/v2/tickets.json", {"per_page": "1"}))


SOURCE = Source(
    parse=parse,
    verify=verify,
    sign=sign,
    name_event=name_event,
    completions=completions,
    complete=fetched,
    backfill=backfill,
    changed=lambda settings, cursor: True,
    authorise=lambda settings: basic(f"{settings.user}/token", settings.api_token.get_secret_value()),
    api_root=lambda settings: f"https://{settings.subdomain}.zendesk.com",
    check=check,
)
