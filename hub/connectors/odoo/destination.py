"""Odoo as the algorithm of ``hub.sdk.crm`` sees it: contacts (res.partner) and opportunities (crm.lead).

What Hub makes has an External ID of Hub's, so that nothing is made twice whatever becomes of an answer. Whose a record
is stands in a field of Hub's own beside that: a field is read and searched with the record by whoever may read that,
while ir.model.data is not everybody's to read, and leads elsewhere once people merge. Odoo refuses no duplicate, so
that Hub looks for people first. A merge moves what hangs on the second contact and archives it; Odoo's own merge is a
wizard without a stable interface, which deletes it.

Sources: www.odoo.com/documentation/18.0/developer/reference/external_api.html (search_read, ir.model.fields: ``state``
manual, names that begin with x_); odoo/odoo: res_partner.py (types of contacts, archiving), mail_blacklist.py (one
entry for an e-mail, archived when it is lifted), mail_thread_blacklist.py (email_normalized, from 13 on),
base_partner_merge.py (External IDs of the merged lead to what is left), crm_lead.py (a lost opportunity is archived
with the probability 0).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from email.utils import getaddresses
from typing import Any

import httpx

from hub.connectors.odoo import activities, activities_tasks, schemas
from hub.connectors.odoo.manifest import MANIFEST, OdooSettings
from hub.connectors.odoo.mapping import ADDRESS, MAP, OPT_OUT, PARENT, PARTNER
from hub.connectors.odoo.schemas import call, loaded, records
from hub.connectors.odoo.schemas_fields import FIELDS, MERGED, ORDER_KEY, PROFILE_ID
from hub.connectors.odoo.schemas_setup import check, fields, learn, prepare
from hub.connectors.odoo.source_columns import COMPANY
from hub.errors import NotFound, RejectedError
from hub.sdk.crm import Batch, Call, Companies, Dialect, Found, Item, Key, Orders, People, Script, destination
from hub.sdk.crm.calls import chunks
from hub.sdk.crm.dialect import EMAIL, Answers
from hub.sdk.crm.standing import Values, named, standing
from hub.sdk.destination import HttpRequest

_WILD = re.compile(r"[\\%_]")
SIZE = MANIFEST.limits.batch
PEOPLE, LEADS = "res.partner", "crm.lead"
READ = ("email", "active", "parent_id", PROFILE_ID)
PERSONAL = (
    *("name", "email", "phone", "mobile", "street", "street2", "zip", "city", "state_id", "country_id", "function"),
    *("comment", "website", "vat", "ref", "email_from", "contact_name", "partner_name", "title", "parent_id"),
)
"""What may tell of a person, in a contact or an opportunity of any version."""


def columns(item: Item) -> dict[str, str]:
    """What is loaded of an item, beside what says which record it is."""
    write, held = item.write, {name: str(value) for name, value in item.properties.items()}
    if write.kind == "order":
        return {
            # without it a record that was deleted cannot be made anew; one whose name people may change is not told it
            **({} if "name" in write.rules and item.id else {"name": str(write.mirror.get("name") or write.key)}),
            **held,
        }  # it may have been deleted, and be made anew
    if item.there and item.there.values.get("parent_id") and PARENT not in held:
        # people filed it below a company: from there on Odoo takes its address for the company's
        held = {name: value for name, value in held.items() if name not in ADDRESS}
    if not held.get("name") and (item.id is None or "name" in held):
        held["name"] = str(write.mirror.get("email") or write.mirror.get("phone") or f"Hub {write.key}")
    if item.id is None and write.merged_ids:
        held |= {"active": "1", MERGED: ""}  # it is archived since it was merged
    if write.kind == "profile" and held.get("active") == "":
        held["active"] = "1"  # who had left is back
    return held


def identity(item: Item) -> tuple[str, str] | None:
    """The column that says which record it is; None for one to be made without any.

    So is a contact that is gone: its External ID may lead to what people merged it into.
    """
    if item.write.kind == "order":
        return "id", f"__hub__.order_{item.write.key}"
    if item.id is not None:
        return ".id", item.id
    return None if item.write.external_id else ("id", f"__hub__.contact_{item.write.key}")


def row(item: Item) -> dict[str, str]:
    """All that is loaded of an item."""
    which = identity(item)
    return {**({which[0]: which[1]} if which else {}), **columns(item)}


def loading(model: str) -> Batch[OdooSettings]:
    """Records are made, or updated, by their columns."""

    def request(items: Sequence[Item], settings: OdooSettings) -> Call[Answers]:
        rows = [row(item) for item in items]
        context = {} if model == PEOPLE else {"default_user_id": False}  # Hub is nobody's salesperson
        names = sorted(rows[0])
        data = [[one[name] for name in names] for one in rows]
        sent = call(settings, model, "load", fields=names, data=data, context=context)
        return Call(sent, lambda response: schemas.answers(response, items))

    return Batch(SIZE, request, alike=lambda item: frozenset(row(item)))


def search(settings: OdooSettings, model: str, domain: Sequence[Any], fields: Sequence[str] = ("id",)) -> HttpRequest:
    """The records of a domain, archived ones as well, the oldest first."""
    return call(settings, model, "search_read", domain=list(domain), fields=list(fields), order="id")


def update(settings: OdooSettings, model: str, ids: Sequence[Any], values: Mapping[str, str]) -> HttpRequest:
    """The same values for all of these."""
    data = [[str(one), *values.values()] for one in ids]
    return call(settings, model, "load", fields=[".id", *values], data=data)


def find(keys: Sequence[Key], settings: OdooSettings) -> Iterator[Call[Sequence[Found]]]:
    """The contacts that carry these ids of ours, and people (no companies, no mere addresses) with these e-mails."""
    own = [value for name, value in keys if name == PROFILE_ID]
    for chunk in chunks(own, SIZE):
        yield Call(search(settings, PEOPLE, [[PROFILE_ID, "in", chunk]], READ), found)
    people = [["active", "=", True], ["is_company", "=", False], ["type", "=", "contact"]]
    for emails in chunks((value for name, value in keys if name == EMAIL), SIZE):
        # People type e-mails in any case. From 13 on they stand in one spelling, too, which is found faster.
        like = [["email", "=ilike", _WILD.sub(r"\\\g<0>", email)] for email in emails]
        same = ["|"] * (len(like) - 1) + like if settings.api == "jsonrpc" else [["email_normalized", "in", emails]]
        yield Call(search(settings, PEOPLE, [*people, *same], READ), found)


def found(response: Any) -> list[Found]:
    """Contacts as they are there."""
    return [
        Found(
            str(row["id"]),
            row.get(PROFILE_ID) or None,
            # people type several, and names before them
            frozenset((EMAIL, one.lower()) for _, one in getaddresses([row.get("email") or ""]) if one),
            values=row,
        )
        for row in records(response)
    ]


def read(ids: Sequence[str], settings: OdooSettings) -> Iterator[Call[Sequence[Found]]]:
    """The contacts of these ids. One that Hub archived when it merged it is no more; people's archived ones are."""
    for chunk in chunks(ids, SIZE):
        there = [["id", "in", [number(one) for one in chunk]], [MERGED, "=", False]]
        yield Call(search(settings, PEOPLE, there, READ), found)


def values(model: str) -> Any:
    """What stands in these columns of these records: of one that a column leads to, its name."""

    def fields(names: Sequence[str]) -> dict[str, str]:
        return {name: "parent_id" if name == COMPANY else name.partition("/")[0] for name in names}

    def asked(ids: Sequence[str], names: Sequence[str], settings: OdooSettings) -> Iterator[HttpRequest]:
        columns = tuple(dict.fromkeys(fields(names).values()))
        there = ([["id", "in", [number(one) for one in chunk]]] for chunk in chunks(ids, SIZE))
        return (search(settings, model, domain, columns) for domain in there)

    def told(response: httpx.Response, names: Sequence[str]) -> Values:
        held = {str(row["id"]): row for row in records(response)}
        return {
            one: {name: schemas.told(row.get(column)) for name, column in fields(names).items()}
            for one, row in held.items()
        }

    return standing(asked, told)


def merge(kept: str, other: str, settings: OdooSettings) -> Script[str]:
    """Move contacts and opportunities of ``other`` to ``kept``, and archive it."""
    both = [["id", "in", [number(kept), number(other)]], [MERGED, "=", False]]
    there = records((yield search(settings, PEOPLE, both)))
    if len(there) < 2:
        raise NotFound("one of the two contacts is no more")
    for model, field in ((PEOPLE, "parent_id"), *(((LEADS, "partner_id"),) if settings.orders != "none" else ())):
        below = [row["id"] for row in records((yield search(settings, model, [[field, "=", number(other)]])))]
        for chunk in chunks((one for one in below if one != number(kept)), SIZE):
            loaded((yield update(settings, model, chunk, {f"{field}/.id": kept})))
    yield from activities.move(kept, other, settings)
    yield from activities_tasks.move(kept, other, settings)
    loaded((yield update(settings, PEOPLE, [other], {"active": "0", PROFILE_ID: "", MERGED: kept})))
    return kept


def erase(contact: str, settings: OdooSettings) -> Script[None]:
    """Clear the person's opportunities, and delete the contact with its addresses; clear what Odoo will not delete."""
    if settings.orders != "none":
        leads = [row["id"] for row in records((yield search(settings, LEADS, [["partner_id", "=", number(contact)]])))]
        if leads:
            yield from clear(LEADS, leads, settings)
    kinds = [["parent_id", "=", number(contact)], ["type", "!=", "contact"]]
    below = [row["id"] for row in records((yield search(settings, PEOPLE, kinds)))]
    ids = [*below, number(contact)]
    try:
        schemas.answer((yield call(settings, PEOPLE, "unlink", ids=ids)))
    except RejectedError:
        yield from activities.blank(ids, settings)
        yield from activities_tasks.blank(ids, settings)
        yield from clear(PEOPLE, ids, settings)


def clear(model: str, ids: Sequence[Any], settings: OdooSettings) -> Script[None]:
    """Empty what tells of a person, as far as this Odoo has such fields, and all of Hub's own."""
    asked = [*PERSONAL, *(FIELDS[PEOPLE] if model == PEOPLE else ())]
    there = schemas.answer((yield call(settings, model, "fields_get", allfields=asked, attributes=["readonly"])))
    names = [name for name in asked if not there.get(name, {"readonly": True}).get("readonly")]
    values = {name: "Erased" if name == "name" else "" for name in names if model == PEOPLE or name != "name"}
    for chunk in chunks(ids, SIZE):
        loaded((yield update(settings, model, chunk, {**values, **({"active": "0"} if model == PEOPLE else {})})))


def opt_out(emails: Sequence[str], settings: OdooSettings) -> Script[Mapping[str, str]]:
    """Put these on the blacklist; an entry that somebody lifted counts again."""
    held = records((yield search(settings, "mail.blacklist", [["email", "in", list(emails)]], ("email", "active"))))
    if lifted := [row["id"] for row in held if not row.get("active")]:
        loaded((yield update(settings, "mail.blacklist", lifted, {"active": "1"})))
    if new := sorted({*emails} - {row.get("email") for row in held}):
        loaded((yield call(settings, "mail.blacklist", "load", fields=["email"], data=[[email] for email in new])))
    return {}


def find_companies(names: Sequence[str], settings: OdooSettings) -> Iterator[Call[Sequence[Found]]]:
    """Companies of these names, spelled the same."""
    kind = ["|", ["is_company", "=", True], ["child_ids", "!=", False]]
    kind += [["parent_id", "=", False], ["active", "=", True]]
    for chunk in chunks(names, SIZE):
        asked = search(settings, PEOPLE, [*kind, ["name", "in", chunk]], ("name",))
        yield Call(asked, lambda got: named(COMPANY, ((row["id"], row.get("name")) for row in records(got))))


def create_company(name: str, settings: OdooSettings) -> Call[str]:
    """A company that has a name alone."""
    return Call(
        call(settings, PEOPLE, "load", fields=["name", "is_company"], data=[[name, "1"]]),
        lambda response: next(iter(loaded(response)), ""),
    )


def number(one: str) -> int | str:
    """An id as Odoo has it in a domain."""
    return int(one) if one.isdigit() else one


DIALECT: Dialect[OdooSettings] = Dialect(
    people=People(
        own=PROFILE_ID,
        find=find,
        read=read,
        values=values(PEOPLE),
        upsert=loading(PEOPLE),
        update=loading(PEOPLE),
        lists=ADDRESS,
        opt_outs={OPT_OUT: MAP.about("email")},
        merge=merge,
        erase=erase,
        opt_out=opt_out,
        opt_out_size=SIZE,
    ),
    orders=Orders(own=ORDER_KEY, upsert=loading(LEADS), link_property=PARTNER, values=values(LEADS)),
    companies=Companies(name=COMPANY, id=PARENT, find=find_companies, create=create_company),
    opts_out=lambda write, settings: settings.unsubscribe == "blacklist" and MAP.ends_mailings(write),
    activities=activities_tasks.HISTORY,
)

DESTINATION = destination(
    DIALECT,
    MAP,
    learn=(learn,),
    prepare=prepare,
    check=check,
    fields=fields,
    authorise=schemas.headers,
    complete=schemas.complete,
    essential=MAP.essential | {"name"},
    refusals=schemas.refusals,
)
