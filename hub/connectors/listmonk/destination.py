"""Writes subscribers by the algorithm of ``hub.sdk.crm.mailing_writing``.

Lists are joined by PUT /api/subscribers/query/lists: unlike /api/subscribers/lists it leaves a subscription that is
there as it is, also an unsubscribed one. They are left by the same call, and only where the subscription is confirmed:
to remove an unsubscribed one would forget that it was. PATCH changes a subscriber and keeps its lists; PUT would end
those it does not name. An opt-out blocklists, as it holds for every list.

Sources: listmonk.app/docs/apis/subscribers/; github.com/knadh/listmonk, queries/subscribers.sql (ON CONFLICT DO
NOTHING in add-subscribers-to-lists-by-query), cmd/subscribers.go (409 for an address that is there); its issues 2008,
2452 and 2496 (an import that overwrote who was unsubscribed), 927 (an address that is there on another list).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import httpx

from hub.connectors.listmonk import schemas
from hub.connectors.listmonk.manifest import MANIFEST, MOST_LISTS, ListmonkSettings
from hub.connectors.listmonk.mapping import MAP, PROFILE_ID
from hub.connectors.listmonk.schemas import SUBSCRIBERS, Found, body_of
from hub.sdk.crm.answers import read_as
from hub.sdk.crm.calls import chunks
from hub.sdk.crm.dialect import Answers, Call, Made, Problem, Script
from hub.sdk.crm.mailing import LISTS, REFUSED, SUBSCRIBED, Contact, Entry, MailBatch, Mailing, Step
from hub.sdk.crm.mailing_destination import destination
from hub.sdk.destination import HttpRequest
from hub.sdk.http import basic, json_of
from hub.sdk.words import words_of

SIZE = MANIFEST.limits.batch
SOUGHT = 40
"""Addresses in one search: they stand in the URL."""


def _where(field: str, values: Sequence[str], settings: ListmonkSettings) -> Call[Sequence[Contact]]:
    listed = ", ".join("'" + value.replace("'", "''") + "'" for value in values)
    query = {"query": f"{field} IN ({listed})", "per_page": "all"}

    def told(response: httpx.Response) -> Sequence[Contact]:
        return [one.contact(settings) for one in read_as(Found, response).data.results]

    return Call(HttpRequest("GET", SUBSCRIBERS, None, query), told)


def find(emails: Sequence[str], settings: ListmonkSettings) -> Iterator[Call[Sequence[Contact]]]:
    """The subscribers of these addresses, which listmonk keeps in small letters."""
    return (_where("subscribers.email", [one.lower() for one in part], settings) for part in chunks(emails, SOUGHT))


def read(ids: Sequence[str], settings: ListmonkSettings) -> Iterator[Call[Sequence[Contact]]]:
    """The subscribers of these ids."""
    return (_where("subscribers.id::text", part, settings) for part in chunks(ids, SOUGHT))


def owned(ids: Sequence[str], settings: ListmonkSettings) -> Iterator[Call[Sequence[Contact]]]:
    """The subscribers that carry these ids of Hub's."""
    return (_where(f"subscribers.attribs->>'{PROFILE_ID}'", part, settings) for part in chunks(ids, SOUGHT))


def create(entries: Sequence[Entry], settings: ListmonkSettings) -> Call[Answers]:
    """Make a subscriber; whoever is to be asked is unconfirmed, and gets listmonk's confirmation mail."""
    [entry] = entries
    body = {
        "email": entry.email,
        "status": "blocklisted" if entry.act == "unsubscribe" else "enabled",
        "lists": [int(one) for one in entry.join],
        "preconfirm_subscriptions": entry.act == "subscribe",
        **body_of(entry.fields),
    }
    return _one(entry, HttpRequest("POST", SUBSCRIBERS, body, accept=frozenset({400})))


def update(entries: Sequence[Entry], settings: ListmonkSettings) -> Call[Answers]:
    """Change name, attributes and address of a subscriber, and nothing else."""
    [entry] = entries
    body = {**body_of(entry.fields), **({"email": entry.email} if entry.renames else {})}
    return _one(entry, HttpRequest("PATCH", f"{SUBSCRIBERS}/{entry.id}", body, accept=frozenset({400})))


def _one(entry: Entry, request: HttpRequest) -> Call[Answers]:
    def told(response: httpx.Response) -> Answers:
        if not response.is_success:
            return {entry.key: Problem(words_of(response), "gone" if "not found" in response.text else "refused")}
        return {entry.key: Made(str(read_as(schemas.Made, response).data.id))}

    return Call(request, told)


def _many(entries: Sequence[Entry], path: str, body: Any) -> Call[Answers]:
    """A call that does the same with all of these subscribers."""

    def told(response: httpx.Response) -> Answers:
        json_of(response)
        return {entry.key: Made(str(entry.id)) for entry in entries}

    return Call(HttpRequest("PUT", f"{SUBSCRIBERS}/{path}", body), told)


def _ids(entries: Sequence[Entry]) -> str:
    return f"subscribers.id::text IN ({', '.join(repr(str(entry.id)) for entry in entries)})"


def blocklist(entries: Sequence[Entry], settings: ListmonkSettings) -> Call[Answers]:
    """End all mail to these."""
    return _many(entries, "blocklist", {"ids": [_number(entry) for entry in entries]})


def join(entries: Sequence[Entry], settings: ListmonkSettings) -> Call[Answers]:
    """Put these on lists where they are not yet; who is asked is not confirmed."""
    first = entries[0]
    body = {
        "query": _ids(entries),
        "action": "add",
        "target_list_ids": [int(one) for one in first.join],
        "status": "unconfirmed" if first.act == "ask" else "confirmed",
    }
    return _many(entries, "query/lists", body)


def ask(entries: Sequence[Entry], settings: ListmonkSettings) -> Call[Answers]:
    """Let subscriptions that were ended wait for an answer again; all of the lists ask before they mail."""
    first = entries[0]
    lists = [int(one) for one in {*first.join, *(first.there.left if first.there else ())}]
    ids = [_number(entry) for entry in entries]
    body = {"ids": ids, "action": "add", "target_list_ids": sorted(lists), "status": "unconfirmed"}
    return _many(entries, "lists", body)


def mail(entries: Sequence[Entry], settings: ListmonkSettings) -> Call[Answers]:
    """Send the confirmation mail."""
    [entry] = entries

    def told(response: httpx.Response) -> Answers:
        json_of(response)
        return {entry.key: Made(str(entry.id))}

    return Call(HttpRequest("POST", f"{SUBSCRIBERS}/{entry.id}/optin", {}), told)


def leaving(place: int) -> Step[ListmonkSettings]:
    """The step that takes subscribers off the list at a place of theirs: a call is about one list."""

    def call(entries: Sequence[Entry], settings: ListmonkSettings) -> Call[Answers]:
        return _many(entries, "query/lists", _removal(_ids(entries), entries[0].leave[place]))

    batch: MailBatch[ListmonkSettings] = MailBatch(SIZE, call, alike=lambda entry: entry.leave[place])
    return Step(LISTS, lambda entry: len(entry.leave) > place and entry.id is not None, batch)


def _removal(query: str, number: str) -> dict[str, Any]:
    lists = [int(number)]
    told = {"target_list_ids": lists, "list_ids": lists, "subscription_status": "confirmed"}
    return {"query": query, "action": "remove", **told}


def _number(entry: Entry) -> int | str:
    return int(str(entry.id)) if str(entry.id).isdecimal() else str(entry.id)


def retire(contact: Contact, settings: ListmonkSettings) -> Script[None]:
    """Take a subscriber off Hub's lists."""
    for number in settings.lists:
        query = f"subscribers.id::text IN ({contact.id!r})"
        yield HttpRequest("PUT", f"{SUBSCRIBERS}/query/lists", _removal(query, number))


def erase(contact: Contact, settings: ListmonkSettings) -> Script[None]:
    """Delete a subscriber for good."""
    yield HttpRequest("DELETE", f"{SUBSCRIBERS}/{contact.id}", None)


MAILING: Mailing[ListmonkSettings] = Mailing(
    find=find,
    read=read,
    owned=owned,
    create=MailBatch(1, create),
    update=MailBatch(1, update),
    carries=lambda entry: bool(entry.fields) or entry.renames,
    steps=(
        Step(REFUSED, lambda entry: bool(entry.there or entry.write.external_id) and entry.act == "unsubscribe",
             MailBatch(SIZE, blocklist)),
        Step(LISTS, lambda entry: entry.there is not None and bool(entry.join) and entry.act != "ask",
             MailBatch(SIZE, join, alike=lambda entry: (entry.join, entry.act))),
        Step(SUBSCRIBED, lambda entry: entry.there is not None and entry.act == "ask",
             MailBatch(SIZE, ask, alike=lambda entry: (entry.join, entry.there and entry.there.left))),
        Step(SUBSCRIBED, lambda entry: entry.there is not None and entry.act == "ask", MailBatch(1, mail)),
        *(leaving(place) for place in range(MOST_LISTS)),
    ),
    guarded=True,
    asks=lambda settings: settings.lists_ask,
    renames=frozenset({"subscribed", "pending", "none"}),
    retire=retire,
    erase=erase,
)  # fmt: skip

DESTINATION = destination(
    MAILING,
    MAP,
    prepare=schemas.prepare,
    authorise=lambda settings: basic(settings.username, settings.token.get_secret_value()),
    api_root=lambda settings: settings.base_url,
    check=schemas.check,
)
