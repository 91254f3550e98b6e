"""Writes people as contacts or leads, and orders as opportunities, by the algorithm of ``hub.sdk.crm``.

One record a call. A creation skips EspoCRM's own duplicate check: that takes two people of one name for one, and names
five records at most (github.com/espocrm/espocrm application/Espo/Core/Duplicate/Finder.php and
…/Classes/DuplicateWhereBuilders/General.php). Hub has looked by its own ids and all e-mails before.

Sources: docs.espocrm.com/development/api (HMAC; by hexadecimal digest since 8.4.1, …/Core/Authentication/Logins/
Hmac.php), …/api/crud, …/api/relationships; of the same repository …/Core/FieldProcessing/EmailAddress/Saver.php
(``emailAddressData`` replaces the list, and sets ``optOut`` of addresses that other records have too; ``emailAddress``
alone puts itself in place of the main one, and leaves ``optOut`` as it is), …/Core/Action/Api/PostProcess.php and
…/Core/Action/Actions/Merge/Merger.php (merge), …/Repositories (a removed record is only marked as deleted).
"""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import httpx

from hub.connectors.espocrm import schemas, schemas_check
from hub.connectors.espocrm import schemas_lists as lists
from hub.connectors.espocrm.activities_tasks import HISTORY
from hub.connectors.espocrm.manifest import EspoSettings
from hub.connectors.espocrm.mapping import COMPANY, EMAIL, LISTS, MAP, NEVER_CALL
from hub.connectors.espocrm.schemas import API, REFUSED, read_list, read_record, said, search
from hub.connectors.espocrm.schemas_fields import FIELDS, ORDER_KEY, PROFILE_ID
from hub.errors import AuthError, RejectedError
from hub.sdk.crm import Batch, Call, Companies, Dialect, Found, Item, Key, Made, Orders, People, Problem, Script
from hub.sdk.crm import destination as crm_destination
from hub.sdk.crm.calls import chunks
from hub.sdk.crm.dialect import EMAIL as BY_EMAIL
from hub.sdk.crm.dialect import Answers
from hub.sdk.crm.standing import Values, named, standing
from hub.sdk.destination import HttpRequest
from hub.sdk.http import Authorisation, json_of

GONE = frozenset({404})
SOME = 20
"""How many are asked for at once: web servers take some 8,000 characters of a URL."""

UNCHECKED = {"x-skip-duplicate-check": "true"}
NUMBERS = {"amount": float, "cHubLifetimeValue": float, "cHubOrderCount": int}
PARTS = frozenset().union(*LISTS.values())
NAMELESS = "?"
ERASED: Mapping[str, Any] = {
    **dict.fromkeys(("firstName", "title", "description")),
    **dict.fromkeys(f"address{part}" for part in ("Street", "City", "State", "Country", "PostalCode")),
    **{f"{field}Data": [] for field in LISTS},
    "lastName": NAMELESS,
}


def find(keys: Sequence[Key], settings: EspoSettings) -> Iterator[Call[Sequence[Found]]]:
    """The ids of the records that have any of these; only a record read by its id tells all its e-mails."""

    def bare(response: httpx.Response) -> Sequence[Found]:
        return [Found(str(record["id"]), bare=True) for record in read_list(response)]

    for name, attribute in ((PROFILE_ID, PROFILE_ID), (BY_EMAIL, EMAIL)):
        # EspoCRM compares a list of e-mails with their small letters, as they are given
        for chunk in chunks((value.lower() for key, value in keys if key == name), SOME):
            yield Call(search(settings.entity, attribute, chunk), bare)


def read(ids: Sequence[str], settings: EspoSettings) -> Iterator[Call[Sequence[Found]]]:
    """The records behind these ids, with their lists. One that was merged or removed is not there."""

    def found(response: httpx.Response) -> Sequence[Found]:
        if response.status_code == 404 and said(response):
            return ()
        record = read_record(response)
        held = {field: lists.rows_of(record, field) for field in LISTS}
        emails = frozenset((BY_EMAIL, str(row[EMAIL]).lower()) for row in held[EMAIL])
        return (Found(record["id"], record.get(PROFILE_ID) or None, emails, values=held),)

    for one in ids:
        yield Call(HttpRequest("GET", f"{API}/{settings.entity}/{one}", None, accept=GONE), found)


def values(entity: str = "") -> Any:
    """What stands in these attributes of people, or of opportunities; the company is its account's name."""

    def asked(ids: Sequence[str], _: Sequence[str], settings: EspoSettings) -> Iterator[HttpRequest]:
        path = f"{API}/{entity or settings.entity}"
        return (HttpRequest("GET", f"{path}/{one}", None, accept=GONE) for one in ids)

    def told(response: httpx.Response, names: Sequence[str]) -> Values:
        if not response.is_success and said(response):
            return {}
        record = read_record(response)
        return {record["id"]: {name: record.get("accountName" if name == COMPANY else name) for name in names}}

    return standing(asked, told)


def write_person(items: Sequence[Item], settings: EspoSettings) -> Call[Answers]:
    """Create or update one contact or lead. Of its lists only what the record has already; ``settle`` adds to them."""
    [item] = items
    sent = {PROFILE_ID: item.write.key, **{name: value for name, value in item.properties.items() if name not in PARTS}}
    if not sent.get(NEVER_CALL):  # law L7: what was refused stays so
        sent.pop(NEVER_CALL, None)
    body = {name: _typed(name, value) for name, value in sent.items()}
    if item.id is None:  # the last name is required
        body.setdefault("lastName", NAMELESS if body.get("firstName") else item.properties.get(EMAIL) or NAMELESS)
    for field in lists.touched(item):
        body |= lists.changed(item, field)
    return _writing(settings.entity, item, body, PROFILE_ID)


def settle(record: str, item: Item, settings: EspoSettings) -> Script[None]:
    """Add further e-mails and phones to a record.

    Each is made the main one first: that is the only way to add it with the opt-out it may have there already. Then the
    main one is again, whose answer tells the opt-outs of all as they are by now, and the whole list is written as it
    has to be. Who opts out between these two calls is written over: EspoCRM has no way to leave an opt-out as it is.
    """
    path = f"{API}/{settings.entity}/{record}"
    for field in lists.touched(item):
        rows = lists.kept(item, field)
        if lists.is_alone(item, field):
            if not lists.wanted(item.write, field)[1:]:
                continue
            rows = lists.rows_of(read_record((yield HttpRequest("GET", path, None))), field)
        refused: httpx.Response | None = None
        added: list[schemas.Row] = []
        for value in (new := lists.missing(rows, field, item.write)):
            answer = yield HttpRequest("PATCH", path, {field: value}, headers=UNCHECKED, accept=REFUSED)
            if not answer.is_success:
                refused = answer
                break
            added.append(lists.made_main(read_record(answer), field, value))
        if new:
            if rows and added:
                again = yield HttpRequest("PATCH", path, {field: rows[0][field]}, headers=UNCHECKED)
                rows = lists.staying(item, field, lists.rows_of(read_record(again), field)) or rows
            names = {str(row[field]).lower() for row in rows}
            rows += [row for row in added if str(row[field]).lower() not in names]
            body = {f"{field}Data": lists.complete(rows, field, item.write)}
            read_record((yield HttpRequest("PATCH", path, body, headers=UNCHECKED)))
        if refused is not None:
            raise RejectedError(said(refused), refused=schemas.refused_by(refused))


def merge(record: str, gone: str, settings: EspoSettings) -> Script[str]:
    """Merge the second record into the first, which also gets what it has empty and the second does not."""
    entity = f"{API}/{settings.entity}"
    first = read_record((yield HttpRequest("GET", f"{entity}/{record}", None)))
    second = read_record((yield HttpRequest("GET", f"{entity}/{gone}", None)))
    attributes = {name: value for name, value in second.items() if _is_lost(name, value, first)}
    attributes |= {field: first[field] for field in LISTS if first.get(field)}  # the main ones stay so
    data = {"sourceIdList": [gone], "attributes": attributes}
    body = {"entityType": settings.entity, "id": record, "action": "merge", "data": data}
    answer = yield HttpRequest("POST", f"{API}/Action", body, accept=REFUSED)
    if not answer.is_success:
        raise RejectedError(said(answer))
    return str(read_record(answer)["id"])


def erase(record: str, settings: EspoSettings) -> Script[None]:
    """Empty a record and remove it: EspoCRM only marks removed ones, and keeps them for two months."""
    path = f"{API}/{settings.entity}/{record}"
    own = dict.fromkeys((*FIELDS["people"], *settings.profile_fields))
    body = {**own, **ERASED, **({"accountName": None} if settings.people == "leads" else {})}
    read_record((yield HttpRequest("PATCH", path, body, headers=UNCHECKED)))
    json_of((yield HttpRequest("DELETE", path, None)))


def write_order(items: Sequence[Item], _: EspoSettings) -> Call[Answers]:
    """Create or update one opportunity."""
    [item] = items
    body = {name: _typed(name, value) for name, value in item.properties.items()}
    return _writing("Opportunity", item, body, ORDER_KEY)


def find_orders(keys: Sequence[Key], _: EspoSettings) -> Iterator[Call[Sequence[Found]]]:
    """The opportunities of these orders."""

    def found(response: httpx.Response) -> Sequence[Found]:
        return [Found(str(record["id"]), record.get(ORDER_KEY)) for record in read_list(response)]

    for chunk in chunks((value for _, value in keys), SOME):
        yield Call(search("Opportunity", ORDER_KEY, chunk, f"id,{ORDER_KEY}"), found)


def link(pairs: Sequence[tuple[str, str]], _: EspoSettings) -> Script[Mapping[str, str]]:
    """Relate opportunities to contacts; those that people related stay."""
    refused = {}
    for order, contact in pairs:
        path = f"{API}/Opportunity/{order}/contacts"
        answer = yield HttpRequest("POST", path, {"id": contact}, accept=REFUSED)
        if words := _done(answer):
            refused[order] = words
    return refused


def unlink(pairs: Sequence[tuple[str, str]], _: EspoSettings) -> Script[None]:
    """Take opportunities from contacts."""
    for order, contact in pairs:
        answer = yield HttpRequest("DELETE", f"{API}/Opportunity/{order}/contacts", {"id": contact}, accept=GONE)
        _done(answer)


def find_companies(names: Sequence[str], _: EspoSettings) -> Iterator[Call[Sequence[Found]]]:
    """The accounts of these names; EspoCRM compares them as its database does, mostly whatever case and accents."""

    def found(name: str, response: httpx.Response) -> Sequence[Found]:
        return named(COMPANY, ((one["id"], name) for one in read_list(response)))

    return (Call(search("Account", "name", [name]), partial(found, name)) for name in names)


def create_company(name: str, _: EspoSettings) -> Call[str]:
    """A new account, of which nothing is known but the name."""
    request = HttpRequest("POST", f"{API}/Account", {"name": name}, headers=UNCHECKED)
    return Call(request, lambda response: str(read_record(response)["id"]))


def authorise(settings: EspoSettings) -> Authorisation:
    """The key, or a signature of each request's method and path where there is a secret key."""
    key = settings.api_key.get_secret_value()
    if settings.secret_key is None:
        return {"x-api-key": key}
    secret = settings.secret_key.get_secret_value().encode()

    def signed(request: httpx.Request) -> Mapping[str, str]:
        resource = "/" + request.url.path.partition(f"{API}/")[2]
        digest = hmac.new(secret, f"{request.method} {resource}".encode(), "sha256").hexdigest()
        return {"x-hmac-authorization": b64encode(f"{key}:{digest}".encode()).decode()}

    return signed


def _done(answer: httpx.Response) -> str:
    """EspoCRM's words, none where it was done. Raises Unavailable for half an answer."""
    if not answer.is_success:
        return said(answer)
    json_of(answer)
    return ""


def _writing(entity: str, item: Item, body: Mapping[str, Any], own: str) -> Call[Answers]:
    method, path = ("PATCH", f"{API}/{entity}/{item.id}") if item.id else ("POST", f"{API}/{entity}")

    def answered(response: httpx.Response) -> Made | Problem:
        if response.is_success:
            record = read_record(response)
            if own in record:
                return Made(record["id"], item.id is None)
            return Problem(f"EspoCRM has no field {own}, or the API user's role hides it", "refused")
        if response.status_code == 403 and item.id is None:
            raise AuthError(said(response))  # the role allows no creation at all; one record may well be locked away
        if response.status_code == 409:
            holders = schemas.read_duplicates(response)
            return Problem(said(response), "conflict" if holders else "later", holders=holders)
        return Problem(
            said(response), "gone" if response.status_code == 404 else "refused", schemas.refused_by(response)
        )

    request = HttpRequest(method, path, body, headers=UNCHECKED, accept=REFUSED)
    return Call(request, lambda response: {item.write.key: answered(response)})


def _typed(name: str, value: Any) -> Any:
    if value == "":
        return None
    if name == NEVER_CALL:
        return True
    try:
        return NUMBERS.get(name, str)(value)
    except ValueError:
        return value  # a mapping file's: EspoCRM refuses it by name


def _is_lost(name: str, value: Any, kept: Mapping[str, Any]) -> bool:
    """Whether a merge would lose what people wrote: a text, a number or a yes that the other has not."""
    derived = name in (*FIELDS["people"], *PARTS, "id", "name") or name.endswith("IsInvalid")
    return not derived and isinstance(value, str | int | float) and bool(value) and not kept.get(name)


DIALECT: Dialect[EspoSettings] = Dialect(
    people=People(
        own=PROFILE_ID,
        email=EMAIL,
        lists=PARTS,
        opt_outs=MAP.subjects(),
        rereads=True,
        find=find,
        read=read,
        values=values(),
        create=Batch(1, write_person),
        update=Batch(1, write_person),
        settle=settle,
        merge=merge,
        erase=erase,
    ),
    orders=Orders(
        own=ORDER_KEY,
        find=find_orders,
        create=Batch(1, write_order),
        update=Batch(1, write_order),
        link=link,
        unlink=unlink,
        values=values("Opportunity"),
    ),
    companies=Companies(name=COMPANY, id="accountId", find=find_companies, create=create_company),
    activities=HISTORY,
)

DESTINATION = crm_destination(
    DIALECT,
    MAP,
    prepare=schemas_check.prepare,
    authorise=authorise,
    refusals=schemas.refusals,
    check=schemas_check.check,
    fields=schemas_check.fields,
)
