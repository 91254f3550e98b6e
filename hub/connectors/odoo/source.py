"""Odoo's contacts as a source, polled by ``write_date``: people, no companies and no mere addresses.

A time of Odoo's is UTC and told in whole seconds, while the database holds more; many contacts that one job changed
have one time, so that pages go on within it (``hub.sdk.paginate.keyset``). Odoo tells of no deletion and no merge.

Sources: www.odoo.com/documentation/19.0/developer/reference/external_api.html (search_read: domain, order, offset),
odoo/odoo: odoo/orm/models.py (``write_date`` is set by every write), odoo/addons/base/models/res_partner.py (a contact
of the type "contact" has its company's address).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from pydantic import Field

from hub.connectors.odoo import schemas
from hub.connectors.odoo.manifest import OdooSettings
from hub.connectors.odoo.mapping import ADDRESS, MAP
from hub.connectors.odoo.schemas_fields import MERGED, PROFILE_ID
from hub.connectors.odoo.source_columns import COMPANY, column_of, country_of
from hub.errors import AuthError, SkipEvent
from hub.mapping.address import country
from hub.mapping.payload import Reading, VendorModel
from hub.mapping.time import instant
from hub.model.customer import CustomerSnapshot
from hub.model.event import CanonicalEvent, Note
from hub.sdk.crm.calls import chunks
from hub.sdk.crm.reading import contact_event, item, readable, snapshot
from hub.sdk.destination import HttpRequest
from hub.sdk.http import HttpClient
from hub.sdk.lists import in_turn
from hub.sdk.paginate import keyset, offset
from hub.sdk.source import BackfillItem, InboxEntry, Listed, Part, Source

TOPIC, _COUNTRY = "res.partner", "country_id/id"
SIZE = 100
_PEOPLE = (["is_company", "=", False], ["type", "=", "contact"])


class Contact(VendorModel):
    """A contact as it is polled: ``fields`` by their names, those that lead to a record with its name."""

    id: str
    written: str = Field(alias="write_date")
    fields: Mapping[str, str | None] = Field(default_factory=dict)


def parse(entry: InboxEntry, settings: OdooSettings) -> Sequence[CanonicalEvent | Note]:
    """The contact. Raises SkipEvent for any other topic, PayloadError with a path."""
    if entry.topic != TOPIC:
        raise SkipEvent(f"topic not read: {entry.topic}")
    reading = Reading()
    contact = reading.read(Contact, entry.body)
    at = instant(contact.written, path="write_date")
    held = _columns(contact.fields)
    made = contact_event(MAP, contact.id, held, settings, at=at)
    return reading.of([made.model_copy(update={"customer": reads(contact.id, held, settings)})])


def _columns(fields: Mapping[str, str | None]) -> dict[str, str]:
    """A contact's fields in the columns that Hub writes; below a company the address is the company's."""
    held = {name: text for name, text in fields.items() if text}
    company = held.pop("parent_id", "")
    if company:
        return {COMPANY: company, **{name: text for name, text in held.items() if name not in _address()}}
    return {**held, _COUNTRY: column_of(country(held.pop("country_id", "")))}


def _address() -> set[str]:
    return {name.partition("/")[0] for name in ADDRESS}


def reads(contact: str, held: Mapping[str, Any], settings: OdooSettings) -> CustomerSnapshot:
    """What a contact with these columns tells; an External ID of a country is its code."""
    told = {**held, _COUNTRY: country_of(str(held.get(_COUNTRY) or ""))}
    return snapshot(MAP, contact, told, settings)


def _names(settings: OdooSettings) -> list[str]:
    """The fields that are read, by their own names."""
    columns = {name.partition("/")[0] for name in readable(MAP, settings)} - {COMPANY}
    return sorted({*columns, "parent_id", PROFILE_ID})


def _page(http: HttpClient, settings: OdooSettings, since: datetime | None, at: Any) -> Part:
    own = _known(http, settings)
    start = (since or datetime(2000, 1, 1, tzinfo=UTC)).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    state = at or {"from": start, "seen": 0, "names": _present(http, own)}
    domain = [*_chosen(state["names"]), ["write_date", ">=", state["from"]]]
    found = _search(http, own, domain, state["names"], order="write_date, id", limit=SIZE, offset=offset(state))
    fresh, following = keyset(found, "write_date", state, size=SIZE)
    return Part([_item(one) for one in fresh], following and {**following, "names": state["names"]})


def _chosen(names: Sequence[str]) -> list[Any]:
    """What Hub archived when it merged it is nobody's contact any more."""
    return [*_PEOPLE, *([[MERGED, "=", False]] if MERGED in names else [])]


def _present(http: HttpClient, settings: OdooSettings) -> list[str]:
    """Which of the fields this Odoo has: Hub's own are made by the first delivery."""
    wanted = [*_names(settings), MERGED]
    asked = schemas.call(settings, TOPIC, "fields_get", allfields=wanted, attributes=["type"])
    there = _ask(http, settings, asked)
    return [name for name in wanted if name in there]


def _search(
    http: HttpClient, settings: OdooSettings, domain: Sequence[Any], names: Sequence[str], **how: Any
) -> list[dict[str, Any]]:
    fields = [*names, "write_date"]
    request = schemas.call(settings, TOPIC, "search_read", domain=list(domain), fields=fields, **how)
    return schemas.records(_send(http, settings, request))


def _ask(http: HttpClient, settings: OdooSettings, request: HttpRequest) -> Any:
    return schemas.answer(_send(http, settings, request))


def _send(http: HttpClient, settings: OdooSettings, request: HttpRequest) -> Any:
    body = schemas.complete(settings, request.body)
    return http.request("POST", request.path, body=body, accept=request.accept)


def _known(http: HttpClient, settings: OdooSettings) -> OdooSettings:
    """The settings with the user's number, which JSON-RPC wants in each call."""
    if settings.api == "json2" or settings.user_id:
        return settings
    user = _ask(http, settings, schemas.rpc("common", "authenticate", [settings.database, settings.login, "", {}]))
    if not isinstance(user, int) or not user:
        raise AuthError("Odoo refuses the login or its API key")
    return settings.model_copy(update={"user_id": user})


def _item(found: Mapping[str, Any]) -> BackfillItem:
    told = {name: schemas.told(value) for name, value in found.items() if name not in ("id", "write_date", MERGED)}
    written = {"id": found["id"], "write_date": found["write_date"], "fields": told}
    return item(TOPIC, found["id"], found["write_date"], written)


def read_again(http: HttpClient, settings: OdooSettings, ids: Sequence[str]) -> Iterator[BackfillItem]:
    """These contacts as they are now."""
    own = _known(http, settings)
    names = _present(http, own)
    for chunk in chunks(ids, SIZE):
        numbers = [int(one) for one in chunk if one.isdigit()]
        yield from map(_item, _search(http, own, [*_chosen(names), ["id", "in", numbers]], names))


LISTS = {"contacts": Listed(_page, quiet=timedelta(0))}

SOURCE: Source[OdooSettings] = Source(
    parse=parse,
    backfill=partial(in_turn, LISTS),
    lists=LISTS,
    authorise=schemas.headers,
    api_root=lambda settings: settings.base_url or "",
    reads=reads,
    read_again=read_again,
)
