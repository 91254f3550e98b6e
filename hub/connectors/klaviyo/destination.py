"""Writes profiles by the algorithm of ``hub.sdk.crm.mailing_writing``.

A list is joined by ``add_profiles_to_list``, which changes no consent: a suppressed profile on a list gets no mail.
Klaviyo's subscribing, which lifts suppressions, is called for a profile alone that Hub made a moment ago, or that never
was anything, and with the time of the consent.

Source: Klaviyo's own OpenAPI description (github.com/klaviyo/openapi, openapi/stable/apis: get_profiles,
create_profile, update_profile, bulk_subscribe_profiles, bulk_unsubscribe_profiles, add_profiles_to_list,
remove_profiles_from_list, request_profile_deletion); segmentio/segment-docs#6877 (subscribing lifts a suppression,
adding to a list does not).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import httpx
import orjson

from hub.connectors.klaviyo.manifest import API_ROOT, MANIFEST, MOST_LISTS, KlaviyoSettings, headers_of
from hub.connectors.klaviyo.mapping import MAP
from hub.connectors.klaviyo.schemas import Many, One, attributes_of
from hub.errors import NotFound
from hub.sdk.checked import Checked
from hub.sdk.crm.answers import read_as
from hub.sdk.crm.calls import chunks
from hub.sdk.crm.dialect import Answers, Call, Made, Problem, Script
from hub.sdk.crm.mailing import LISTS, REFUSED, SUBSCRIBED, Contact, Entry, MailBatch, Mailing, Step
from hub.sdk.crm.mailing_destination import destination
from hub.sdk.crm.mailing_rules import UNKNOWN_TIME
from hub.sdk.destination import HttpRequest
from hub.sdk.http import HttpClient, json_of
from hub.sdk.words import words_of

PROFILES = "/api/profiles"
TYPE = {"content-type": "application/vnd.api+json"}
WITH_CONSENT = {"additional-fields[profile]": "subscriptions", "page[size]": "100"}
SIZE, SOUGHT = MANIFEST.limits.batch, 50


def _any(field: str, values: Sequence[str]) -> Call[Sequence[Contact]]:
    query = {"filter": f"any({field},{orjson.dumps(list(values)).decode()})", **WITH_CONSENT}

    def told(response: httpx.Response) -> Sequence[Contact]:
        return [one.contact() for one in read_as(Many, response).data]

    return Call(HttpRequest("GET", PROFILES, None, query), told)


def find(emails: Sequence[str], settings: KlaviyoSettings) -> Iterator[Call[Sequence[Contact]]]:
    """The profiles of these addresses."""
    return (_any("email", part) for part in chunks(emails, SOUGHT))


def read(ids: Sequence[str], settings: KlaviyoSettings) -> Iterator[Call[Sequence[Contact]]]:
    """The profiles of these ids."""
    return (_any("id", part) for part in chunks(ids, SOUGHT))


def create(entries: Sequence[Entry], settings: KlaviyoSettings) -> Call[Answers]:
    """Make a profile; an address that is there is a conflict (409)."""
    [entry] = entries
    data = {"type": "profile", "attributes": {"email": entry.email, **attributes_of(entry.fields)}}
    return _one(entry, HttpRequest("POST", PROFILES, {"data": data}, headers=TYPE, accept=frozenset({400})))


def update(entries: Sequence[Entry], settings: KlaviyoSettings) -> Call[Answers]:
    """Change a profile's attributes and address, and no consent."""
    [entry] = entries
    attributes = {**attributes_of(entry.fields), **({"email": entry.email} if entry.renames else {})}
    data = {"type": "profile", "id": entry.id, "attributes": attributes}
    path = f"{PROFILES}/{entry.id}"
    return _one(entry, HttpRequest("PATCH", path, {"data": data}, headers=TYPE, accept=frozenset({400})))


def _one(entry: Entry, request: HttpRequest) -> Call[Answers]:
    def told(response: httpx.Response) -> Answers:
        if not response.is_success:
            return {entry.key: Problem(words_of(response), "refused")}
        return {entry.key: Made(read_as(One, response).data.id)}

    return Call(request, told)


def _job(entries: Sequence[Entry], kind: str, attributes: Any, listed: str | None = None) -> Call[Answers]:
    """A job about the consent of these profiles; it is carried out soon after the answer."""
    told_list = {"relationships": {"list": {"data": {"type": "list", "id": listed}}}} if listed else {}
    body = {"data": {"type": kind, "attributes": attributes, **told_list}}
    return Call(HttpRequest("POST", f"/api/{kind}s", body, headers=TYPE), lambda response: _done(entries, response))


def _done(entries: Sequence[Entry], response: httpx.Response) -> Answers:
    if response.content:
        json_of(response)  # 202 and 204 have none; what breaks off is no answer
    return {entry.key: Made(str(entry.id)) for entry in entries}


def _consenting(entry: Entry, consent: str, **more: Any) -> dict[str, Any]:
    marketing = {"email": {"marketing": {"consent": consent, **more}}}
    return {"type": "profile", "attributes": {"email": entry.email, "subscriptions": marketing}}


def unsubscribe(entries: Sequence[Entry], settings: KlaviyoSettings) -> Call[Answers]:
    """Unsubscribe these from all of the account's lists."""
    profiles = {"data": [_consenting(entry, "UNSUBSCRIBED") for entry in entries]}
    return _job(entries, "profile-subscription-bulk-delete-job", {"profiles": profiles})


def subscribe(entries: Sequence[Entry], settings: KlaviyoSettings) -> Call[Answers]:
    """Record the consent of profiles that were just made, with its time; no confirmation mail is sent."""
    data = [_consenting(entry, "SUBSCRIBED", consented_at=entry.write.mirror[SUBSCRIBED]) for entry in entries]
    attributes = {"profiles": {"data": data}, "historical_import": True, "custom_source": "Hub"}
    return _job(entries, "profile-subscription-bulk-create-job", attributes)


def ask(entries: Sequence[Entry], settings: KlaviyoSettings) -> Call[Answers]:
    """Let Klaviyo send the confirmation mail of the double opt-in list; who confirms is on it."""
    attributes = {"profiles": {"data": [_consenting(entry, "SUBSCRIBED") for entry in entries]}, "custom_source": "Hub"}
    return _job(entries, "profile-subscription-bulk-create-job", attributes, next(iter(settings.lists)))


def _told_time(entry: Entry) -> bool:
    return str(entry.write.mirror.get(SUBSCRIBED) or UNKNOWN_TIME) != UNKNOWN_TIME


def membership(method: str, place: int, names: Callable[[Entry], tuple[str, ...]]) -> Step[KlaviyoSettings]:
    """The step that puts profiles on a list, or takes them off, at a place of theirs: a call is about one list."""

    def call(entries: Sequence[Entry], settings: KlaviyoSettings) -> Call[Answers]:
        path = f"/api/lists/{names(entries[0])[place]}/relationships/profiles"
        body = {"data": [{"type": "profile", "id": entry.id} for entry in entries]}
        return Call(HttpRequest(method, path, body, headers=TYPE), lambda response: _done(entries, response))

    batch: MailBatch[KlaviyoSettings] = MailBatch(SIZE, call, alike=lambda entry: names(entry)[place])
    return Step(LISTS, lambda entry: len(names(entry)) > place, batch)


def _joins(entry: Entry) -> tuple[str, ...]:
    return entry.join if entry.act != "ask" else ()


def retire(contact: Contact, settings: KlaviyoSettings) -> Script[None]:
    """Take a profile off Hub's lists."""
    body = {"data": [{"type": "profile", "id": contact.id}]}
    for listed in settings.lists:
        yield HttpRequest("DELETE", f"/api/lists/{listed}/relationships/profiles", body, headers=TYPE)


def erase(contact: Contact, settings: KlaviyoSettings) -> Script[None]:
    """Have a profile deleted for good; Klaviyo does so in the background."""
    profile = {"data": {"type": "profile", "id": contact.id, "attributes": {}}}
    data = {"type": "data-privacy-deletion-job", "attributes": {"profile": profile}}
    yield HttpRequest("POST", "/api/data-privacy-deletion-jobs", {"data": data}, headers=TYPE)


def check(client: HttpClient, settings: KlaviyoSettings) -> Checked:
    """Whether the key is taken, and the lists are there, and ask where they should. Writes nothing."""
    found = Checked()
    for listed in settings.lists:
        try:
            told = json_of(client.get(f"/api/lists/{listed}"))["data"]["attributes"]
        except NotFound:
            found.wrong.append(f"list {listed} is not there")
            continue
        found.works.append(f"list {listed} is there: {told.get('name')}")
        if settings.list_asks and told.get("opt_in_process") != "double_opt_in":
            found.wrong.append(f"list {listed} is no double opt-in list: whoever is asked would be subscribed at once")
    return found


MAILING: Mailing[KlaviyoSettings] = Mailing(
    find=find,
    read=read,
    create=MailBatch(1, create),
    update=MailBatch(1, update),
    carries=lambda entry: bool(entry.fields) or entry.renames,
    steps=(
        Step(REFUSED, lambda entry: entry.act == "unsubscribe", MailBatch(SIZE, unsubscribe)),
        Step(SUBSCRIBED, lambda entry: entry.act == "subscribe" and entry.there is None and _told_time(entry),
             MailBatch(SIZE, subscribe)),
        Step(SUBSCRIBED, lambda entry: entry.act == "ask", MailBatch(SIZE, ask)),
        *(membership("POST", place, _joins) for place in range(MOST_LISTS)),
        *(membership("DELETE", place, lambda entry: entry.leave) for place in range(MOST_LISTS)),
    ),
    guarded=True,
    asks=lambda settings: settings.list_asks,
    reasks=False,
    confirms=False,
    renames=frozenset({"subscribed", "pending", "none"}),
    retire=retire,
    erase=erase,
)  # fmt: skip

DESTINATION = destination(
    MAILING,
    MAP,
    authorise=headers_of,
    lacks=lambda settings: None if settings.lists else "lists: is required to write profiles to Klaviyo",
    api_root=lambda settings: settings.base_url or API_ROOT,
    check=check,
)
