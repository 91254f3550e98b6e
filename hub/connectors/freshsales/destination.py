"""Writes profiles as contacts and orders as deals, one by one, by the algorithm of ``hub.sdk.crm``.

Hub looks for a contact by its own id and all e-mails, and Freshsales refuses a second contact of one e-mail. Its own
upsert goes by an e-mail, and would take over another profile's contact; its bulk form answers before it is done.

Sources: see ``schemas``; developers.freshworks.com/crm/api ("Create a deal": ``contacts_added_list``,
``contacts_removed_list``; "Delete a contact": what was deleted can be restored, so that it is emptied before).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import httpx

from hub.connectors.freshsales import schemas, schemas_check
from hub.connectors.freshsales.activities import ACTIVITIES
from hub.connectors.freshsales.manifest import FreshsalesSettings
from hub.connectors.freshsales.mapping import ACCOUNT, COMPANY, MAP
from hub.connectors.freshsales.schemas import API, REFUSED, answered, body, contact, flat, record, records, rows, search
from hub.connectors.freshsales.schemas_fields import FIELDS, ORDER_KEY, PROFILE_ID
from hub.sdk.crm import Batch, Call, Companies, Dialect, Found, Item, Key, Orders, People, Script, destination
from hub.sdk.crm.dialect import EMAIL, Answers
from hub.sdk.crm.standing import Values, named, standing
from hub.sdk.destination import HttpRequest
from hub.sdk.manifest import Limits
from hub.sdk.words import words_of

BLANK = ("first_name", "mobile_number", "work_number", "address", "city", "state", "zipcode", "country", "job_title")


def writing(kind: str, own: str) -> Batch[FreshsalesSettings]:
    """A call that makes or changes one contact or deal."""

    def call(items: Sequence[Item], _: FreshsalesSettings) -> Call[Answers]:
        [item] = items
        method, path = ("PUT", f"{API}/{kind}s/{item.id}") if item.id else ("POST", f"{API}/{kind}s")
        asked = HttpRequest(method, path, {kind: body(item, own)}, accept=REFUSED)
        return Call(asked, lambda response: {item.write.key: answered(response, kind, item)})

    return Batch(1, call)


def find(keys: Sequence[Key], _: FreshsalesSettings) -> Iterator[Call[Sequence[Found]]]:
    """The ids of the contacts that have any of these; only a contact read by its id tells all its e-mails."""

    def bare(response: httpx.Response) -> Sequence[Found]:
        return [Found(str(one["id"]), bare=True) for one in records(response, "contact")]

    for name, attribute in ((PROFILE_ID, PROFILE_ID), (EMAIL, "contact_email.email")):
        for asked in search("contact", attribute, (value for key, value in keys if key == name)):
            yield Call(asked, bare)


def read(ids: Sequence[str], _: FreshsalesSettings) -> Iterator[Call[Sequence[Found]]]:
    """The contacts behind these ids."""
    return (Call(contact(one), schemas.person) for one in ids)


def values(response: httpx.Response, _: Sequence[str]) -> Values:
    """What stands in the fields of a contact or a deal."""
    if response.status_code == 404:
        return {}
    kind = "deal" if "/deals/" in response.request.url.path else "contact"
    held = record(response, kind)
    return {str(held["id"]): flat(held)}


def deal(one: str) -> HttpRequest:
    """Read one deal."""
    return HttpRequest("GET", f"{API}/deals/{one}", None, accept=frozenset({404}))


def erase(one: str, settings: FreshsalesSettings) -> Script[None]:
    """Empty a contact, then delete it."""
    found = schemas.person((yield contact(one)))
    if not found:
        return
    emails = [{"id": row["id"], "value": row["value"], "_destroy": True} for row in rows(found[0].values, "emails")]
    own = dict.fromkeys(name for name in (*FIELDS["contact"], *settings.profile_fields) if name.startswith("cf_"))
    blank = {**dict.fromkeys(BLANK), "last_name": "[erased]", "emails": emails, "custom_field": own}
    yield HttpRequest("PUT", f"{API}/contacts/{one}", {"contact": blank}, accept=frozenset({404}))
    yield HttpRequest("DELETE", f"{API}/contacts/{one}", None, accept=frozenset({404}))


def changing(order: str, name: str, person: str) -> HttpRequest:
    """Give a deal a contact, or take it."""
    return HttpRequest("PUT", f"{API}/deals/{order}", {"deal": {name: [person]}}, accept=REFUSED)


def link(pairs: Sequence[tuple[str, str]], _: FreshsalesSettings) -> Script[Mapping[str, str]]:
    """Give deals their contacts; those that people gave them stay."""
    refused = {}
    for order, person in pairs:
        answer = yield changing(order, "contacts_added_list", person)
        if answer.is_success:
            record(answer, "deal")
        else:
            refused[order] = words_of(answer)
    return refused


def unlink(pairs: Sequence[tuple[str, str]], _: FreshsalesSettings) -> Script[None]:
    """Take deals from contacts."""
    for order, person in pairs:
        yield changing(order, "contacts_removed_list", person)


def accounts_of(names: Sequence[str], _: FreshsalesSettings) -> Iterator[Call[Sequence[Found]]]:
    """The accounts of these names."""

    def found(response: httpx.Response) -> Sequence[Found]:
        return named(COMPANY, ((one["id"], one.get("name")) for one in records(response, "sales_account")))

    return (Call(asked, found) for asked in search("sales_account", "name", names))


def account(name: str, _: FreshsalesSettings) -> Call[str]:
    """A new account."""
    asked = HttpRequest("POST", f"{API}/sales_accounts", {"sales_account": {"name": name}})
    return Call(asked, lambda response: str(record(response, "sales_account")["id"]))


DIALECT: Dialect[FreshsalesSettings] = Dialect(
    people=People(
        own=PROFILE_ID,
        email="email",
        unique=frozenset({EMAIL}),
        find=find,
        read=read,
        values=standing(lambda ids, names, _: map(contact, ids), values),
        form=schemas.form,
        lists=frozenset({"email", ACCOUNT, str(MAP.field("emails"))}),
        opt_outs=MAP.subjects(),
        create=writing("contact", PROFILE_ID),
        update=writing("contact", PROFILE_ID),
        erase=erase,
    ),
    orders=Orders(
        own=ORDER_KEY,
        find=lambda keys, _: (schemas.deals(value) for _, value in keys),
        create=writing("deal", ORDER_KEY),
        update=writing("deal", ORDER_KEY),
        link=link,
        unlink=unlink,
        values=standing(lambda ids, names, _: map(deal, ids), values),
        form=schemas.form,
    ),
    companies=Companies(name=COMPANY, id=ACCOUNT, find=accounts_of, create=account),
    activities=ACTIVITIES,
)

DESTINATION = destination(
    DIALECT,
    MAP,
    prepare=schemas_check.prepare,
    authorise=lambda settings: {"authorization": f"Token token={settings.api_key.get_secret_value()}"},
    api_root=lambda settings: settings.base_url or f"https://{settings.alias}.myfreshworks.com/crm/sales",
    check=schemas_check.check,
    fields=schemas_check.fields,
    limits=lambda settings: Limits(batch=20, calls=settings.calls_per_hour, per_seconds=3600.0),
)
