"""Lightspeed Retail X-Series as a source: signed webhooks, history and polling by version.

In: forms whose field ``payload`` is JSON (https://x-series-api.lightspeedhq.com/docs/webhooks), signed with
``X-Signature: signature=…,algorithm=HMAC-SHA256`` over the body with the OAuth app's client secret. The page does not
say how the digest is written, so hexadecimal and base64 are both read. Only webhooks of an OAuth app are signed.
Out: canonical events. Lists are read by ``version``, which grows with every change (…/docs/pagination), so a page never
shifts, and a poll goes on where the last one ended.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import orjson

from hub.connectors.lightspeed import mapping, mapping_products, schemas
from hub.connectors.lightspeed.manifest import MANIFEST, LightspeedSettings
from hub.errors import AuthError, ConfigError, NotFound, PayloadError, SkipEvent, VerificationError
from hub.mapping.body import form_fields
from hub.mapping.payload import Read, Reading, read, read_tree
from hub.mapping.time import instant
from hub.model.event import CanonicalEvent, CustomerEvent, DeletionEvent, Note
from hub.model.identifier import RecordKey
from hub.sdk.checked import Checked
from hub.sdk.http import HttpClient, json_of
from hub.sdk.signatures import BodyHmac, require
from hub.sdk.source import BackfillItem, BackfillPage, EventName, InboxEntry, RawDelivery, Source
from hub.sdk.subscriptions import Subscription, Subscriptions

Parsed = Sequence[CanonicalEvent | Note]
HEADER = "x-signature"
ALGORITHM = "HMAC-SHA256"
_WRITTEN: tuple[BodyHmac[LightspeedSettings], ...] = tuple(
    BodyHmac(HEADER, encoding=encoding, secrets=lambda settings: settings.client_secret)
    for encoding in ("hex", "base64")
)
_HEX_DIGITS = 64


def verify(delivery: RawDelivery, settings: LightspeedSettings) -> None:
    """Raise VerificationError unless one of the live secrets signed the raw body."""
    parts = (part.strip().partition("=") for part in delivery.headers.get(HEADER, "").split(","))
    told = {name: value for name, _, value in parts}
    if told.get("algorithm", ALGORITHM).upper() != ALGORITHM:
        raise VerificationError("signed with an algorithm that is not read")
    given = told.get("signature", "")
    written = _WRITTEN[len(given) != _HEX_DIGITS]
    require(given, settings.client_secret, lambda secret: written.value(secret, delivery.body))


def sign(delivery: RawDelivery, settings: LightspeedSettings) -> RawDelivery:
    """The inverse, hexadecimal."""
    signed = _WRITTEN[0].sign(delivery, settings)
    value = f"signature={signed.headers[HEADER]},algorithm={ALGORITHM}"
    return RawDelivery(
        delivery.method,
        delivery.url,
        delivery.query,
        {**delivery.headers, HEADER: value},
        delivery.body,
        delivery.received_at,
    )


def _opened(body: bytes) -> tuple[str | None, bytes]:
    """The type, where it is told, and the object's JSON: history keeps the object itself, webhooks a form."""
    if body.lstrip()[:1] in (b"{", b"["):
        return None, body
    envelope, _ = read_tree(schemas.Envelope, form_fields(body))
    return envelope.type, envelope.payload.encode()


def name_event(delivery: RawDelivery, settings: LightspeedSettings) -> EventName:
    """Type, id and version of the object and its digest: no id is sent, and an older object has no version."""
    kind, body = _opened(delivery.body)
    head = read(schemas.Head, body)
    topic = kind or next((topic for topic, field in _TELLING.items() if getattr(head, field)), "unknown")
    digest = hashlib.blake2b(body, digest_size=8).hexdigest()
    return EventName(f"{topic}:{head.id}:{head.version or head.updated_at or ''}:{digest}", topic)


def parse(entry: InboxEntry, settings: LightspeedSettings) -> Parsed:
    """Canonical events of one delivery. Raises SkipEvent for what is not read, PayloadError with a path."""
    if entry.topic == "product.listed":
        products = Reading()
        given = products.read(schemas.Product, _opened(entry.body)[1])
        return products.of([mapping_products.product_event(given, settings.currency, entry.received_at)])
    reader = _READERS.get(entry.topic)
    if reader is None:
        raise SkipEvent(f"topic not read: {entry.topic}")
    reading = Reading()
    return reading.of(reader(_opened(entry.body)[1], reading.read, settings))


def _sale(body: bytes, read: Read, settings: LightspeedSettings) -> Parsed:
    sale = read(schemas.Sale, body)
    if sale.deleted_at:
        gone = RecordKey(kind="order", external_id=sale.id)
        return [DeletionEvent(occurred_at=instant(sale.deleted_at, path="deleted_at"), record=gone, kind="order")]
    who = _customer_events(sale.customer, settings, of_sale=sale) if sale.customer else []
    nobody = sale.customer is not None and sale.customer.customer_code == mapping.NOBODY
    customer_id = sale.customer_id or (sale.customer.id if sale.customer else None)
    record = mapping.record_key(customer_id) if customer_id and not nobody else None
    currency = next((paid.currency for paid in sale.paid if paid.currency), settings.currency)
    told: list[CanonicalEvent | Note] = [*mapping.returned(sale, currency, record)]
    if mapping.is_sale(sale, currency) and sale.status not in mapping.UNSOLD:
        told += mapping.sold(sale, currency, record)
    if not told:
        raise SkipEvent("nothing is sold yet: parked or begun at the till")
    return [*who, *told]


def _customer(body: bytes, read: Read, settings: LightspeedSettings) -> Parsed:
    found = _customer_events(read(schemas.Customer, body), settings)
    if not found:
        raise SkipEvent("the customer that stands for nobody (WALKIN)")
    return found


def _customer_events(
    given: schemas.Customer, settings: LightspeedSettings, of_sale: schemas.Sale | None = None
) -> list[CanonicalEvent]:
    """The customer as it is now; within a sale its contact data may be told in part."""
    if given.customer_code == mapping.NOBODY:
        return []
    if given.deleted_at:
        at = instant(given.deleted_at, path="deleted_at")
        return [DeletionEvent(occurred_at=at, record=mapping.record_key(given.id))]
    changed = given.updated_at or given.created_at or (of_sale.sale_date if of_sale else None)
    at = instant(changed, path="updated_at")
    known = mapping.customer(given, settings.default_region)
    return [CustomerEvent(occurred_at=at, customer=known, whole=() if of_sale else ("emails", "phones"))]


_READERS: Mapping[str, Callable[[bytes, Read, LightspeedSettings], Parsed]] = {
    "sale.update": _sale,
    "customer.update": _customer,
}
_TELLING = {"sale.update": "sale_date", "customer.update": "customer_code", "product.listed": "handle"}
"""The field that only an object of the topic has."""

_LISTS = {"customers": "customer.update", "sales": "sale.update", "products": "product.listed"}
_SPARE = frozenset({"products"})
"""Lists that a token from before may not be allowed to read."""

_PAGE = 200
"""The list may give fewer: it is read until it gives none."""


def backfill(
    http: HttpClient, settings: LightspeedSettings, since: datetime | None, cursor: Mapping[str, Any] | None
) -> Iterator[BackfillPage]:
    """Customers, sales, products, each in the order of change. The cursor of a finished run goes on with what is new.

    A list cannot be asked by date, so what is older than ``since`` is left out here. A sale of the list names its
    customer by id only: which one stands for nobody is kept in the cursor.
    """
    state: dict[str, Any] = {**dict.fromkeys(_LISTS, 0), "nobody": [], **(cursor or {})}
    for name, topic in _LISTS.items():
        while True:
            answer = _page(http, name, state[name])
            found = answer.get("data") or []
            versions = [int(one.get("version") or 0) for one in found]
            newest = max([state[name], int((answer.get("version") or {}).get("max") or 0), *versions])
            nobody = {*state["nobody"], *(str(one.get("id")) for one in found if _is_nobody(one))}
            ends = not found or newest == state[name]
            state = {**state, name: newest, "nobody": sorted(nobody)}
            items = [_item(topic, one, nobody) for one in found if _is_recent(one, since)]
            yield BackfillPage(items, state)
            if ends:
                break


def _page(http: HttpClient, name: str, after: int) -> Mapping[str, Any]:
    try:
        answer: Mapping[str, Any] = json_of(http.get(_path(name), {"after": str(after), "page_size": str(_PAGE)}))
    except (AuthError, NotFound):
        if name not in _SPARE:
            raise
        return {}
    return answer


def _path(name: str) -> str:
    return f"api/{MANIFEST.api_version}/{name}"


def _is_nobody(found: Mapping[str, Any]) -> bool:
    return found.get("customer_code") == mapping.NOBODY


def _is_recent(found: Mapping[str, Any], since: datetime | None) -> bool:
    changed = found.get("updated_at") or found.get("created_at")
    try:
        return since is None or not changed or instant(str(changed), path="updated_at") >= since
    except PayloadError:
        return True  # parked with its path, rather than lost


def _item(topic: str, found: Mapping[str, Any], nobody: set[str]) -> BackfillItem:
    owner = found.get("customer_id")
    told = {**found, "customer": {"id": owner, "customer_code": mapping.NOBODY}} if owner in nobody else found
    version = found.get("version") or found.get("updated_at")
    return BackfillItem(f"backfill:{topic}:{found.get('id')}:{version}", topic, orjson.dumps(told))


def authorise(settings: LightspeedSettings) -> Mapping[str, str]:
    """A personal token; the tokens of an OAuth app are put in by Hub."""
    if settings.access_token is None:
        return {}
    return {"authorization": f"Bearer {settings.access_token.get_secret_value()}"}


def api_root(settings: LightspeedSettings) -> str:
    """The store's address. Raises ConfigError when ``base_url`` is not set: every store has its own."""
    if settings.base_url is None:
        raise ConfigError(["base_url: is needed to ask the API: https://PREFIX.retail.lightspeed.app"])
    return settings.base_url


def check(http: HttpClient, settings: LightspeedSettings) -> Checked:
    """Read one customer and one sale."""
    found = Checked(untested=["client_secret: only a real event can tell"])
    for name in _LISTS:
        ask = found.may_read if name in _SPARE else found.reads
        ask(name, partial(http.get, _path(name), {"page_size": "1"}))
    return found


def _listed(http: HttpClient, settings: LightspeedSettings) -> Iterator[Subscription]:
    """https://x-series-api.lightspeedhq.com/v2026.07/reference/get-webhooks: those of this app."""
    for one in json_of(http.get(_path("webhooks"))).get("data") or ():
        active = one.get("active") is not False
        yield Subscription(str(one.get("id")), str(one.get("type")), str(one.get("url")), active=active)


def _create(http: HttpClient, settings: LightspeedSettings, url: str, topics: Sequence[str]) -> None:
    for topic in topics:
        http.post(_path("webhooks"), {"active": True, "type": topic, "url": url})


def _remove(http: HttpClient, settings: LightspeedSettings, gone: Subscription) -> None:
    http.request("DELETE", f"{_path('webhooks')}/{gone.id}")


SOURCE = Source(
    parse=parse,
    verify=verify,
    sign=sign,
    name_event=name_event,
    backfill=backfill,
    changed=lambda settings, cursor: True,
    authorise=authorise,
    api_root=api_root,
    subscriptions=Subscriptions(_listed, _create, _remove, tuple(_READERS)),
    check=check,
)
