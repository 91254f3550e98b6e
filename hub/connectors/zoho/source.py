"""Zoho CRM's contacts as a source: notifications that name contacts, each fetched, and lists by the time of change.

Zoho CRM signs no notification, so that the secret stands in the address that it calls. A channel ends after a week at
the latest: the watchdog of `hub connector subscribe` renews it. What was merged away is told as deleted, and nothing
says into what.

Sources: zoho.com/crm/developer/docs/api/v8/notifications/overview.html, …/enable.html (``channel_id``, ``events``,
``channel_expiry`` of a week at most, ``notify_url`` with a query, what is sent), …/update-details.html, …/delete.html,
…/Get-Records-through-COQL-Query.html (several sorts, 200 records, ``Account_Name.Account_Name``),
…/get-deleted-records.html (``If-Modified-Since``, ``more_records``), …/get-notes.html, …/tasks.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlencode

from pydantic import Field

from hub.connectors.zoho import schemas
from hub.connectors.zoho.manifest import ZohoSettings
from hub.connectors.zoho.mapping import COMPANY, MAP
from hub.connectors.zoho.schemas import API, SIZE
from hub.errors import ConfigError, SkipEvent
from hub.mapping.payload import Reading, TimeText, VendorModel, read
from hub.mapping.time import epoch, instant
from hub.model.event import CanonicalEvent, Note
from hub.sdk.completing import fetched
from hub.sdk.crm.calls import chunks
from hub.sdk.crm.listed import listed, named, note_item, person_item
from hub.sdk.crm.reading import after, begun, columns, contact_event, gone, odd, snapshot, texts
from hub.sdk.http import HttpClient, json_of
from hub.sdk.lists import in_turn
from hub.sdk.signatures import UrlSecret
from hub.sdk.source import BackfillItem, Completion, EventName, InboxEntry, Listed, Part, RawDelivery, Source
from hub.sdk.subscriptions import Subscription, Subscriptions

CHANGED, MOST = "contacts.changed", 200
_WATCH, _WEEK = f"{API}/actions/watch", timedelta(days=7)
IN_URL: UrlSecret[ZohoSettings] = UrlSecret("token", secrets=lambda settings: settings.webhook_secret or ())


class Delivery(VendorModel):
    """A notification; ``server_time`` is in milliseconds since 1970."""

    module: str
    ids: tuple[str, ...]
    operation: str
    server_time: str | None = None


class Record(VendorModel):
    """A contact, as far as it says when it was changed."""

    id: str
    changed: TimeText | None = Field(None, alias="Modified_Time")


class Body(VendorModel):
    """The envelope of contacts."""

    data: tuple[Record, ...] = ()


class Raw(VendorModel):
    """The same, with all their fields."""

    data: tuple[Mapping[str, Any], ...] = ()


# -- notifications ----------------------------------------------------------------------------------------------------


def name_event(delivery: RawDelivery, settings: ZohoSettings) -> EventName:
    """What happened to which contacts, and when."""
    if kept := named(delivery.body):
        return kept
    told = read(Delivery, delivery.body)
    when = told.server_time or delivery.received_at.isoformat()
    digest = hashlib.blake2b(",".join(told.ids).encode(), digest_size=12).hexdigest()
    return EventName(f"{told.module}:{told.operation}:{when}:{digest}", f"{told.module.lower()}.changed")


def completions(entry: InboxEntry, settings: ZohoSettings) -> Sequence[Completion]:
    """The contacts as they are now."""
    if entry.topic != CHANGED:
        return ()
    told = read(Delivery, entry.body)
    if told.operation == "delete":
        return ()
    fields = ",".join((*_fields(settings), "Modified_Time"))
    return [
        Completion(name, f"{API}/Contacts", {"ids": ",".join(ids), "fields": fields})
        for name, ids in _parts(told).items()
        if name not in entry.completions
    ]


def _parts(told: Delivery) -> dict[str, list[str]]:
    """The contacts of a notification by the name of the answer about them: a call names so many."""
    return {f"contacts.{place}" if place else "contacts": ids for place, ids in enumerate(chunks(told.ids, SIZE))}


def parse(entry: InboxEntry, settings: ZohoSettings) -> Sequence[CanonicalEvent | Note]:
    """The contacts, and those that are there no more. Raises SkipEvent, PayloadError with a path."""
    if entry.topic != CHANGED:
        return listed(MAP, entry, settings, system="Zoho CRM")
    reading = Reading()
    told = reading.read(Delivery, entry.body)
    at = epoch(told.server_time, path="server_time") if told.server_time else entry.received_at
    if told.operation == "delete":
        return reading.of([gone(one, at=at) for one in told.ids])
    answers = {name: entry.completions[name] for name in _parts(told) if name in entry.completions}
    if not answers:
        raise SkipEvent("the contacts were not fetched")
    bodies = [body for body in answers.values() if body]
    asked = [one for name in answers for one in _parts(told)[name]]
    times = {one.id: one.changed for body in bodies for one in reading.read(Body, body).data}
    rows = {str(row.get("id")): row for body in bodies for row in reading.read(Raw, body).data}
    there: list[CanonicalEvent | Note] = []
    for one, changed in times.items():
        held = _held(rows[one], settings)
        moment = instant(changed, path="Modified_Time") if changed else at
        there += [contact_event(MAP, one, texts(held), settings, at=moment), *odd(held)]
    return reading.of([*there, *(gone(one, at=at) for one in asked if one not in times)])


def _fields(settings: ZohoSettings) -> list[str]:
    return columns(MAP, settings)


def _held(row: Mapping[str, Any], settings: ZohoSettings) -> dict[str, Any]:
    """What a contact has, by the names that a write has for it; a company by its name."""
    company = row.get(f"{COMPANY}.{COMPANY}") or row.get(COMPANY)
    named = company.get("name") if isinstance(company, Mapping) else company
    return {name: named if name == COMPANY else row.get(name) for name in _fields(settings)}


# -- lists ------------------------------------------------------------------------------------------------------------


def _selected(
    http: HttpClient, module: str, names: Iterable[str], since: datetime | None, at: Any
) -> tuple[list[dict[str, Any]], dict[str, str] | None]:
    time, last = begun(since, at, spec="seconds")
    begin = f"'{time.replace('Z', '+00:00')}'"
    where = f"Modified_Time >= {begin}"
    if last:
        where = f"(Modified_Time > {begin} or (Modified_Time = {begin} and id > {last}))"
    text = f"select {', '.join(('id', 'Modified_Time', *names))} from {module} where {where} "
    asked = schemas.request("POST", "/coql", {"select_query": f"{text}order by Modified_Time asc, id asc limit {MOST}"})
    found = schemas.rows(http.request("POST", asked.path, body=asked.body, accept=asked.accept))
    return found, after(found, time="Modified_Time", id="id", size=MOST)


def _people(http: HttpClient, settings: ZohoSettings, since: datetime | None, at: Any) -> Part:
    names = [f"{COMPANY}.{COMPANY}" if name == COMPANY else name for name in _fields(settings)]
    found, following = _selected(http, "Contacts", names, since, at)
    return Part([_person(one, settings) for one in found], following)


def _person(row: Mapping[str, Any], settings: ZohoSettings) -> BackfillItem:
    return person_item(row["id"], row.get("Modified_Time"), texts(_held(row, settings)))


def _paged(
    http: HttpClient, path: str, query: Mapping[str, str], since: datetime | None, page: int
) -> tuple[list[dict[str, Any]], int | None]:
    """A page of a list that begins at a time; 304 where there is nothing since."""
    asked = {**query, "page": str(page), "per_page": str(MOST)}
    heard = {"if-modified-since": begun(since, None, spec="seconds")[0].replace("Z", "+00:00")}
    answer = http.request("GET", f"{API}{path}", query=asked, headers=heard, accept=frozenset({304}))
    if answer.status_code in (204, 304):
        return [], None
    more = (json_of(answer).get("info") or {}).get("more_records")
    found = schemas.rows(answer)
    return found, page + 1 if more and found else None


def _deleted(http: HttpClient, settings: ZohoSettings, since: datetime | None, at: Any) -> Part:
    found, following = _paged(http, "/Contacts/deleted", {"type": "all"}, since, at or 1)
    return Part([person_item(one["id"], one.get("deleted_time"), {}, deleted=True) for one in found], following)


def _notes(http: HttpClient, settings: ZohoSettings, since: datetime | None, at: Any) -> Part:
    fields = {"fields": "Note_Title,Note_Content,Parent_Id,Created_Time,Modified_Time"}
    found, following = _paged(http, "/Notes", fields, since, at or 1)
    return Part([_note(one) for one in found if _module(one.get("Parent_Id")) == "Contacts"], following)


def _module(parent: Any) -> str:
    module = parent.get("module") if isinstance(parent, Mapping) else None
    return str(module.get("api_name")) if isinstance(module, Mapping) else str(module)


def _note(row: Mapping[str, Any]) -> BackfillItem:
    person, subject = row["Parent_Id"].get("id"), row.get("Note_Title")
    return note_item(row["id"], row.get("Created_Time"), person=person, subject=subject, text=row.get("Note_Content"))


def _tasks(http: HttpClient, settings: ZohoSettings, since: datetime | None, at: Any) -> Part:
    names = ("Subject", "Description", "Status", "Due_Date", "Who_Id", "Created_Time")
    found, following = _selected(http, "Tasks", names, since, at)
    return Part([_task(one) for one in found], following)


def _task(row: Mapping[str, Any]) -> BackfillItem:
    who = row.get("Who_Id")
    return note_item(
        row["id"],
        row.get("Created_Time") or row.get("Modified_Time"),
        kind="task",
        person=who.get("id") if isinstance(who, Mapping) else None,
        subject=row.get("Subject"),
        text=row.get("Description"),
        due=row.get("Due_Date"),
        state=row.get("Status"),
    )


def read_again(http: HttpClient, settings: ZohoSettings, ids: Sequence[str]) -> Iterator[BackfillItem]:
    """These contacts as they are now."""
    for asked in schemas.by_id("Contacts", ids, (*_fields(settings), "Modified_Time")):
        answer = http.request(asked.method, asked.path, query=asked.query, accept=asked.accept)
        yield from (_person(one, settings) for one in schemas.rows(answer))


# -- subscriptions ----------------------------------------------------------------------------------------------------


def _channels(http: HttpClient) -> tuple[list[dict[str, Any]], datetime]:
    """The channels, and what time it is at Zoho CRM."""
    answer = http.request("GET", _WATCH, query={"module": "Contacts"}, accept=frozenset({204}))
    now = instant(answer.headers.get("date"), path="date")
    return [] if answer.status_code == 204 else list(json_of(answer).get("watch") or ()), now


def _subscribed(http: HttpClient, settings: ZohoSettings) -> Iterator[Subscription]:
    """A channel that ends within half of its week is not active: then it is renewed."""
    found, now = _channels(http)
    for one in found:
        url, ends = str(one.get("notify_url")).partition("?")[0], one.get("channel_expiry")
        active = bool(ends) and instant(str(ends), path="channel_expiry") > now + _WEEK / 2
        yield Subscription(str(one.get("channel_id")), CHANGED, url, active=active)


def _subscribe(http: HttpClient, settings: ZohoSettings, url: str, topics: Sequence[str]) -> None:
    if not settings.webhook_secret:
        raise ConfigError(["webhook_secret is missing: nobody could tell Zoho CRM's notifications from others"])
    found, now = _channels(http)
    own = [one for one in found if str(one.get("notify_url")).partition("?")[0].rstrip("/") == url.rstrip("/")]
    number = int.from_bytes(hashlib.blake2b(url.encode(), digest_size=5).digest()) + 1
    told = {
        "channel_id": str(own[0]["channel_id"]) if own else str(number),
        "events": ["Contacts.all"],
        "channel_expiry": (now + _WEEK - timedelta(hours=1)).isoformat(timespec="seconds"),
        "notify_url": f"{url}?{urlencode({IN_URL.parameter: settings.webhook_secret[0].get_secret_value()})}",
    }
    answer = http.request("PUT" if own else "POST", _WATCH, body={"watch": [told]})
    refused = [one for one in schemas.outcomes(answer, "watch") if one.status == "error"]
    if refused:
        raise ConfigError([f"Zoho CRM makes no channel: {refused[0].words}"])


def _unsubscribe(http: HttpClient, settings: ZohoSettings, one: Subscription) -> None:
    http.request("DELETE", _WATCH, query={"channel_ids": one.id})


LISTS = {
    "people": Listed(_people, quiet=timedelta(0)),
    "deleted": Listed(_deleted, quiet=timedelta(minutes=5)),
    "notes": Listed(_notes, spare=True),
    "tasks": Listed(_tasks, spare=True),
}

SOURCE: Source[ZohoSettings] = Source(
    parse=parse,
    verify=IN_URL.verify,
    sign=lambda delivery, settings: IN_URL.sign(delivery, settings) if settings.webhook_secret else delivery,
    name_event=name_event,
    completions=completions,
    complete=fetched,
    backfill=partial(in_turn, LISTS),
    lists=LISTS,
    api_root=lambda settings: settings.api,
    subscriptions=Subscriptions(_subscribed, _subscribe, _unsubscribe, topics=(CHANGED,), renews=True),
    reads=lambda contact, held, settings: snapshot(MAP, contact, held, settings),
    read_again=read_again,
    opt_outs=MAP.stands(),
)
