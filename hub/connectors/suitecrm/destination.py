"""Writes people as contacts, and orders as opportunities, by the algorithm of ``hub.sdk.crm``.

One record a call. An e-mail is a record of its own, which others share, with its opt-out: a contact that is saved with
an address sets the address's opt-out to its own. A contact that has addresses keeps them, whatever ``email1`` a change
names; newer releases rename the shared record instead. So Hub never sends ``email1`` of a contact that has addresses:
it reads the opt-outs, takes the addresses off, and gives all of them again with the opt-out that one of them has.

Sources: see ``schemas``; github.com/SuiteCRM/SuiteCRM include/SugarEmailAddress/SugarEmailAddress.php
(``needsToParseLegacyAddresses``, ``AddUpdateEmailAddress``), modules/EmailAddresses/EmailAddress.php,
Api/V8/Service/RelationshipService.php; SuiteCRM#10513 and #9960 (``email1`` of a change is ignored), #4145 (opt-outs
are lost), #9378 (filter by ``email1``, since 7.12.3).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import httpx

from hub.connectors.suitecrm import schemas
from hub.connectors.suitecrm.activities import ACTIVITIES
from hub.connectors.suitecrm.manifest import SuiteSettings
from hub.connectors.suitecrm.mapping import ACCOUNT, COMPANY, EMAIL, MAP, NEVER_CALL, OPTED_OUT
from hub.connectors.suitecrm.schemas import delete, get, is_gone, read_one, relate, save, several, where, words
from hub.connectors.suitecrm.schemas_addresses import ADDRESSES, opt_out, settle
from hub.connectors.suitecrm.schemas_check import check, fields
from hub.connectors.suitecrm.schemas_fields import BLANK, MOVED, ORDER_KEY, PEOPLE, PROFILE_ID
from hub.errors import RejectedError
from hub.sdk.crm import Batch, Call, Companies, Dialect, Found, Item, Key, Made, Orders, People, Script, destination
from hub.sdk.crm.dialect import EMAIL as BY_EMAIL
from hub.sdk.crm.dialect import Answers

NAMELESS = "?"


def find(keys: Sequence[Key], _: SuiteSettings) -> Iterator[Call[Sequence[Found]]]:
    """The contacts with any of these ids of ours or e-mails. A search knows addresses of before: each is read."""

    def bare(response: httpx.Response) -> Sequence[Found]:
        return [Found(record.id, bare=True) for record in several(response)]

    for name, value in keys:
        yield Call(where("Contacts", EMAIL if name == BY_EMAIL else PROFILE_ID, value), bare)


def read(ids: Sequence[str], _: SuiteSettings) -> Iterator[Call[Sequence[Found]]]:
    """The contacts behind these ids. One that was merged or deleted is not there."""

    def found(response: httpx.Response) -> Sequence[Found]:
        if is_gone(response):
            return ()
        record = read_one(response)
        emails = (record.text(name).lower() for name in (EMAIL, "email2"))
        return (Found(record.id, record.text(PROFILE_ID) or None, frozenset((BY_EMAIL, one) for one in emails if one)),)

    return (Call(get(f"Contacts/{record}", gone=True), found) for record in ids)


def write_person(items: Sequence[Item], _: SuiteSettings) -> Call[Answers]:
    """Create or update one contact; its e-mail and opt-out follow."""
    [item] = items
    body = {name: value for name, value in item.properties.items() if name not in (EMAIL, OPTED_OUT)}
    if not body.get(NEVER_CALL):  # law L7: what was refused stays so
        body.pop(NEVER_CALL, None)
    if item.id is None:
        body.setdefault("last_name", NAMELESS)
    return _writing("Contacts", item, {PROFILE_ID: item.write.key, **body})


def write_order(items: Sequence[Item], _: SuiteSettings) -> Call[Answers]:
    """Create or update one opportunity."""
    [item] = items
    return _writing("Opportunities", item, item.properties)


def _writing(module: str, item: Item, body: Mapping[str, Any]) -> Call[Answers]:
    request = save(module, item.id, body)
    return Call(request, lambda response: {item.write.key: schemas.answered(response, new=item.id is None)})


def merge(kept: str, gone: str, _: SuiteSettings) -> Script[str]:
    """What SuiteCRM's own merge does, by its API: fill in what the first lacks, move what hangs on the second."""
    first, second = (yield get(f"Contacts/{kept}", gone=True)), (yield get(f"Contacts/{gone}", gone=True))
    held, other = read_one(first), read_one(second)
    lacking = {
        name: value
        for name in (*BLANK, "last_name")
        if (value := other.text(name)) and held.text(name) in ("", NAMELESS)
    }
    if lacking and (said := words((yield save("Contacts", kept, lacking)))):
        raise RejectedError(said)
    for link in MOVED:
        for row in several((yield get(f"Contacts/{gone}/relationships/{link}"))):
            if said := words((yield relate(f"Contacts/{kept}", link.capitalize(), row.id))):
                raise RejectedError(said)
    if said := words((yield delete(f"Contacts/{gone}"))):
        raise RejectedError(said)
    return kept


def erase(record: str, settings: SuiteSettings) -> Script[None]:
    """Empty a contact, take its addresses off, then delete it: SuiteCRM only marks what is deleted."""
    own = dict.fromkeys((*BLANK, *PEOPLE, *settings.profile_fields), "")
    for row in several((yield get(f"Contacts/{record}/relationships/{ADDRESSES}"))):
        yield delete(f"Contacts/{record}/relationships/{ADDRESSES}/{row.id}")
    answer = yield save("Contacts", record, {**own, "last_name": NAMELESS})
    if said := words(answer) or words((yield delete(f"Contacts/{record}"))):
        raise RejectedError(said)


def find_orders(keys: Sequence[Key], _: SuiteSettings) -> Iterator[Call[Sequence[Found]]]:
    """The opportunities of these orders."""

    def found(response: httpx.Response) -> Sequence[Found]:
        return [Found(record.id, record.text(ORDER_KEY)) for record in several(response)]

    return (Call(where("Opportunities", ORDER_KEY, value), found) for _name, value in keys)


def link(pairs: Sequence[tuple[str, str]], _: SuiteSettings) -> Script[Mapping[str, str]]:
    """Relate opportunities to contacts; those that people related stay."""
    refused: dict[str, str] = {}
    for order, contact in pairs:
        if said := words((yield relate(f"Opportunities/{order}", "Contacts", contact))):
            refused[order] = said
    return refused


def unlink(pairs: Sequence[tuple[str, str]], _: SuiteSettings) -> Script[None]:
    """Take opportunities from contacts."""
    for order, contact in pairs:
        words((yield delete(f"Opportunities/{order}/relationships/contacts/{contact}")))


def find_companies(names: Sequence[str], _: SuiteSettings) -> Iterator[Call[Sequence[Found]]]:
    """The accounts of these names."""

    def found(name: str, response: httpx.Response) -> Sequence[Found]:
        return [Found(record.id, keys=frozenset({(COMPANY, name)})) for record in several(response)[:1]]

    return (Call(where("Accounts", "name", name), partial(found, name)) for name in names)


def create_company(name: str, _: SuiteSettings) -> Call[str]:
    """A new account, of which nothing is known but the name."""

    def made(response: httpx.Response) -> str:
        told = schemas.answered(response, new=True)
        if not isinstance(told, Made):
            raise RejectedError(told.words)
        return told.id

    return Call(save("Accounts", None, {"name": name}), made)


DIALECT: Dialect[SuiteSettings] = Dialect(
    people=People(
        own=PROFILE_ID,
        email=EMAIL,
        find=find,
        read=read,
        values=schemas.values_in("Contacts"),
        create=Batch(1, write_person),
        update=Batch(1, write_person),
        settle=settle,
        opt_outs=MAP.subjects(),
        opt_out=opt_out,
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
        values=schemas.values_in("Opportunities"),
    ),
    companies=Companies(name=COMPANY, id=ACCOUNT, find=find_companies, create=create_company),
    opts_out=lambda write, _: bool(write.properties.get(OPTED_OUT)),
    activities=ACTIVITIES,
)

DESTINATION = destination(
    DIALECT,
    MAP.render,
    essential=MAP.essential,
    api_root=lambda settings: settings.base_url or "",
    check=check,
    fields=fields,
    takes_orders=MAP.takes_orders,
)
