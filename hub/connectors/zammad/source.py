"""Zammad as a source: signed webhooks that hold the ticket and its newest article, and history by search.

What is signed is the raw body, with HMAC-SHA1 in ``X-Hub-Signature: sha1=…``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import quote

import orjson

from hub.connectors.zammad import mapping, schemas
from hub.connectors.zammad.manifest import ZammadSettings
from hub.errors import SkipEvent
from hub.mapping.payload import Reading, read
from hub.mapping.ticket import ticket_events
from hub.model.event import CanonicalEvent, Note
from hub.sdk.checked import Checked
from hub.sdk.completing import fetched
from hub.sdk.http import HttpClient, json_of
from hub.sdk.paginate import asked_from, by_time, moved_on, walk
from hub.sdk.signatures import BodyHmac
from hub.sdk.source import BackfillItem, BackfillPage, Completion, EventName, InboxEntry, RawDelivery, Source

SIGNATURE: BodyHmac[ZammadSettings] = BodyHmac(
    "x-hub-signature",
    secrets=lambda settings: settings.signature_token,
    encoding="hex",
    algorithm="sha1",
    prefix="sha1=",
)
_PAGE = 100
_BEGINNING = datetime(2010, 1, 1, tzinfo=UTC)
ARTICLES = "articles"


def name_event(delivery: RawDelivery, settings: ZammadSettings) -> EventName:
    """Ticket, article, time of change, and a digest: the delivery's own id is another one each time it is tried."""
    told = read(schemas.Delivery, delivery.body)
    digest = hashlib.blake2b(delivery.body, digest_size=8).hexdigest()
    article = told.article.id if told.article else ""
    return EventName(f"ticket:{told.ticket.id}:{told.ticket.updated_at}:{article}:{digest}", "ticket")


def completions(entry: InboxEntry, settings: ZammadSettings) -> Sequence[Completion]:
    """Of the history: the customer and all articles. A webhook has what it needs."""
    if entry.topic != "ticket":
        return ()
    told = read(schemas.Delivery, entry.body)
    if not told.listed:
        return ()
    wanted = [
        Completion(ARTICLES, f"/api/v1/ticket_articles/by_ticket/{quote(told.ticket.id, safe='')}", {"expand": "true"})
    ]
    if told.ticket.customer_id:
        wanted.append(
            Completion("customer", f"/api/v1/users/{quote(told.ticket.customer_id, safe='')}", {"expand": "true"})
        )
    return tuple(one for one in wanted if one.name not in entry.completions)


def parse(entry: InboxEntry, settings: ZammadSettings) -> Sequence[CanonicalEvent | Note]:
    """The ticket and what was said. Raises SkipEvent for other topics, PayloadError with a path."""
    if entry.topic != "ticket":
        raise SkipEvent(f"topic not read: {entry.topic}")
    reading = Reading()
    told = reading.read(schemas.Delivery, entry.body)
    customer = told.ticket.customer
    articles: tuple[schemas.Article, ...] = (told.article,) if told.article else ()
    if body := entry.completions.get("customer"):
        customer = reading.read(schemas.User, body)
    if body := entry.completions.get(ARTICLES):
        articles = reading.read(schemas.Articles, b'{"articles":' + body + b"}").articles
    ticket = mapping.ticket(told.ticket, customer, articles)
    return reading.of(ticket_events(ticket, region=settings.default_region, own=settings.own))


def backfill(
    http: HttpClient, settings: ZammadSettings, since: datetime | None, cursor: Mapping[str, Any] | None
) -> Iterator[BackfillPage]:
    """Tickets by their last change, oldest first. What changes meanwhile moves to the end, and is read there.

    Each page is asked for from the last time that was read, so that a ticket that moves shifts no page.
    """
    first = by_time((since or _BEGINNING).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
    for (items, at), _ in walk((cursor or {}).get("at") or first, partial(_page, http)):
        yield BackfillPage(items, {"at": at})


def _page(http: HttpClient, cursor: str | None) -> tuple[tuple[Sequence[BackfillItem], str], str | None]:
    begin, number = asked_from(str(cursor))
    query = {
        "query": f"updated_at:[{begin} TO *]",
        "sort_by": "updated_at",
        "order_by": "asc",
        "expand": "true",
        "page": number,
        "per_page": str(_PAGE),
    }
    found = json_of(http.get("/api/v1/tickets/search", query))
    rows = found if isinstance(found, list) else []
    following = moved_on(rows, "updated_at", str(cursor), size=_PAGE)
    return ([_item(one) for one in rows], following or str(cursor)), following


def _item(found: Mapping[str, Any]) -> BackfillItem:
    """A ticket of the list, in which people are told by their log-in: they are fetched."""
    told = {name: value for name, value in found.items() if name != "customer"}
    name = f"ticket:{found.get('id')}:{found.get('updated_at')}:listed"
    return BackfillItem(name, "ticket", orjson.dumps({"ticket": told, "listed": True}))


def authorise(settings: ZammadSettings) -> Mapping[str, str]:
    if settings.access_token is None:
        return {}
    return {"authorization": f"Token token={settings.access_token.get_secret_value()}"}


def check(http: HttpClient, settings: ZammadSettings) -> Checked:
    """Read a ticket, and search for it: without Elasticsearch Zammad searches for words only."""
    found = Checked(untested=["signature_token: only a real event can tell"])
    if settings.access_token is None:
        found.untested.append("the API: no access_token is set, so there is no history")
        return found
    listed = json_of(http.get("/api/v1/tickets", {"page": "1", "per_page": "1"}))
    found.works.append("tickets can be read")
    searched = json_of(http.get("/api/v1/tickets/search", {"query": "updated_at:[2010-01-01 TO *]", "per_page": "1"}))
    if listed and not searched:
        found.wrong.append("search finds no ticket by its time: the history needs Zammad's Elasticsearch")
    return found


SOURCE = Source(
    parse=parse,
    verify=SIGNATURE.verify,
    sign=SIGNATURE.sign,
    name_event=name_event,
    completions=completions,
    complete=fetched,
    backfill=backfill,
    authorise=authorise,
    check=check,
)
