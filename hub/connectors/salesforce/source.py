"""Salesforce's contacts or leads as a source, polled by ``SystemModstamp``, with what was deleted and merged.

``queryAll`` gives deleted records too, as long as they are in the recycle bin (15 days): one that was merged names what
it was merged into. ``SystemModstamp`` is indexed and changes with whatever changes a record; a job gives many records
one, so that pages go on by (time, id). Change Data Capture is not used: it is a stream of another protocol.

Sources: developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_queryall.htm,
…/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_soql_select_dateformats.htm (a time is not quoted),
…/docs/atlas.en-us.object_reference.meta/object_reference/system_fields.htm (SystemModstamp),
…/object_reference/sforce_api_objects_contact.htm (MasterRecordId, IsDeleted).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from pydantic import Field

from hub.connectors.salesforce import schemas
from hub.connectors.salesforce.manifest import SalesforceSettings
from hub.connectors.salesforce.mapping import COMPANY, MAP
from hub.connectors.salesforce.schemas_fields import MERGED_INTO
from hub.errors import SkipEvent
from hub.mapping.payload import Reading, TimeText, VendorModel
from hub.mapping.time import instant
from hub.model.event import CanonicalEvent, Note
from hub.sdk.crm.reading import after, begun, columns, contact_event, gone, item, merged, readable, snapshot
from hub.sdk.http import HttpClient
from hub.sdk.lists import in_turn
from hub.sdk.source import BackfillItem, InboxEntry, Listed, Part, Source

TOPIC, SIZE = "person", 200
_STAMP = "SystemModstamp"


class Account(VendorModel):
    """The account a contact belongs to."""

    name: str | None = Field(None, alias="Name")


class Person(VendorModel):
    """What is read beside the fields that people fill in."""

    id: str = Field(alias="Id")
    stamp: TimeText = Field(alias=_STAMP)
    deleted: bool = Field(default=False, alias="IsDeleted")
    master: str | None = Field(None, alias="MasterRecordId")
    by: str | None = Field(None, alias="LastModifiedById")
    marked: str | None = Field(None, alias=MERGED_INTO)
    account: Account | None = Field(None, alias="Account")
    fields: Mapping[str, str | None] = Field(default_factory=dict)


def parse(entry: InboxEntry, settings: SalesforceSettings) -> Sequence[CanonicalEvent | Note]:
    """The person, a deletion or a merge. Raises SkipEvent for what Hub itself marked as merged away."""
    if entry.topic != TOPIC:
        raise SkipEvent(f"topic not read: {entry.topic}")
    reading = Reading()
    person = reading.read(Person, entry.body)
    if person.marked:
        raise SkipEvent("Hub marked it as merged into another record")
    at = instant(person.stamp, path=_STAMP)
    if person.deleted and person.master:
        return reading.of([merged(person.master, [person.master, person.id], at=at, system="Salesforce", by=person.by)])
    if person.deleted:
        return reading.of([gone(person.id, at=at)])
    held = {name: text for name, text in person.fields.items() if text}
    if person.account and person.account.name:
        held[COMPANY] = person.account.name
    return reading.of([contact_event(MAP, person.id, held, settings, at=at)])


def _columns(settings: SalesforceSettings) -> list[str]:
    names = [name for name in columns(MAP, settings) if name != COMPANY]
    account = ["Account.Name"] if COMPANY in readable(MAP, settings) else []
    system = ["Id", _STAMP, "IsDeleted", "MasterRecordId", "LastModifiedById"]
    return [*system, *([MERGED_INTO] if settings.custom_fields == "all" else []), *names, *account]


def _page(http: HttpClient, settings: SalesforceSettings, since: datetime | None, at: Any) -> Part:
    time, last = begun(since, at)
    begin = f"{_STAMP} >= {time}"
    if last:
        begin = f"({_STAMP} > {time} OR ({_STAMP} = {time} AND Id > {schemas.literal(last)}))"
    soql = (
        f"SELECT {', '.join(_columns(settings))} FROM {settings.sobject} WHERE {begin} "
        f"ORDER BY {_STAMP}, Id LIMIT {SIZE}"
    )
    found = _rows(http, [soql])
    following = after(found, time=_STAMP, id="Id", size=SIZE)
    if following:
        following["from"] = begun(instant(following["from"], path=_STAMP), None)[0]
    return Part([_item(one) for one in found], following)


def _rows(http: HttpClient, soqls: Sequence[str]) -> list[dict[str, Any]]:
    asked = schemas.query(soqls, deleted=True)
    return schemas.rows(http.request(asked.method, asked.path, body=asked.body, accept=asked.accept))


_SYSTEM = frozenset({"attributes", "Id", _STAMP, "IsDeleted", "MasterRecordId", "LastModifiedById", MERGED_INTO,
                     "Account"})  # fmt: skip


def _item(found: Mapping[str, Any]) -> BackfillItem:
    told = {name: value for name, value in found.items() if name in _SYSTEM and name != "attributes"}
    told["fields"] = {name: _text(value) for name, value in found.items() if name not in _SYSTEM}
    return item(TOPIC, found["Id"], found[_STAMP], told)


def _text(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


def read_again(http: HttpClient, settings: SalesforceSettings, ids: Sequence[str]) -> Iterator[BackfillItem]:
    """These people as they are now."""
    columns = ", ".join(_columns(settings))
    for several in schemas.fitting(("Id", one) for one in ids):
        soqls = [f"SELECT {columns} FROM {settings.sobject} WHERE {schemas.any_of(part)}" for part in several]
        yield from map(_item, _rows(http, soqls))


LISTS = {"people": Listed(_page, quiet=timedelta(0))}

SOURCE: Source[SalesforceSettings] = Source(
    parse=parse,
    backfill=partial(in_turn, LISTS),
    lists=LISTS,
    api_root=lambda settings: settings.base_url or f"https://{settings.my_domain}",
    reads=lambda record, held, settings: snapshot(MAP, record, held, settings),
    read_again=read_again,
    opt_outs=MAP.stands(),
)
