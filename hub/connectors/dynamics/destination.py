"""Writes profiles as contacts and orders as rows of Hub's own table, 100 in a call, by ``hub.sdk.crm``.

A contact has no alternate key: one that people merged away is only deactivated, would keep its key, and an upsert would
write to it. So Hub looks whether a person is there, and an update's answer tells whether its contact was merged. Orders
are upserted by their key, which does not stand in the body (microsoft/PowerPlatform-DataverseClient-Python#127).

Sources: see ``schemas``, and learn.microsoft.com/power-apps/developer/data-platform/use-upsert-insert-update-record,
…/webapi/merge-entity-using-web-api (the subordinate is deactivated, its related records move), …/reference/entities/
contact (``merged``, ``masterid``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import httpx

from hub.connectors.dynamics import schemas, schemas_setup
from hub.connectors.dynamics.activities import HISTORY
from hub.connectors.dynamics.manifest import SIZE, DynamicsSettings
from hub.connectors.dynamics.mapping import ACCOUNT, COMPANY, MAP
from hub.connectors.dynamics.schemas import API, PERSON, Part, asking, by_ids, fields_of, literal, plain, rows, writing
from hub.connectors.dynamics.schemas_fields import CONTACT, ORDER_KEY, PROFILE_ID
from hub.errors import Unavailable
from hub.sdk.crm import Batch, Call, Companies, Dialect, Found, Item, Key, Orders, People, Script, destination
from hub.sdk.crm.dialect import EMAIL, Answers
from hub.sdk.crm.standing import named, standing
from hub.sdk.destination import HttpRequest
from hub.sdk.http import json_of

RETURN = {"Prefer": "return=representation"}
MASTER = f"masterid($select={PERSON};$expand=masterid($select={PERSON}))"
LINKS = {"contact": {"account": ACCOUNT}, "hub_order": {"contact": CONTACT}}
_READING = f"contactid,{PROFILE_ID},emailaddress1,merged"


def batch(table: str, select: str, part: Any) -> Batch[DynamicsSettings]:
    """A call that writes rows of a table."""

    def write(items: Sequence[Item], _: DynamicsSettings) -> Call[Answers]:
        return writing(part, items, select.partition(",")[0], LINKS[table])

    return Batch(SIZE, write)


def making(item: Item) -> Part:
    """A new contact."""
    return Part("POST", f"contacts?$select={_READING}", fields_of(item), RETURN)


def changing(entities: str, select: str) -> Any:
    """What is there is changed, and nothing is made in its place."""
    return lambda item: Part(
        "PATCH", f"{entities}({item.id})?$select={select}", fields_of(item), {**RETURN, "If-Match": "*"}
    )


def ordering(item: Item) -> Part:
    """An order by its key, whether it is there or not."""
    values = {name: value for name, value in fields_of(item).items() if name != ORDER_KEY}
    return Part("PATCH", f"hub_orders({ORDER_KEY}={literal(item.write.key)})?$select=hub_orderid", values, RETURN)


def find(keys: Sequence[Key], _: DynamicsSettings) -> Iterator[Call[Sequence[Found]]]:
    """The contacts with any of these ids of ours or e-mails that were not merged away, the oldest first."""
    named = [("emailaddress1" if name == EMAIL else name, value) for name, value in keys]
    asked = asking("contacts", PERSON, named, "%20and%20merged%20ne%20true")
    return (Call(one, schemas.people) for one in asked)


def read(ids: Sequence[str], _: DynamicsSettings) -> Iterator[Call[Sequence[Found]]]:
    """The contacts behind these ids, and behind those that were merged into others."""
    return (Call(one, schemas.people) for one in by_ids("contacts", "contactid", PERSON, ids, MASTER))


def values(entities: str, own: str) -> Any:
    """What stands in these columns of these records."""

    def asked(ids: Sequence[str], names: Sequence[str], _: DynamicsSettings) -> Iterator[HttpRequest]:
        select = ",".join((own, *(name for name in names if name != COMPANY)))
        return by_ids(entities, own, select, ids, f"{COMPANY}($select=name)" if COMPANY in names else "")

    return standing(asked, lambda response, _: {str(row.get(own)): plain(row) for row in rows(response)})


def merge(kept: str, gone: str, _: DynamicsSettings) -> Script[str]:
    """Merge the second contact into the first, which keeps its values, and delete what is left of the second."""
    kind = "Microsoft.Dynamics.CRM.contact"
    sides = {"Target": kept, "Subordinate": gone}
    body = {side: {"@odata.type": kind, "contactid": record} for side, record in sides.items()}
    yield HttpRequest("POST", f"{API}/Merge", {**body, "PerformParentingChecks": False})
    yield deleting(gone)
    return kept


def deleting(record: str) -> HttpRequest:
    """Delete a contact, if it is there."""
    return HttpRequest("DELETE", f"{API}/contacts({record})", None, accept=frozenset({404}))


def erase(record: str, _: DynamicsSettings) -> Script[None]:
    """Delete a contact, and those that people merged into it."""
    for one in rows((yield next(by_ids("contacts", "_masterid_value", "contactid", [record])))):
        yield deleting(str(one["contactid"]))
    yield deleting(record)


def orders_of(keys: Sequence[Key], _: DynamicsSettings) -> Iterator[Call[Sequence[Found]]]:
    """The orders with these keys."""
    asked = asking("hub_orders", f"hub_orderid,{ORDER_KEY}", keys)
    return (Call(one, schemas.owned("hub_orderid", ORDER_KEY)) for one in asked)


def accounts_of(names: Sequence[str], _: DynamicsSettings) -> Iterator[Call[Sequence[Found]]]:
    """The accounts of these names, the oldest first."""

    def found(response: httpx.Response) -> Sequence[Found]:
        return named(COMPANY, ((row.get("accountid"), row.get("name")) for row in rows(response)))

    return (Call(one, found) for one in asking("accounts", "accountid,name", [("name", name) for name in names]))


def account(name: str, _: DynamicsSettings) -> Call[str]:
    """A new account."""

    def made(response: httpx.Response) -> str:
        body = json_of(response)
        if not isinstance(body, dict) or not body.get("accountid"):
            raise Unavailable("Dynamics 365's answer names no account", uncertain=True)
        return str(body["accountid"])

    path = f"{API}/accounts"
    return Call(HttpRequest("POST", path, {"name": name}, query={"$select": "accountid"}, headers=RETURN), made)


DIALECT: Dialect[DynamicsSettings] = Dialect(
    people=People(
        own=PROFILE_ID,
        email="emailaddress1",
        find=find,
        read=read,
        values=values("contacts", "contactid"),
        form=schemas.form,
        opt_outs=MAP.subjects(),
        update=batch("contact", _READING, changing("contacts", _READING)),
        create=batch("contact", _READING, making),
        merge=merge,
        erase=erase,
    ),
    orders=Orders(
        own=ORDER_KEY,
        find=orders_of,
        update=batch("hub_order", "hub_orderid", changing("hub_orders", "hub_orderid")),
        create=batch("hub_order", "hub_orderid", ordering),
        link_property=CONTACT,
        values=values("hub_orders", "hub_orderid"),
        form=schemas.form,
    ),
    companies=Companies(name=COMPANY, id=ACCOUNT, find=accounts_of, create=account),
    activities=HISTORY,
)

DESTINATION = destination(
    DIALECT,
    MAP,
    prepare=schemas_setup.prepare,
    api_root=lambda settings: settings.base_url or f"https://{settings.environment}",
    check=schemas_setup.check,
    fields=schemas_setup.fields,
)
