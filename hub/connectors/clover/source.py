"""Clover as a source: batches of ids, each fetched from the API before it is believed, and history.

In: notifications of an app (https://docs.clover.com/dev/docs/webhooks), unsigned, with a fixed code in the header
``X-Clover-Auth``; one names objects of several merchants. Out: canonical events. An order takes two calls, because a
call may expand three fields (https://docs.clover.com/dev/docs/expanding-fields), and its customer a third.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from time import time
from typing import Any
from urllib.parse import quote

import orjson

from hub.connectors.clover import mapping, schemas
from hub.connectors.clover.manifest import CloverSettings
from hub.errors import PayloadError, SkipEvent
from hub.mapping.order import unexplained
from hub.mapping.payload import Reading, read, read_tree
from hub.mapping.time import epoch
from hub.model.event import CanonicalEvent, CustomerEvent, DeletionEvent, Note, OrderEvent, ProductEvent
from hub.model.identifier import RecordKey
from hub.sdk.checked import Checked
from hub.sdk.completing import fetched
from hub.sdk.http import HttpClient, json_of
from hub.sdk.lists import in_turn
from hub.sdk.paginate import keyset, offset
from hub.sdk.signatures import SharedSecret
from hub.sdk.source import BackfillItem, Completion, EventName, InboxEntry, Listed, Part, RawDelivery, Reply, Source

CODE: SharedSecret[CloverSettings] = SharedSecret("x-clover-auth", secrets=lambda settings: settings.auth_code)
_TOPIC = "updates"
_VERIFICATION = re.compile(rb'\s*\{\s*"verificationCode"\s*:\s*"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"\s*\}\s*')
_GOODS = {"expand": "lineItems.discounts,lineItems.modifications,customers"}
_MONEY = {"expand": "payments,refunds,discounts"}
_PERSON = {"expand": "addresses,emailAddresses,phoneNumbers"}
_PAGE = 100


@dataclass(frozen=True, slots=True)
class _Update:
    """One object that changed. ``kind`` is Clover's letter: O order, P payment, C customer, I item."""

    merchant: str
    kind: str
    id: str
    gone: bool
    at: datetime


def answer(delivery: RawDelivery, settings: CloverSettings) -> Reply | None:
    """200 for the code that Clover sends when the URL is typed in; the log tells it, for it has to be typed in too."""
    found = _VERIFICATION.fullmatch(delivery.body)
    if delivery.method != "POST" or found is None or CODE.header in delivery.headers:
        return None
    return Reply(200, told=f"verification code {found[1].decode()}: type it into Clover's developer dashboard")


def name_event(delivery: RawDelivery, settings: CloverSettings) -> EventName:
    """Clover names no event: merchants, objects, kinds of change and times do, in any order."""
    told = sorted((one.merchant, one.kind, one.id, one.gone, one.at.isoformat()) for one in _updates(delivery.body)[0])
    if not told:
        raise PayloadError("missing", path="merchants")
    return EventName(hashlib.blake2b(repr(told).encode(), digest_size=16).hexdigest(), _TOPIC)


def _updates(body: bytes) -> tuple[list[_Update], list[tuple[str, Note]]]:
    """The newest update of each object, and by merchant a note for each that cannot be read."""
    newest: dict[tuple[str, str, str], _Update] = {}
    notes: list[tuple[str, Note]] = []
    for merchant, listed in read(schemas.Updates, body).merchants.items():
        members = listed if isinstance(listed, list) else [listed] if isinstance(listed, dict) and listed else []
        for number, one in enumerate(members):
            try:
                told, _ = read_tree(schemas.Update, one)
                kind, colon, identifier = told.object_id.partition(":")
                if not colon or not identifier:
                    raise PayloadError("not a kind and an id", path="objectId")
                at = epoch(told.ts, path="ts")
            except PayloadError as error:
                path = f"merchants.{merchant}.{number}.{error.path}".rstrip(".")
                notes.append((merchant, Note(path=path, reason=f"{error.reason}, so this update is left out")))
                continue
            found = _Update(merchant, kind, identifier, told.type == "DELETE", at)
            held = newest.get((merchant, kind, identifier))
            if held is None or held.at <= at:
                newest[merchant, kind, identifier] = found
    return list(newest.values()), notes


def completions(entry: InboxEntry, settings: CloverSettings) -> Sequence[Completion]:
    """Payments first, which name their orders; then orders, then the customers of these."""
    if entry.topic != _TOPIC:
        return ()
    updates = [one for one in _updates(entry.body)[0] if one.merchant in settings.merchants and not one.gone]
    wanted = [_fetched(one.merchant, one.kind, one.id) for one in updates if one.kind in ("P", "C", "I")]
    for merchant, order in _orders(updates, entry):
        wanted.append(_fetched(merchant, "O", order))
        wanted.append(_fetched(merchant, "M", order))
        if body := entry.completions.get(f"{merchant}/O/{order}"):
            goods = read(schemas.Order, body)
            wanted += [_fetched(merchant, "C", one.id) for one in goods.customers.elements]
    unique = {one.name: one for one in wanted if one.name not in entry.completions}
    return tuple(unique.values())


_PATHS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "O": ("orders", _GOODS),
    "M": ("orders", _MONEY),
    "P": ("payments", {}),
    "C": ("customers", _PERSON),
    "I": ("items", {"expand": "categories"}),
}


def _fetched(merchant: str, kind: str, identifier: str) -> Completion:
    collection, query = _PATHS[kind]
    path = f"/v3/merchants/{quote(merchant, safe='')}/{collection}/{quote(identifier, safe='')}"
    return Completion(f"{merchant}/{kind}/{identifier}", path, query)


def _orders(updates: Iterable[_Update], entry: InboxEntry) -> list[tuple[str, str]]:
    """The orders that changed, or whose payments did, each once."""
    found = dict.fromkeys((one.merchant, one.id) for one in updates if one.kind == "O")
    for one in updates:
        if one.kind == "P" and (body := entry.completions.get(f"{one.merchant}/P/{one.id}")):
            found[one.merchant, read(schemas.PaymentPointer, body).order.id] = None
    return list(found)


def complete(completion: Completion, http: HttpClient, settings: CloverSettings) -> bytes:
    """Asked for with the merchant's own token."""
    return fetched(completion, http, settings, headers=_token(settings, completion.name.partition("/")[0]))


def _token(settings: CloverSettings, merchant: str) -> Mapping[str, str]:
    return {"authorization": f"Bearer {settings.merchants[merchant].get_secret_value()}"}


def parse(entry: InboxEntry, settings: CloverSettings) -> Sequence[CanonicalEvent | Note]:
    """Canonical events of every update that could be fetched; one that cannot be read costs only itself."""
    if entry.topic != _TOPIC:
        raise SkipEvent(f"topic not read: {entry.topic}")
    reading = Reading()
    updates, notes = _updates(entry.body)
    reading.notes += [note for merchant, note in notes if merchant in settings.merchants]
    own = [one for one in updates if one.merchant in settings.merchants]
    told: list[CanonicalEvent | Note] = []
    if len(own) < len(updates):
        told.append(Note(path="merchants", reason="updates of merchants that the settings do not name, left out"))
    for one in own:
        told += reading.alone(_update(one, entry, reading, settings))
    for merchant, order in _orders([one for one in own if not one.gone], entry):
        told += reading.alone(_order(merchant, order, entry, reading, settings))
    if not any(not isinstance(one, Note) for one in told) and not reading.notes:
        raise SkipEvent("nothing that Hub reads, or Clover does not have it any more")
    return reading.of(told)


def _update(one: _Update, entry: InboxEntry, reading: Reading, settings: CloverSettings) -> Iterator[CanonicalEvent]:
    if one.gone and one.kind == "O":
        yield DeletionEvent(occurred_at=one.at, record=RecordKey(kind="order", external_id=one.id), kind="order")
    elif one.gone and one.kind == "C":
        yield DeletionEvent(occurred_at=one.at, record=mapping.record_key(one.id))
    elif body := entry.completions.get(f"{one.merchant}/{one.kind}/{one.id}"):
        if one.kind == "C":
            known = mapping.customer(reading.read(schemas.Customer, body), settings.default_region)
            yield CustomerEvent(occurred_at=one.at, customer=known, whole=("emails", "phones"))
        elif one.kind == "I":
            item = reading.read(schemas.Item, body)
            at = epoch(item.modified_time, path="modifiedTime") if item.modified_time else one.at
            yield ProductEvent(occurred_at=at, product=mapping.product(item))


def _order(
    merchant: str, order: str, entry: InboxEntry, reading: Reading, settings: CloverSettings
) -> Iterator[CanonicalEvent | Note]:
    goods_body, money_body = (entry.completions.get(f"{merchant}/{half}/{order}") for half in ("O", "M"))
    if not goods_body or not money_body:
        return
    goods, money = reading.read(schemas.Order, goods_body), reading.read(schemas.Order, money_body)
    whole = goods.model_copy(
        update={name: getattr(money, name) for name in ("payments", "refunds", "discounts", "payment_state", "total")}
    )
    if whole.state is None and not whole.payments.elements:
        return  # hidden: nobody has rung it up yet
    # of two moments the older: what changed between them is told again
    changed = min(one.modified_time or one.created_time for one in (goods, money))
    at = epoch(changed, path="modifiedTime")
    owner = next(iter(goods.customers.elements), None)
    body = entry.completions.get(f"{merchant}/C/{owner.id}") if owner else None
    if body:
        known = mapping.customer(reading.read(schemas.Customer, body), settings.default_region)
        yield CustomerEvent(occurred_at=at, customer=known)
    made = mapping.order(whole, merchant)
    yield from unexplained(made)
    yield OrderEvent(occurred_at=at, order=made, record=mapping.record_key(owner.id) if owner else None)


def _list(collection: str, kind: str, changed: str, query: _Query, **how: Any) -> Listed[CloverSettings]:
    """The rows of one merchant after the other, each as if a webhook had named it."""

    def page(http: HttpClient, settings: CloverSettings, since: datetime | None, at: Any) -> Part:
        start = int(since.timestamp() * 1000) if since else 0
        number, state = at or (0, {"from": start, "seen": 0})
        merchants = sorted(settings.merchants)
        asked = {"limit": str(_PAGE), "offset": str(offset(state)), **query(state["from"])}
        path = f"/v3/merchants/{quote(merchants[number], safe='')}/{collection}"
        found = json_of(http.get(path, asked, headers=_token(settings, merchants[number]))).get("elements") or []
        fresh, going_on = keyset(found, changed, state, size=_PAGE)
        items = [_item(merchants[number], kind, changed, one) for one in fresh]
        if going_on is None and number + 1 == len(merchants):
            return Part(items)
        return Part(items, [number, going_on] if going_on else [number + 1, {"from": start, "seen": 0}])

    return Listed(page, **how)


_Query = Callable[[int], Mapping[str, str]]
LISTS = {
    # tells no change: in a poll only those come who are new since then, and by no order that the page names
    "customers": _list("customers", "C", "", lambda start: {"filter": f"customerSince>={start}"} if start else {}),
    "orders": _list(
        "orders",
        "O",
        "modifiedTime",
        lambda start: {"filter": f"modifiedTime>={start}", "orderBy": "modifiedTime ASC"},
        quiet=timedelta(0),
    ),
}
backfill = partial(in_turn, LISTS)


def _item(merchant: str, kind: str, changed: str, found: Mapping[str, Any]) -> BackfillItem:
    at = found.get(changed or "customerSince") or found.get("createdTime") or 0
    update = {"objectId": f"{kind}:{found.get('id')}", "type": "UPDATE", "ts": at}
    body = orjson.dumps({"merchants": {merchant: [update]}})
    return BackfillItem(f"backfill:{merchant}:{update['objectId']}:{at}", _TOPIC, body)


def deleted(http: HttpClient, settings: CloverSettings, ids: Sequence[str]) -> Iterator[BackfillItem]:
    """Orders that no merchant has any more: one call for each, as the list cannot be asked by ids."""
    merchants = sorted(settings.merchants)
    for one in ids:
        if not any(complete(_fetched(merchant, "O", one), http, settings) for merchant in merchants):
            told = {"objectId": f"O:{one}", "type": "DELETE", "ts": int(time() * 1000)}
            body = orjson.dumps({"merchants": {merchants[0]: [told]}})
            yield BackfillItem(f"deleted:O:{one}", _TOPIC, body)


def api_root(settings: CloverSettings) -> str:
    """North America, unless ``base_url`` says otherwise."""
    return settings.base_url or "https://api.clover.com"


def check(http: HttpClient, settings: CloverSettings) -> Checked:
    """Read one customer and one order of every merchant."""
    found = Checked(untested=["auth_code: only a real event can tell"])
    for merchant in sorted(settings.merchants):
        for name in LISTS:
            path = f"/v3/merchants/{quote(merchant, safe='')}/{name}"
            ask = partial(http.get, path, {"limit": "1"}, headers=_token(settings, merchant))
            found.reads(f"{name} of {merchant}", ask)
    return found


SOURCE = Source(
    parse=parse,
    verify=CODE.verify,
    sign=CODE.sign,
    name_event=name_event,
    answer=answer,
    completions=completions,
    complete=complete,
    backfill=backfill,
    lists=LISTS,
    deleted=deleted,
    api_root=api_root,
    check=check,
)
