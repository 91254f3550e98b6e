"""Writes profiles as contacts and orders as deals, one by one, by the algorithm of ``hub.sdk.crm``.

A contact has one e-mail, which ActiveCampaign lets no second one have. Whether it may be mailed is told by its lists:
Hub puts nobody on a list of which a trace is there already, and nobody who bounced, or left all the lists they were on,
on any. Nobody is taken off a list but by an opt-out: ActiveCampaign knows no other way than to unsubscribe them, which
would read like a word of theirs.

Sources: see ``schemas``, and developers.activecampaign.com/reference/update-a-contact-new, …/update-list-status-for-
contact, …/create-contact-tag, …/create-new-contactautomation, …/delete-contact, …/deal, …/create-a-deal-new (value in
hundredths, lower-case currency; ``owner`` where the pipeline assigns nobody), …/list-all-deals (``filters[search]``),
PipedreamHQ/pipedream#4612 (a search that is put wrongly gives any contact, so that answers are compared).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

import httpx

from hub.connectors.activecampaign import schemas
from hub.connectors.activecampaign.activities import ACTIVITIES
from hub.connectors.activecampaign.manifest import ActiveCampaignSettings
from hub.connectors.activecampaign.mapping import AUTOMATION, CONTACT, LIST, MAP, OPTED_OUT, OWN, TAG, reference, render
from hub.connectors.activecampaign.schemas import (
    ACTIVE,
    API,
    BOUNCED,
    GONE,
    REFUSED,
    UNSUBSCRIBED,
    Contacts,
    Deals,
    OneDeal,
    Tags,
    Values,
    Whole,
    get,
    post,
)
from hub.connectors.activecampaign.schemas_fields import ORDER_KEY, PROFILE_ID
from hub.connectors.activecampaign.schemas_setup import DEAL_OWN, LEARN, check, fields, prepare
from hub.errors import Refusal, RejectedError
from hub.sdk.crm import Batch, Call, Dialect, Found, Item, Key, Made, Orders, People, Problem, Script, destination
from hub.sdk.crm.answers import read_as
from hub.sdk.crm.dialect import EMAIL, Answers
from hub.sdk.destination import HttpRequest
from hub.sdk.http import error_of

NO_AUTOMATION = "SubscriberSeries"
"""What a 403 says of an automation that is gone; any other is about the API key."""

HUNDREDTHS = 100
"""A deal's value is in these of its currency, whichever that is (developers.activecampaign.com/reference/deal)."""


def find(keys: Sequence[Key], settings: ActiveCampaignSettings) -> Iterator[Call[Sequence[Found]]]:
    """The contacts that have any of these ids of ours or e-mails; only a contact read by its id tells both."""
    for name, value in keys:
        if name == EMAIL:
            yield Call(get("contacts", {"email": value}), _bare)
        elif field := settings.field_ids.get(PROFILE_ID):
            yield Call(get("fieldValues", {"filters[fieldid]": field, "filters[val]": value}), _owned)


def _bare(response: httpx.Response) -> Sequence[Found]:
    return [Found(one.id, bare=True) for one in read_as(Contacts, response).contacts]


def _owned(response: httpx.Response) -> Sequence[Found]:
    return [Found(one.contact, bare=True) for one in read_as(Values, response).values if one.contact]


def read(ids: Sequence[str], settings: ActiveCampaignSettings) -> Iterator[Call[Sequence[Found]]]:
    """The contacts behind these ids."""

    def told(response: httpx.Response) -> Sequence[Found]:
        return () if response.status_code in GONE else (read_as(Whole, response).found(settings),)

    return (Call(get(f"contacts/{one}", accept=GONE), told) for one in ids)


def values(
    ids: Sequence[str], names: Sequence[str], settings: ActiveCampaignSettings
) -> Script[Mapping[str, Mapping[str, Any]]]:
    """What stands in these properties of these contacts."""
    found: dict[str, Mapping[str, Any]] = {}
    for one in ids:
        response = yield get(f"contacts/{one}", accept=GONE)
        if response.status_code not in GONE:
            whole = read_as(Whole, response)
            found[one] = {name: whole.held(name, settings) for name in names}
    return found


def write_person(items: Sequence[Item], settings: ActiveCampaignSettings) -> Call[Answers]:
    """Create or update one contact. An e-mail is never cleared; lists, tags and automations are for ``settle``."""
    [item] = items
    told, ids = {PROFILE_ID: item.write.key, **item.properties}, settings.field_ids
    own = {name: told[name] for name in OWN if name in told and (name != "email" or told[name])}
    if settings.phone_only and not (told if item.id is None else item.write.mirror).get("email"):
        own |= {"email": None, **({} if item.id else {"allowNullEmail": True})}
    rows = [{"field": ids[name], "value": value} for name, value in told.items() if name in ids]
    method, path = ("PUT", f"{API}/contacts/{item.id}") if item.id else ("POST", f"{API}/contacts")
    body = {"contact": {**own, "fieldValues": rows}}
    return Call(HttpRequest(method, path, body, accept=REFUSED), partial(_written, item))


def _written(item: Item, response: httpx.Response) -> Answers:
    if not response.is_success:
        return {item.write.key: schemas.problem(response)}
    return {item.write.key: Made(read_as(Whole, response).contact.id, item.id is None)}


def settle(record: str, item: Item, settings: ActiveCampaignSettings) -> Script[None]:
    """Put a contact on lists, tag it and let it enter automations, as far as what stands there lets it.

    Raises RejectedError with all that was refused; the rest was done.
    """
    kinds = {name: (LIST, TAG, AUTOMATION) if value else (TAG,) for name, value in item.properties.items()}
    told = {name: item.properties[name] for name, several in kinds.items() if name.startswith(several)}
    if not told:
        return
    there = read_as(Whole, (yield get(f"contacts/{record}")))
    tagged: dict[str, str] = {}
    if any(name.startswith(TAG) for name in told):
        tagged = {row.tag: row.id for row in read_as(Tags, (yield get(f"contacts/{record}/contactTags"))).tags}
    refused: list[Refusal] = []
    words = ""
    for name, value in told.items():
        request = _request(record, name, bool(value), there, tagged, settings)
        answer = (yield request) if request else None
        if answer is not None and not answer.is_success:
            words = schemas.problem(answer).words
            if answer.status_code == 403 and NO_AUTOMATION not in words:
                raise error_of(answer)
            refused.append(Refusal(name, words))
    if refused:
        raise RejectedError(words, refused=refused)


def _request(
    record: str, name: str, wanted: bool, there: Whole, tagged: Mapping[str, str], settings: ActiveCampaignSettings
) -> HttpRequest | None:
    """What one list, tag or automation takes; None where nothing is to be done, or may be."""
    kind, _, one = name.partition(" ")
    if f"{kind} " == LIST:
        return status(record, one, ACTIVE) if one not in there.rows and may_join(there) else None
    if f"{kind} " == AUTOMATION:
        entered = one in {each.automation for each in there.automations}
        return None if entered else post("contactAutomations", "contactAutomation", 403, contact=record, automation=one)
    tag = settings.tag_ids.get(one, "")
    if wanted:
        return None if tag in tagged else post("contactTags", "contactTag", contact=record, tag=tag)
    return HttpRequest("DELETE", f"{API}/contactTags/{tagged[tag]}", None, accept=GONE) if tag in tagged else None


def may_join(there: Whole) -> bool:
    """Whether a contact may be put on a list it was never on: not who bounced, or left all the lists they were on."""
    held = {*there.rows.values()}
    bounced = BOUNCED in held or there.contact.bounced_hard not in (None, "", "0")
    return not bounced and (UNSUBSCRIBED not in held or ACTIVE in held)


def status(record: str, one: str, told: str) -> HttpRequest:
    """Set how a contact stands on a list."""
    return post("contactLists", "contactList", list=one, contact=record, status=told)


def opt_out(emails: Sequence[str], settings: ActiveCampaignSettings) -> Script[Mapping[str, str]]:
    """Unsubscribe whoever has these e-mails from every list they are on, and from Hub's, so that nobody adds them."""
    refused: dict[str, str] = {}
    for email in emails:
        found = read_as(Contacts, (yield get("contacts", {"email": email}))).contacts
        for contact in (one for one in found if (one.email or "").lower() == email.lower()):
            response = yield get(f"contacts/{contact.id}", accept=GONE)
            rows = read_as(Whole, response).rows if response.is_success else {}
            left = [
                one for one in dict.fromkeys((*rows, *settings.lists)) if rows.get(one) not in (UNSUBSCRIBED, BOUNCED)
            ]
            for one in left if response.is_success else ():
                answer = yield status(contact.id, one, UNSUBSCRIBED)
                if not answer.is_success and one in rows:
                    refused[email] = schemas.problem(answer).words
    return refused


def erase(record: str, _: ActiveCampaignSettings) -> Script[None]:
    """Delete a contact, and with it its notes, lists and fields."""
    yield HttpRequest("DELETE", f"{API}/contacts/{record}", None, accept=GONE)


def write_order(items: Sequence[Item], settings: ActiveCampaignSettings) -> Call[Answers]:
    """Create or update one deal. Pipeline and owner are given once; what people make of them stays."""
    [item] = items
    told, ids = item.properties, settings.deal_field_ids
    own = {
        "contact" if name == CONTACT else name: _typed(name, value)
        for name, value in told.items()
        if name in DEAL_OWN and value
    }
    customs = [
        {"customFieldId": schemas.number(ids[name]), "fieldValue": value} for name, value in told.items() if name in ids
    ]
    first = {"group": str(settings.pipeline), "owner": str(settings.owner)} if item.id is None else {}
    method, path = ("PUT", f"{API}/deals/{item.id}") if item.id else ("POST", f"{API}/deals")
    body = {"deal": {**first, **own, **({"fields": customs} if customs else {})}}

    def answered(response: httpx.Response) -> Made | Problem:
        if not response.is_success:
            return schemas.problem(response)
        return Made(read_as(OneDeal, response).deal.id, item.id is None)

    return Call(HttpRequest(method, path, body, accept=REFUSED), lambda response: {item.write.key: answered(response)})


def _typed(name: str, value: str) -> int | str:
    try:
        if name == "value":
            return int((Decimal(value) * HUNDREDTHS).to_integral_value())
        return int(value) if name == "status" else value
    except (ArithmeticError, ValueError):
        return value  # a mapping file's: ActiveCampaign refuses it by name


def find_orders(keys: Sequence[Key], _: ActiveCampaignSettings) -> Iterator[Call[Sequence[Found]]]:
    """The deals of these orders, by the end of their titles."""

    def found(key: str, response: httpx.Response) -> Sequence[Found]:
        deals = read_as(Deals, response).deals
        return [Found(one.id, key) for one in deals if (one.title or "").endswith(reference(key))]

    for _name, key in keys:
        query = {"filters[search]": reference(key), "filters[search_field]": "title"}
        yield Call(get("deals", query), partial(found, key))


def order_values(
    ids: Sequence[str], names: Sequence[str], settings: ActiveCampaignSettings
) -> Script[Mapping[str, Mapping[str, Any]]]:
    """What stands in these properties of these deals."""
    found: dict[str, Mapping[str, Any]] = {}
    for one in ids:
        response = yield get(f"deals/{one}", accept=GONE)
        if response.status_code in GONE:
            continue
        deal = read_as(OneDeal, response).deal.model_dump()
        deal["value"] = deal["value"] and Decimal(deal["value"]) / HUNDREDTHS
        rows = read_as(schemas.DealData, (yield get("dealCustomFieldData", {"filters[dealId]": one}))).data
        customs = {row.field: row.value for row in rows}
        found[one] = {
            name: deal[name] if name in DEAL_OWN else customs.get(settings.deal_field_ids.get(name, ""))
            for name in names
        }
    return found


DIALECT: Dialect[ActiveCampaignSettings] = Dialect(
    people=People(
        own=PROFILE_ID,
        unique=frozenset({EMAIL}),
        find=find,
        read=read,
        values=values,
        create=Batch(1, write_person),
        update=Batch(1, write_person),
        settle=settle,
        opt_outs=MAP.subjects(),
        opt_out=opt_out,
        erase=erase,
    ),
    orders=Orders(
        own=ORDER_KEY,
        find=find_orders,
        create=Batch(1, write_order),
        update=Batch(1, write_order),
        link_property=CONTACT,
        values=order_values,
    ),
    opts_out=lambda write, _: bool(write.properties.get(OPTED_OUT)),
    activities=ACTIVITIES,
)

DESTINATION = destination(
    DIALECT,
    render,
    learn=LEARN,
    prepare=prepare,
    authorise=lambda settings: {"api-token": settings.api_token.get_secret_value()},
    api_root=lambda settings: settings.base_url or "",
    essential=MAP.essential,
    check=check,
    fields=fields,
    takes_orders=MAP.takes_orders,
)
