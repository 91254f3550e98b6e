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
from hub.connectors.suitecrm.schemas import Record, delete, get, is_gone, one, relate, save, several, where, words
from hub.connectors.suitecrm.schemas_check import check, fields
from hub.connectors.suitecrm.schemas_fields import ORDER_KEY, PEOPLE, PROFILE_ID
from hub.errors import Refusal, RejectedError, Unavailable
from hub.sdk.crm import Batch, Call, Companies, Dialect, Found, Item, Key, Made, Orders, People, Script, destination
from hub.sdk.crm.dialect import EMAIL as BY_EMAIL
from hub.sdk.crm.dialect import Answers

NAMELESS = "?"
ADDRESSES = "email_addresses"
MOST_ADDRESSES = 10
"""Addresses of one contact that SuiteCRM takes at once: email1 to email10."""

MOVED = ("opportunities", "notes", "calls", "meetings", "tasks", "cases", "documents")
"""What of a contact goes along when it is merged."""

BLANK = (
    *("first_name", "title", "department", "description", "phone_mobile", "phone_work", "phone_home", "phone_other"),
    *("phone_fax", "birthdate", "assistant", "assistant_phone"),
    *(f"primary_address_{part}" for part in ("street", "city", "state", "postalcode", "country")),
    *(f"alt_address_{part}" for part in ("street", "city", "state", "postalcode", "country")),
)


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
        record = _read(response)
        emails = (record.text(name).lower() for name in (EMAIL, "email2"))
        keys = frozenset((BY_EMAIL, email) for email in emails if email)
        return (Found(record.id, record.text(PROFILE_ID) or None, keys),)

    return (Call(get(f"Contacts/{record}", gone=True), found) for record in ids)


def _read(response: httpx.Response) -> Record:
    if said := words(response):
        raise RejectedError(said)
    return one(response)


def values_in(module: str) -> Any:
    """What stands in these attributes of these records."""

    def script(ids: Sequence[str], names: Sequence[str], _: SuiteSettings) -> Script[Mapping[str, Mapping[str, Any]]]:
        found: dict[str, Mapping[str, Any]] = {}
        for record in ids:
            response = yield get(f"{module}/{record}", gone=True)
            if not is_gone(response):
                there = _read(response)
                found[record] = {name: there.text(name) for name in names}
        return found

    return script


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
    new = item.id is None
    return Call(save(module, item.id, body), lambda response: {item.write.key: schemas.answered(response, new=new)})


def settle(record: str, item: Item, _: SuiteSettings) -> Script[None]:
    """Give a contact its main e-mail, and keep the others it has, each with its opt-out."""
    if EMAIL not in item.properties:
        return
    wanted = str(item.properties[EMAIL])
    main = (yield from _main(record)).lower() if item.id else ""
    if main == wanted.lower():
        return
    there = several((yield get(f"Contacts/{record}/relationships/{ADDRESSES}"))) if item.id else ()
    kept = [row for row in there if row.text("email_address").lower() not in (main, wanted.lower())]
    known = several((yield where("EmailAddresses", "email_address_caps", wanted.upper()))) if wanted else ()
    out = any(row.text("opt_out") == "1" for row in (*there, *known)) or item.properties.get(OPTED_OUT) == "1"
    for row in there:
        yield delete(f"Contacts/{record}/relationships/{ADDRESSES}/{row.id}")
    emails = [one for one in (wanted, *(row.text("email_address") for row in kept)) if one][:MOST_ADDRESSES]
    if not emails:
        return
    body = {f"email{place}": email for place, email in enumerate(emails, start=1)}
    answer = yield save("Contacts", record, {**body, **({OPTED_OUT: "1"} if out else {})})
    if said := words(answer):
        raise RejectedError(said)
    if wanted and wanted.lower() not in (one(answer).text(EMAIL).lower(), (yield from _main(record)).lower()):
        raise RejectedError("SuiteCRM does not take the e-mail", refused=[Refusal(EMAIL, "is not taken")])


def _main(record: str) -> Script[str]:
    """The main e-mail of a contact. Raises Unavailable where the contact has gone meanwhile."""
    response = yield get(f"Contacts/{record}", gone=True)
    if is_gone(response):
        raise Unavailable("the contact was deleted meanwhile", uncertain=True)
    return _read(response).text(EMAIL)


def opt_out(emails: Sequence[str], _: SuiteSettings) -> Script[Mapping[str, str]]:
    """Opt these addresses out, whoever has them."""
    refused: dict[str, str] = {}
    for email in emails:
        for row in several((yield where("EmailAddresses", "email_address_caps", email.upper()))):
            if row.text("opt_out") != "1" and (said := words((yield save("EmailAddresses", row.id, {"opt_out": "1"})))):
                refused[email] = said
    return refused


def merge(kept: str, gone: str, _: SuiteSettings) -> Script[str]:
    """What SuiteCRM's own merge does, by its API: fill in what the first lacks, move what hangs on the second."""
    first, second = (yield get(f"Contacts/{kept}", gone=True)), (yield get(f"Contacts/{gone}", gone=True))
    held, other = _read(first), _read(second)
    lacking = {
        name: value
        for name in (*BLANK, "last_name", COMPANY)
        if (value := other.text(name)) and name != COMPANY and held.text(name) in ("", NAMELESS)
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
        values=values_in("Contacts"),
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
        values=values_in("Opportunities"),
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
