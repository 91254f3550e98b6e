"""Writes profiles as contacts and orders as deals, one by one, by the algorithm of ``hub.sdk.crm``.

A contact has one e-mail, which ActiveCampaign lets no second one have. Whether it may be mailed is told by its lists:
Hub puts nobody on a list of which a trace is there already, and nobody who bounced, or left all the lists they were on,
on any. Nobody is taken off a list but by an opt-out: ActiveCampaign knows no other way than to unsubscribe them, which
would read like a word of theirs.

Sources: see ``schemas`` and ``schemas_deals``, and developers.activecampaign.com/reference/update-list-status-for-
contact, …/create-contact-tag, …/create-new-contactautomation, …/delete-contact;
PipedreamHQ/pipedream#4612 (a search that is put wrongly gives any contact, so that answers are compared).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import httpx

from hub.connectors.activecampaign import schemas
from hub.connectors.activecampaign.activities import ACTIVITIES
from hub.connectors.activecampaign.manifest import ActiveCampaignSettings
from hub.connectors.activecampaign.mapping import AUTOMATION, CONTACT, LIST, MAP, OPTED_OUT, TAG, render
from hub.connectors.activecampaign.schemas import API, GONE, UNSUBSCRIBED, Contacts, Tags, Values, Whole, get
from hub.connectors.activecampaign.schemas_deals import find_orders, order_values, write_order
from hub.connectors.activecampaign.schemas_fields import ORDER_KEY, PROFILE_ID
from hub.connectors.activecampaign.schemas_lists import NO_AUTOMATION, left_by, request, status
from hub.connectors.activecampaign.schemas_people import write_person
from hub.connectors.activecampaign.schemas_setup import LEARN, check, fields, prepare
from hub.errors import Refusal, RejectedError
from hub.sdk.crm import Batch, Call, Dialect, Found, Item, Key, Orders, People, Script, destination
from hub.sdk.crm.answers import read_as
from hub.sdk.crm.dialect import EMAIL
from hub.sdk.destination import HttpRequest
from hub.sdk.http import error_of


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
        asked = request(record, name, bool(value), there, tagged, settings)
        answer = (yield asked) if asked else None
        if answer is not None and not answer.is_success:
            words = schemas.problem(answer).words
            if answer.status_code == 403 and NO_AUTOMATION not in words:
                raise error_of(answer)
            refused.append(Refusal(name, words))
    if refused:
        raise RejectedError(words, refused=refused)


def opt_out(emails: Sequence[str], settings: ActiveCampaignSettings) -> Script[Mapping[str, str]]:
    """Unsubscribe whoever has these e-mails from every list they are on, and from Hub's, so that nobody adds them."""
    refused: dict[str, str] = {}
    for email in emails:
        found = read_as(Contacts, (yield get("contacts", {"email": email}))).contacts
        for contact in (one for one in found if (one.email or "").lower() == email.lower()):
            response = yield get(f"contacts/{contact.id}", accept=GONE)
            there = read_as(Whole, response) if response.is_success else None
            for one in left_by(there, settings) if there else ():
                answer = yield status(contact.id, one, UNSUBSCRIBED)
                if not answer.is_success and there and one in there.rows:
                    refused[email] = schemas.problem(answer).words
    return refused


def erase(record: str, _: ActiveCampaignSettings) -> Script[None]:
    """Delete a contact, and with it its notes, lists and fields."""
    yield HttpRequest("DELETE", f"{API}/contacts/{record}", None, accept=GONE)


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
