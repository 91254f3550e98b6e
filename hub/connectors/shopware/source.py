"""Shopware 6 as a source: an app's webhooks, entities that are fetched, and history.

Sources: https://developer.shopware.com/docs/guides/plugins/apps/lifecycle/webhook.html (bodies and signature),
…/app-registration-setup.html (registration, confirmation, rotation of the secret) and
…/guides/development/integrations-api/search-criteria.html (criteria).

Webhooks come in any order today (docs/resources/references/adr/2026-04-14-webhook-outbox-transport.md), and those of
``*.written`` hold ids alone: so every event only names what is to be fetched, and the entity as it is then is read. A
delivery that somebody replays tells nothing old, so its ``timestamp`` is not held against it.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import orjson

from hub.connectors.shopware import mapping, mapping_products, schemas, schemas_products
from hub.connectors.shopware.manifest import MANIFEST, ShopwareSettings
from hub.connectors.shopware.schemas_lists import LISTS
from hub.errors import PayloadError, SkipEvent, VerificationError
from hub.mapping.payload import Reading, read
from hub.mapping.time import epoch
from hub.model.event import CanonicalEvent, DeletionEvent, Note
from hub.model.identifier import RecordKey
from hub.sdk.checked import Checked
from hub.sdk.http import HttpClient, json_of
from hub.sdk.lists import in_turn
from hub.sdk.paginate import Moment, by_moment
from hub.sdk.signatures import BodyHmac
from hub.sdk.source import (
    BackfillItem,
    Completion,
    EventName,
    InboxEntry,
    Listed,
    Part,
    RawDelivery,
    Reply,
    Source,
)

SIGNATURE: BodyHmac[ShopwareSettings] = BodyHmac(
    "shopware-shop-signature",
    encoding="hex",
    secrets=lambda settings: settings.shop_secret,
    signed=lambda delivery: delivery.body if delivery.method == "POST" else _query(delivery),
)
_OF_APP: BodyHmac[ShopwareSettings] = BodyHmac(
    "shopware-app-signature",
    encoding="hex",
    secrets=lambda settings: settings.app_secret or (),
    signed=lambda delivery: _query(delivery),
)
_LIVE = "0fa91ce3e96a4bc2be4bd9ce752c3425"
"""``Defaults::LIVE_VERSION``: entities of another version are drafts."""
_JSON = {"accept": "application/json"}
_PER_PAGE = 100


def _query(delivery: RawDelivery) -> bytes:
    return delivery.url.partition("?")[2].encode()


def answer(delivery: RawDelivery, settings: ShopwareSettings) -> Reply | None:
    """The two requests by which a shop makes itself known to an app (app-registration-setup.html).

    The registration is a GET, signed with the app's secret, and when the shop did it before also with the shop's. The
    confirmation brings API keys, which Hub does not keep: it uses those of an integration. Raises VerificationError,
    which says whose secret is another.
    """
    if delivery.method == "GET" and "shop-id" in delivery.query:
        if not settings.app_secret:
            raise VerificationError("a shop registers, and app_secret is not set")
        _told("the registration of a shop, by app_secret", _OF_APP, delivery, settings)
        if SIGNATURE.header in delivery.headers:
            _told("the registration of a shop that has a secret, by shop_secret", SIGNATURE, delivery, settings)
        return Reply(200, _registered(delivery, settings), "application/json")
    if delivery.method == "POST" and b'"secretKey"' in delivery.body:
        _told("the confirmation of a shop, by shop_secret", SIGNATURE, delivery, settings)
        return Reply(204)
    return None


def _told(what: str, signature: BodyHmac[ShopwareSettings], delivery: RawDelivery, settings: ShopwareSettings) -> None:
    try:
        signature.verify(delivery, settings)
    except VerificationError as error:
        raise VerificationError(f"{error} of {what}") from None


def _registered(delivery: RawDelivery, settings: ShopwareSettings) -> bytes:
    secret = (settings.app_secret or ())[0].get_secret_value()
    proved = f"{delivery.query['shop-id']}{delivery.query.get('shop-url', '')}{settings.app_name}"
    proof = hmac.digest(secret.encode(), proved.encode(), "sha256").hex()
    given = settings.shop_secret[0].get_secret_value()
    return orjson.dumps({"proof": proof, "secret": given, "confirmation_url": delivery.url.partition("?")[0]})


def name_event(delivery: RawDelivery, settings: ShopwareSettings) -> EventName:
    """``source.eventId`` stays over retries (since 6.4.11); the state that was entered is no part of the topic."""
    head = read(schemas.Head, delivery.body)
    return EventName(event_id=head.source.event_id, topic=head.data.event.partition(".state.")[0])


def _named(topic: str, body: bytes) -> tuple[str, list[str]]:
    """The entity that a topic is about, and the ids of those that an event names."""
    if topic.endswith((".written", ".deleted", ".listed")):
        named = read(schemas.Written, body).data.payload
        return topic.partition(".")[0], [one.id for one in named if one.version_id in (None, _LIVE)]
    payload = read(schemas.Told, body).data.payload
    entity = "newsletter_recipient" if topic.startswith("newsletter.") else "order"
    subject = payload.newsletter_recipient if topic.startswith("newsletter.") else payload.order
    if subject is None:
        raise PayloadError("missing", path=f"data.payload.{'newsletterRecipient' if entity != 'order' else 'order'}")
    return entity, [subject.id]


def completions(entry: InboxEntry, settings: ShopwareSettings) -> Sequence[Completion]:
    """Every entity that the event names."""
    if entry.topic not in MANIFEST.topics or _beside(entry).fetched is not None or _beside(entry).gone:
        return ()
    entity, ids = _named(entry.topic, entry.body)
    path = LISTS[entity].path
    names = {f"{entity}-{place}": one for place, one in enumerate(ids)}
    return [Completion(name, path, {"id": one}) for name, one in names.items() if name not in entry.completions]


def _beside(entry: InboxEntry) -> schemas.Beside:
    return read(schemas.Beside, entry.body)


def complete(completion: Completion, http: HttpClient, settings: ShopwareSettings) -> bytes:
    entity = completion.name.partition("-")[0]
    response = http.post(completion.path, {"ids": [completion.query["id"]], **_shape(entity)}, headers=_JSON)
    return response.content if response.content and json_of(response).get("data") else b""


def _shape(entity: str) -> dict[str, Any]:
    listed = LISTS[entity]
    return {"associations": listed.associations, "includes": listed.includes}


def parse(entry: InboxEntry, settings: ShopwareSettings) -> Sequence[CanonicalEvent | Note]:
    """Canonical events of what was fetched. Raises SkipEvent for a topic that is not read, PayloadError with a path."""
    if entry.topic not in MANIFEST.topics:
        raise SkipEvent(f"topic not read: {entry.topic}")
    reading, beside = Reading(), _beside(entry)
    entity, ids = _named(entry.topic, entry.body)
    schema = LISTS[entity].schema
    events: list[CanonicalEvent | Note] = []
    for place, one in enumerate(ids):
        body = entry.completions.get(f"{entity}-{place}")
        if beside.gone or body == b"":
            events.append(_deletion(entity, one, entry, beside))
        elif beside.fetched is not None:
            found = reading.tree(schema, beside.fetched, "fetched")
            events += _events(found, settings.default_region, beside.currency)
        elif body is not None:
            events += _events(reading.read(schema, body), settings.default_region)
    if not events and not reading.notes:
        raise SkipEvent("drafts of orders alone, or nothing that was fetched")
    return reading.of(events)


_Found = schemas.Orders | schemas.Customers | schemas.Recipients | schemas_products.Products | schemas_products.Reviews


def _events(found: _Found, region: str, currency: str | None = None) -> Iterator[CanonicalEvent | Note]:
    for one in found.data:
        match one:
            case schemas.Order():
                yield from mapping.order_events(one, region)
            case schemas.Customer():
                yield mapping.customer_event(one, region)
            case schemas.Recipient():
                yield mapping.recipient_event(one, region)
            case schemas_products.Product():
                yield mapping_products.product_event(one, currency)
            case schemas_products.Review():
                yield from mapping_products.review_told(one, region)


def _deletion(entity: str, entity_id: str, entry: InboxEntry, beside: schemas.Beside) -> DeletionEvent:
    at = epoch(beside.timestamp, path="timestamp") if beside.timestamp else entry.received_at
    if entity == "order":
        return DeletionEvent(occurred_at=at, record=RecordKey(kind="order", external_id=entity_id), kind="order")
    return DeletionEvent(occurred_at=at, record=mapping.record_key(entity, entity_id))


def _list(entity: str, **how: Any) -> Listed[ShopwareSettings]:
    """Rows of which anything changed at or after ``since``.

    Most are numbered (``autoIncrement``), and a page begins after the last number: what changes meanwhile moves
    nothing. The others are read in the order in which they came: a page begins with the time of the last one, so that
    one that is deleted meanwhile moves no other past it, and by number only within one moment.
    """
    key = LISTS[entity].key

    def page(http: HttpClient, settings: ShopwareSettings, since: datetime | None, at: Any) -> Part:
        answer = json_of(http.post(LISTS[entity].path, _criteria(entity, at, since), headers=_headers(entity)))
        found, total = answer.get("data") or [], int(answer.get("total") or 0)
        beside = {"currency": _own_currency(http)} if entity == "product" and found else {}
        items = [_item(entity, one, beside) for one in found]
        return Part(items, _following(found, key, at) if total > len(found) else None, None if at else total)

    return Listed(page, **how)


def _following(found: Sequence[Mapping[str, Any]], key: str | None, at: Any) -> Any:
    """Where a list is gone on with, None at its end; a shop that heeds no filter gives the same place again."""
    if not found:
        return None
    if key:
        last = int(found[-1].get(key) or 0)
        return last if last > (at or 0) else None
    return by_moment(_moment(at), found[-1].get("createdAt"), full=len(found) == _PER_PAGE)


def _moment(at: Any) -> Moment:
    number, begin, again = (*(at or (1, None)), False)[:3]
    return number, begin, again


def _headers(entity: str) -> Mapping[str, str]:
    """A variant tells what is its parent's only when it is asked to (…/integrations-api/request-headers.html)."""
    return {**_JSON, "sw-inheritance": "1"} if entity == "product" else _JSON


def _own_currency(http: HttpClient) -> str | None:
    """Prices name their currency by its id."""
    asked = {"ids": [mapping_products.OWN_CURRENCY], "includes": {"currency": ["isoCode"]}}
    found = json_of(http.post("/api/search/currency", asked, headers=_JSON)).get("data") or ()
    return next((one.get("isoCode") for one in found), None)


def _criteria(entity: str, at: Any, since: datetime | None) -> dict[str, Any]:
    listed = LISTS[entity]
    filters: list[dict[str, Any]] = []
    number, begin, _ = _moment(None if listed.key else at)
    if listed.key and at:
        filters.append({"type": "range", "field": listed.key, "parameters": {"gt": at}})
    if begin:
        filters.append({"type": "range", "field": "createdAt", "parameters": {"gte": begin}})
    if since:
        from_then = {"gte": since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+00:00")}
        changes = [{"type": "range", "field": field, "parameters": from_then} for field in listed.changes]
        filters.append({"type": "multi", "operator": "or", "queries": changes})
    order = [listed.key] if listed.key else ["createdAt", "id"]
    return {
        "page": number,
        "limit": _PER_PAGE,
        "total-count-mode": 1,
        "filter": filters,
        "sort": [{"field": field, "order": "ASC"} for field in order],
        **_shape(entity),
    }


def _item(entity: str, found: Mapping[str, Any], more: Mapping[str, Any]) -> BackfillItem:
    """An entity as the event that would name it, with the entity beside it."""
    topic, version = LISTS[entity].topic, max(_times(found), default="")
    named: Any = [{"entity": entity, "operation": "update", "primaryKey": found.get("id")}]
    if entity == "newsletter_recipient":
        named = {"newsletterRecipient": {"id": found.get("id")}}
    return _event(
        f"backfill:{entity}:{found.get('id')}:{version}", topic, named, {"fetched": {"data": [found]}, **more}
    )


def _event(event_id: str, topic: str, payload: Any, beside: Mapping[str, Any]) -> BackfillItem:
    body = {"data": {"event": topic, "payload": payload}, "source": {"eventId": event_id}, **beside}
    return BackfillItem(event_id, topic, orjson.dumps(body))


def _times(node: Any) -> Iterator[str]:
    """Every time of change within an entity: an order's own stays when its payment changes."""
    if isinstance(node, Mapping):
        yield from (node[name] for name in ("createdAt", "updatedAt") if node.get(name))
    for part in node.values() if isinstance(node, Mapping) else node if isinstance(node, list) else ():
        yield from _times(part)


def deleted(http: HttpClient, settings: ShopwareSettings, ids: Sequence[str]) -> Iterator[BackfillItem]:
    """Orders that the shop has no more."""
    asked = {"ids": list(ids), "limit": len(ids), "includes": {"order": ["id"]}}
    found = json_of(http.post(LISTS["order"].path, asked, headers=_JSON)).get("data") or ()
    for one in sorted(set(ids) - {str(order.get("id")) for order in found}):
        named = [{"entity": "order", "operation": "delete", "primaryKey": one}]
        yield _event(f"deleted:order:{one}", "order.deleted", named, {"gone": True})


READ = {
    "customer": _list("customer"),
    "order": _list("order", quiet=timedelta(0)),
    "newsletter_recipient": _list("newsletter_recipient"),
    "product": _list("product", spare=True),
    "product_review": _list("product_review", spare=True),
}
backfill = partial(in_turn, READ)


def check(http: HttpClient, settings: ShopwareSettings) -> Checked:
    """Read one of each list, with all that Hub asks of it."""
    found = Checked(untested=["shop_secret: only a real event can tell"])
    for entity, listed in LISTS.items():
        one = {**_criteria(entity, None, None), "limit": 1}
        ask = found.may_read if READ[entity].spare else found.reads
        ask(f"{entity.replace('_', ' ')}s", partial(http.post, listed.path, one, headers=_JSON))
    return found


SOURCE = Source(
    parse=parse,
    verify=SIGNATURE.verify,
    sign=SIGNATURE.sign,
    name_event=name_event,
    answer=answer,
    completions=completions,
    complete=complete,
    backfill=backfill,
    lists=READ,
    deleted=deleted,
    api_root=lambda settings: settings.base_url,
    check=check,
)
