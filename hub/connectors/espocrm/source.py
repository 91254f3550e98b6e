"""EspoCRM's people as a source: signed webhooks and a list by date of change; each record is fetched by its id.

A webhook holds an array of records with what was changed of them, no event and no time, so that it only tells which
records to look at: one that is there no more was deleted. A list tells one e-mail of a person, a record all of them.

Sources: docs.espocrm.com/administration/webhooks (events, secret key of each webhook, X-Signature: base64 of the
webhook's id, a colon and the HMAC-SHA256 of the body), …/development/api-search-params (``after`` of a datetime),
…/development/api (one record, orderBy, maxSize 200).
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import orjson
from pydantic import RootModel

from hub.connectors.espocrm.destination import authorise
from hub.connectors.espocrm.manifest import EspoSettings
from hub.connectors.espocrm.mapping import COMPANY, LISTS, MAP
from hub.connectors.espocrm.schemas import API
from hub.connectors.espocrm.schemas_lists import rows_of
from hub.errors import PayloadError, SkipEvent, VerificationError
from hub.mapping.body import json_tree
from hub.mapping.payload import Reading, TimeText, VendorModel, read, read_tree
from hub.mapping.time import instant
from hub.model.event import CanonicalEvent, Note
from hub.sdk.completing import fetched
from hub.sdk.crm.reading import columns, contact_event, gone, odd, snapshot
from hub.sdk.http import HttpClient, json_of
from hub.sdk.lists import in_turn
from hub.sdk.paginate import keyset, offset
from hub.sdk.signatures import require
from hub.sdk.source import BackfillItem, Completion, EventName, InboxEntry, Listed, Part, RawDelivery, Source

TOPIC, SIZE = "people", 100
_ROWS = frozenset(f"{field}Data" for field in LISTS)
_SIGNATURE, _WEBHOOK = "x-signature", "hub"


class Changed(VendorModel):
    """A record of which something was changed."""

    id: str


class Times(VendorModel):
    """When a record was changed and made; one that nobody changed has the second alone."""

    modifiedAt: TimeText | None = None  # noqa: N815 - EspoCRM's names
    createdAt: TimeText | None = None  # noqa: N815


class Delivery(RootModel[tuple[Changed, ...]]):
    """What a webhook sends."""


def verify(delivery: RawDelivery, settings: EspoSettings) -> None:
    """Raise VerificationError unless the secret key of one of the webhooks signed the body."""
    try:
        _, _, digest = b64decode(delivery.headers.get(_SIGNATURE, ""), validate=True).partition(b":")
    except ValueError:
        raise VerificationError("no signature") from None
    secrets = settings.webhook_secret or ()
    require(digest.hex(), secrets, lambda secret: _digest(secret, delivery.body).hex())


def _digest(secret: str, body: bytes) -> bytes:
    return hmac.digest(secret.encode(), body, hashlib.sha256)


def sign(delivery: RawDelivery, settings: EspoSettings) -> RawDelivery:
    """The inverse: as EspoCRM sends it."""
    if not settings.webhook_secret:
        return delivery
    digest = _digest(settings.webhook_secret[0].get_secret_value(), delivery.body)
    signature = b64encode(_WEBHOOK.encode() + b":" + digest).decode()
    return replace(delivery, headers={**delivery.headers, _SIGNATURE: signature})


def name_event(delivery: RawDelivery, settings: EspoSettings) -> EventName:
    """A digest of the body. A change that is made twice has one; the list by date of change tells the second."""
    read(Delivery, delivery.body)
    return EventName(hashlib.blake2b(delivery.body, digest_size=16).hexdigest(), TOPIC)


def completions(entry: InboxEntry, settings: EspoSettings) -> Sequence[Completion]:
    """Each record as it is now."""
    if entry.topic != TOPIC:
        return ()
    ids = dict.fromkeys(one.id for one in read(Delivery, entry.body).root)
    return [Completion(one, f"{API}/{settings.entity}/{one}") for one in ids if one not in entry.completions]


def parse(entry: InboxEntry, settings: EspoSettings) -> Sequence[CanonicalEvent | Note]:
    """The people of a delivery, and those that are there no more. Raises SkipEvent, PayloadError with a path."""
    if entry.topic != TOPIC:
        raise SkipEvent(f"topic not read: {entry.topic}")
    reading = Reading()
    told: list[CanonicalEvent | Note] = []
    for one in dict.fromkeys(changed.id for changed in reading.read(Delivery, entry.body).root):
        body = entry.completions.get(one)
        if body is None:
            continue
        if body:
            told += _person(one, body, settings)
        else:
            told.append(gone(one, at=entry.received_at))
    if not told:
        raise SkipEvent("nothing of it was fetched")
    return reading.of(told)


def _person(one: str, body: bytes, settings: EspoSettings) -> Iterator[CanonicalEvent | Note]:
    record = json_tree(body)
    if not isinstance(record, Mapping):
        raise PayloadError("not a record", path=one)
    times, notes = read_tree(Times, record)
    yield from notes
    at = instant(times.modifiedAt or times.createdAt, path=f"{one}.modifiedAt")
    yield contact_event(MAP, one, _attributes(record), settings, at=at)
    names = dict.fromkeys((*columns(MAP, settings), "accountName"))
    yield from odd({name: record.get(name) for name in names if name not in _ROWS})


def _attributes(record: Mapping[str, Any]) -> dict[str, str]:
    """A record's attributes as Hub writes them: lists by ";", the company by its name."""
    held = {name: str(value) for name, value in record.items() if isinstance(value, str | int) and value != ""}
    for field in LISTS:
        held[f"{field}Data"] = ";".join(str(row[field]) for row in rows_of(record, field))
    if company := record.get("accountName"):
        held[COMPANY] = str(company)
    return held


def _page(http: HttpClient, settings: EspoSettings, since: datetime | None, at: Any) -> Part:
    start = (since or datetime(2000, 1, 1, tzinfo=UTC)).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    state = at or {"from": start, "seen": 0}
    # ``after`` leaves out the second itself, of which more may have been changed.
    before = instant(state["from"], path="from") - timedelta(seconds=1)
    query = {
        "where[0][type]": "after",
        "where[0][attribute]": "modifiedAt",
        "where[0][value]": before.strftime("%Y-%m-%d %H:%M:%S"),
        "attributeSelect": "id,modifiedAt",
        "orderBy": "modifiedAt",
        "order": "asc",
        "maxSize": str(SIZE),
        "offset": str(offset(state)),
    }
    found = json_of(http.get(f"{API}/{settings.entity}", query, headers={"x-no-total": "true"})).get("list") or []
    fresh, following = keyset(found, "modifiedAt", state, size=SIZE)
    return Part([_item(one) for one in fresh], following)


def _item(found: Mapping[str, Any]) -> BackfillItem:
    body = orjson.dumps([{"id": found["id"], "modifiedAt": found.get("modifiedAt")}])
    return BackfillItem(f"{TOPIC}:{found['id']}:{found.get('modifiedAt')}", TOPIC, body)


def read_again(http: HttpClient, settings: EspoSettings, ids: Sequence[str]) -> Iterator[BackfillItem]:
    """These people; each is fetched when its entry is worked on."""
    return (_item({"id": one, "modifiedAt": None}) for one in ids)


LISTS_READ = {"people": Listed(_page, quiet=timedelta(0))}

SOURCE: Source[EspoSettings] = Source(
    parse=parse,
    verify=verify,
    sign=sign,
    name_event=name_event,
    completions=completions,
    complete=fetched,
    backfill=partial(in_turn, LISTS_READ),
    lists=LISTS_READ,
    authorise=authorise,
    api_root=lambda settings: settings.base_url or "",
    reads=lambda one, held, settings: snapshot(MAP, one, held, settings),
    read_again=read_again,
    opt_outs=MAP.stands(),
)
