"""Pipedrive's persons as a source: webhooks that name a person, each fetched, and lists by the time of change.

A webhook of version 2 tells a merge as two: what was deleted names what it was merged into. Lists leave out what was
deleted, so that without webhooks no deletion is heard of. Options and numbers of fields come back in a form of their
own, and are not read.

Sources: pipedrive.readme.io/docs/guide-for-webhooks-v2 (``meta``, HTTP Basic), …/webhooks-v2-migration-guide
(``merged_to_id``), developers.pipedrive.com/docs/api/v1/Persons, …/Activities and …/Organizations (API v2:
``updated_since``, ``sort_by=update_time``, ``cursor``, at most 15 ``custom_fields``), …/Notes (``updated_since``,
``sort``), …/Webhooks (``event_action``, ``event_object``, ``http_auth_user``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from hub.connectors.pipedrive import schemas
from hub.connectors.pipedrive.destination import DESTINATION
from hub.connectors.pipedrive.manifest import API_ROOT, PipedriveSettings
from hub.connectors.pipedrive.mapping import LISTS, MAP
from hub.connectors.pipedrive.schemas_account import PATHS, by_name, known
from hub.connectors.pipedrive.schemas_fields import MARKETING_STATUS, PROFILE_ID
from hub.connectors.pipedrive.schemas_keys import FieldKey
from hub.connectors.pipedrive.schemas_source import Body, Delivery
from hub.errors import ConfigError, SkipEvent
from hub.mapping.body import json_tree
from hub.mapping.payload import Reading, read
from hub.mapping.time import instant
from hub.model.event import CanonicalEvent, Note
from hub.sdk.completing import fetched
from hub.sdk.crm.calls import chunks
from hub.sdk.crm.listed import listed, named, note_item, person_item
from hub.sdk.crm.reading import begun, contact_event, gone, merged, readable, snapshot
from hub.sdk.http import HttpClient, basic, json_of
from hub.sdk.lists import in_turn
from hub.sdk.paginate import keyset, offset
from hub.sdk.signatures import require
from hub.sdk.source import BackfillItem, Completion, EventName, InboxEntry, Listed, Part, RawDelivery, Source
from hub.sdk.subscriptions import Subscription, Subscriptions

CHANGED, SIZE, USER = "person.changed", 100, "hub"
_PERSONS, _COMPANIES, _HOOKS = "/api/v2/persons", "/api/v2/organizations", "/v1/webhooks"
_MOST_KEYS = 15
_FORMS = frozenset({"varchar", "varchar_auto", "text", "date", "phone", "address"})
_KINDS: Mapping[str, Any] = {"call": "call", "meeting": "appointment"}


# -- webhooks ---------------------------------------------------------------------------------------------------------


def verify(delivery: RawDelivery, settings: PipedriveSettings) -> None:
    """Raise VerificationError unless the request carries the user and one of the passwords."""
    given = delivery.headers.get("authorization")
    require(given, settings.webhook_password or (), _credentials)


def _credentials(password: str) -> str:
    return basic(USER, password)["authorization"]


def sign(delivery: RawDelivery, settings: PipedriveSettings) -> RawDelivery:
    """The inverse: as Pipedrive sends it."""
    if not settings.webhook_password:
        return delivery
    told = _credentials(settings.webhook_password[0].get_secret_value())
    return replace(delivery, headers={**delivery.headers, "authorization": told})


def name_event(delivery: RawDelivery, settings: PipedriveSettings) -> EventName:
    """The webhook's own id, which it has on every attempt."""
    return named(delivery.body) or EventName(read(Delivery, delivery.body).meta.id, CHANGED)


def completions(entry: InboxEntry, settings: PipedriveSettings) -> Sequence[Completion]:
    """The person as they are now, their organization, and the keys of the fields unless the settings name them."""
    if entry.topic != CHANGED:
        return ()
    meta = read(Delivery, entry.body).meta
    if meta.action == "delete":
        return ()
    wanted = [Completion("person", f"{_PERSONS}/{meta.entity_id}")]
    if any(name not in settings.person_keys for name in _customs(settings)):
        wanted.append(Completion("fields", PATHS["persons"], {"limit": "500"}))
    if (told := entry.completions.get("person")) and settings.organizations:
        company = read(Body, told).data.org_id
        wanted += [Completion("company", f"{_COMPANIES}/{company}")] if company else []
    return [one for one in wanted if one.name not in entry.completions]


def parse(entry: InboxEntry, settings: PipedriveSettings) -> Sequence[CanonicalEvent | Note]:
    """The person, a deletion or a merge. Raises SkipEvent, PayloadError with a path."""
    if entry.topic != CHANGED:
        return listed(MAP, entry, settings, system="Pipedrive")
    reading = Reading()
    meta = reading.read(Delivery, entry.body).meta
    at, person = instant(meta.timestamp, path="meta.timestamp"), meta.entity_id
    if meta.action == "delete" and meta.merged_to_id:
        into = meta.merged_to_id
        return reading.of([merged(into, [into, person], at=at, system="Pipedrive", by=meta.user_id)])
    body = entry.completions.get("person")
    if meta.action == "delete" or body == b"":
        return reading.of([gone(person, at=at)])
    if body is None:
        raise SkipEvent("the person was not fetched")
    told = reading.read(Body, body).data
    if told.is_deleted:
        return reading.of([gone(person, at=at)])
    if keys := entry.completions.get("fields"):
        settings = known(settings, by_name(reading.read(schemas.Fields, keys).data or ()))
    raw = json_tree(body)["data"]
    company = reading.read(Body, company_told).data.name if (company_told := entry.completions.get("company")) else ""
    changed = instant(told.update_time or meta.timestamp, path="data.update_time")
    return reading.of([contact_event(MAP, person, {**_held(raw, settings), "company": company}, settings, at=changed)])


def _customs(settings: PipedriveSettings) -> list[str]:
    """Fields that are read and have a key in the account."""
    own = {"name", "company", *LISTS, *LISTS.values()}
    return [PROFILE_ID, *(n for n in readable(MAP, settings) if n not in own and not schemas.HASH.fullmatch(n))]


def _held(raw: Mapping[str, Any], settings: PipedriveSettings) -> dict[str, str]:
    """What a person has, by the names that a write has for it; the main e-mail and phone are the first."""
    held = {MARKETING_STATUS: str(raw.get(MARKETING_STATUS) or "")}
    for name in ("name", *_customs(settings), *(n for n in readable(MAP, settings) if schemas.HASH.fullmatch(n))):
        field = schemas.field_of(name, "persons", settings)
        value = schemas.told(raw, name, settings)
        if isinstance(value, str | int) and (field is None or field.type in _FORMS):
            held[name] = str(value)
    for plural in LISTS:
        given = raw.get(plural)
        points = [one for one in given if isinstance(one, Mapping)] if isinstance(given, list) else []
        points.sort(key=lambda one: not one.get("primary"))
        held[plural] = ";".join(str(one["value"]) for one in points if one.get("value"))
    return held


# -- lists ------------------------------------------------------------------------------------------------------------


def _people(http: HttpClient, settings: PipedriveSettings, since: datetime | None, at: Any) -> Part:
    state = at or {"cursor": None, "keys": _keys(http, settings), "companies": {}}
    own = settings.model_copy(update={"person_keys": {**settings.person_keys, **_as_keys(state["keys"])}})
    asked = {"updated_since": begun(since, None, spec="seconds")[0], "sort_by": "update_time"}
    rows, following = _rows(http, _PERSONS, {**asked, **_chosen(own)}, state["cursor"])
    companies = _companies(http, own, rows, state["companies"])
    going = following and {**state, "cursor": following, "companies": companies}
    return Part([_item(own, row, companies) for row in rows], going)


def _rows(
    http: HttpClient, path: str, query: Mapping[str, str], cursor: str | None = None
) -> tuple[list[Mapping[str, Any]], str | None]:
    asked = {**query, "limit": str(SIZE), **({"cursor": cursor} if cursor else {})}
    answer = http.get(path, asked)
    following = (json_of(answer).get("additional_data") or {}).get("next_cursor")
    return schemas.rows(answer), following


def _keys(http: HttpClient, settings: PipedriveSettings) -> dict[str, Any]:
    """The keys that nobody configured, to be kept while pages are read."""
    if all(name in settings.person_keys for name in _customs(settings)):
        return {}
    page = read(schemas.Fields, http.get(PATHS["persons"], {"limit": "500"}).content)
    found = known(settings, by_name(page.data or ())).person_keys
    wanted = (*_customs(settings), MARKETING_STATUS)
    return {name: found[name].model_dump() for name in wanted if name in found}


def _as_keys(kept: Mapping[str, Any]) -> dict[str, FieldKey]:
    return {name: FieldKey.model_validate(one) for name, one in kept.items()}


def _chosen(settings: PipedriveSettings) -> dict[str, str]:
    """Only the custom fields that are read, where so few can be named."""
    names = (*_customs(settings), *readable(MAP, settings))
    keys = {field.key for name in names if (field := schemas.field_of(name, "persons", settings))}
    hashes = sorted(one for one in keys if schemas.HASH.fullmatch(one))
    campaigns = {"include_fields": MARKETING_STATUS} if MARKETING_STATUS in settings.person_keys else {}
    return campaigns | ({"custom_fields": ",".join(hashes)} if 0 < len(hashes) <= _MOST_KEYS else {})


def _companies(
    http: HttpClient, settings: PipedriveSettings, rows: Iterable[Mapping[str, Any]], told: Mapping[str, str]
) -> dict[str, str]:
    """The names of these persons' organizations; those of the page before are known already."""
    employers = {str(row["org_id"]) for row in rows if row.get("org_id")} if settings.organizations else set()
    found = {one: name for one, name in told.items() if one in employers}
    for several in chunks(sorted(employers - told.keys()), SIZE):
        listed_there, _ = _rows(http, _COMPANIES, {"ids": ",".join(several)})
        found |= {str(one["id"]): str(one.get("name") or "") for one in listed_there}
    return found


def _item(settings: PipedriveSettings, row: Mapping[str, Any], companies: Mapping[str, str]) -> BackfillItem:
    at = row.get("update_time") or row.get("add_time")
    held = {**_held(row, settings), "company": companies.get(str(row.get("org_id")))}
    return person_item(row["id"], at, held, **({"deleted": True} if row.get("is_deleted") else {}))


def _notes(http: HttpClient, settings: PipedriveSettings, since: datetime | None, at: Any) -> Part:
    start = begun(since, None, spec="seconds")[0].replace("T", " ").rstrip("Z")
    state = at or {"from": start, "seen": 0}
    asked = {"updated_since": f"{state['from'].replace(' ', 'T')}Z", "sort": "update_time ASC"}
    found, _ = _rows(http, "/v1/notes", {**asked, "start": str(offset(state))})
    fresh, following = keyset(found, "update_time", state, size=SIZE)
    return Part([_note(one) for one in fresh if one.get("active_flag", True)], following)


def _note(row: Mapping[str, Any]) -> BackfillItem:
    return note_item(row["id"], row.get("add_time"), person=row.get("person_id"), text=row.get("content"))


def _tasks(http: HttpClient, settings: PipedriveSettings, since: datetime | None, at: Any) -> Part:
    asked = {"updated_since": begun(since, None, spec="seconds")[0], "sort_by": "update_time"}
    rows, following = _rows(http, "/api/v2/activities", asked, at)
    return Part([_task(one) for one in rows if not one.get("is_deleted")], following)


def _task(row: Mapping[str, Any]) -> BackfillItem:
    due = " ".join(str(row[name]) for name in ("due_date", "due_time") if row.get(name))
    return note_item(
        row["id"],
        row.get("add_time"),
        kind=_KINDS.get(str(row.get("type")), "task"),
        person=row.get("person_id"),
        subject=row.get("subject"),
        text=row.get("note"),
        due=due or None,
        state="done" if row.get("done") else "open",
    )


def read_again(http: HttpClient, settings: PipedriveSettings, ids: Sequence[str]) -> Iterator[BackfillItem]:
    """These persons as they are now."""
    keys = _as_keys(_keys(http, settings))
    own = settings.model_copy(update={"person_keys": {**settings.person_keys, **keys}})
    for several in chunks(ids, SIZE):
        rows, _ = _rows(http, _PERSONS, {"ids": ",".join(several), **_chosen(own)})
        companies = _companies(http, own, rows, {})
        yield from (_item(own, row, companies) for row in rows)


# -- subscriptions ----------------------------------------------------------------------------------------------------


def _subscribed(http: HttpClient, settings: PipedriveSettings) -> Iterable[Subscription]:
    for hook in json_of(http.get(_HOOKS)).get("data") or ():
        told = (hook.get("event_object"), hook.get("event_action"), str(hook.get("version"))[:1])
        if told == ("person", "*", "2"):
            address = str(hook.get("subscription_url"))
            yield Subscription(str(hook["id"]), CHANGED, address, active=bool(hook.get("is_active", 1)))


def _subscribe(http: HttpClient, settings: PipedriveSettings, url: str, topics: Sequence[str]) -> None:
    if not settings.webhook_password:
        raise ConfigError(["webhook_password is missing: nobody could tell Pipedrive's webhooks from others"])
    told = {"subscription_url": url, "event_action": "*", "event_object": "person", "name": "Hub", "version": "2.0"}
    secret = settings.webhook_password[0].get_secret_value()
    http.post(_HOOKS, {**told, "http_auth_user": USER, "http_auth_password": secret})


def _unsubscribe(http: HttpClient, settings: PipedriveSettings, gone_one: Subscription) -> None:
    http.request("DELETE", f"{_HOOKS}/{gone_one.id}")


LISTS_READ = {
    "people": Listed(_people, quiet=timedelta(0)),
    "notes": Listed(_notes, spare=True),
    "tasks": Listed(_tasks, spare=True),
}

SOURCE: Source[PipedriveSettings] = Source(
    parse=parse,
    verify=verify,
    sign=sign,
    name_event=name_event,
    completions=completions,
    complete=fetched,
    backfill=partial(in_turn, LISTS_READ),
    lists=LISTS_READ,
    authorise=DESTINATION.authorise,
    api_root=lambda settings: settings.base_url or API_ROOT,
    waits=schemas.waits,
    subscriptions=Subscriptions(
        _subscribed,
        _subscribe,
        _unsubscribe,
        topics=(CHANGED,),
    ),
    reads=lambda person, held, settings: snapshot(MAP, person, held, settings),
    read_again=read_again,
    opt_outs=MAP.stands(),
)
