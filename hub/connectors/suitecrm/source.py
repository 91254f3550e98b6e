"""SuiteCRM's contacts as a source, polled by ``date_modified``. SuiteCRM tells of no deletion and no merge.

A time is told in whole seconds, and one job gives thousands of contacts the same: pages go on within it. What changes
meanwhile moves to the end, so that each page begins anew at the last time of the one before.

Sources: docs.suitecrm.com/developer/api/developer-setup-guide/json-api (filter, sort, page), github.com/SuiteCRM/
SuiteCRM Api/V8/JsonApi/Helper/AttributeObjectHelper.php (times in ISO 8601), SuiteCRM#8631 (deleted records cannot be
listed), SuiteCRM#10015 (a page may lack a record: so one asks by time, and not by number alone),
include/SugarEmailAddress/SugarEmailAddress.php (populateLegacyFields: ``email_opt_out`` is that of the main address).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import orjson

from hub.connectors.suitecrm.manifest import SuiteSettings
from hub.connectors.suitecrm.mapping import MAP
from hub.connectors.suitecrm.schemas import API, Record, get, is_gone, one, several
from hub.errors import SkipEvent
from hub.mapping.payload import Reading, VendorModel
from hub.mapping.time import instant
from hub.model.event import CanonicalEvent, Note
from hub.sdk.crm.reading import columns, contact_event, snapshot
from hub.sdk.http import HttpClient
from hub.sdk.lists import in_turn
from hub.sdk.source import BackfillItem, InboxEntry, Listed, Part, Source

TOPIC, SIZE, TIME = "contact", 100, "date_modified"


class Polled(VendorModel):
    """A contact as it is kept: the attributes that are read."""

    id: str
    changed: str
    attributes: dict[str, str | None]


def parse(entry: InboxEntry, settings: SuiteSettings) -> Sequence[CanonicalEvent | Note]:
    """The contact. Raises SkipEvent for any other topic, PayloadError with a path."""
    if entry.topic != TOPIC:
        raise SkipEvent(f"topic not read: {entry.topic}")
    reading = Reading()
    told = reading.read(Polled, entry.body)
    at = instant(told.changed, path="changed")
    return reading.of([contact_event(MAP, told.id, told.attributes, settings, at=at)])


def _page(http: HttpClient, settings: SuiteSettings, since: datetime | None, at: Any) -> Part:
    state = at or {"from": _spelt(since or datetime(2000, 1, 1, tzinfo=UTC)), "page": 1, "seen": []}
    query = {
        f"filter[{TIME}][gte]": state["from"],
        "sort": TIME,
        "page[size]": str(SIZE),
        "page[number]": str(state["page"]),
    }
    found = several(http.get(f"{API}/module/Contacts", query))
    fresh = [record for record in found if record.id not in state["seen"]]
    following = _following(state, found) if fresh or len(found) == SIZE else None
    return Part([_item(record, settings) for record in fresh], following)


def _following(state: dict[str, Any], found: Sequence[Record]) -> dict[str, Any] | None:
    """Where the next page begins. Pure. ``seen`` are the contacts of its first second that were read already.

    A short page is not the last, as any page may lack a record: only one that brings nothing new is.
    """
    if not found:
        return None
    last = _spelt(instant(found[-1].text(TIME), path=TIME))
    read = [record.id for record in found if _spelt(instant(record.text(TIME), path=TIME)) == last]
    if last == state["from"]:
        return {**state, "page": state["page"] + 1, "seen": [*state["seen"], *read]}
    return {"from": last, "page": 1, "seen": read}


def _spelt(at: datetime) -> str:
    """A time as SuiteCRM's database holds it."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def _item(record: Record, settings: SuiteSettings) -> BackfillItem:
    kept = {name: record.text(name) for name in sorted(columns(MAP, settings))}
    body = orjson.dumps({"id": record.id, "changed": record.text(TIME), "attributes": kept})
    # A second may hold two changes.
    digest = hashlib.blake2b(body, digest_size=6).hexdigest()
    return BackfillItem(f"{TOPIC}:{record.id}:{digest}", TOPIC, body)


def read_again(http: HttpClient, settings: SuiteSettings, ids: Sequence[str]) -> Iterator[BackfillItem]:
    """These contacts as they are now."""
    for record in ids:
        asked = get(f"Contacts/{record}", gone=True)
        response = http.get(asked.path, accept=asked.accept)
        if not is_gone(response):
            yield _item(one(response), settings)


LISTS = {"contacts": Listed(_page, quiet=timedelta(0))}

SOURCE: Source[SuiteSettings] = Source(
    parse=parse,
    backfill=partial(in_turn, LISTS),
    lists=LISTS,
    api_root=lambda settings: settings.base_url or "",
    reads=lambda contact, held, settings: snapshot(MAP, contact, held, settings),
    read_again=read_again,
    opt_outs=MAP.stands(),
)
