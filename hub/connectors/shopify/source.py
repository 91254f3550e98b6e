"""Shopify as a source: signed webhooks, and a history by GraphQL (``source_history``).

Sources: https://shopify.dev/docs/apps/build/webhooks (headers), .../webhooks/ignore-duplicates (event id),
https://shopify.dev/docs/api/webhooks/latest (topics and payloads).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from hub.connectors.shopify import (
    mapping,
    mapping_products,
    mapping_refunds,
    schemas,
    schemas_people,
    schemas_products,
)
from hub.connectors.shopify.manifest import ShopifySettings
from hub.connectors.shopify.mapping_fulfilments import fulfilment
from hub.connectors.shopify.source_history import as_webhook, backfill, deleted
from hub.connectors.shopify.subscriptions import SUBSCRIPTIONS
from hub.errors import ConfigError, PayloadError, SkipEvent
from hub.mapping.email import email
from hub.mapping.order import unexplained
from hub.mapping.payload import Read, Reading
from hub.mapping.phone import phone
from hub.mapping.time import instant
from hub.model.consent import Consent, ConsentChannel
from hub.model.event import (
    CanonicalEvent,
    CartEvent,
    ConsentEvent,
    CustomerEvent,
    DeletionEvent,
    InteractionEvent,
    LinkEvent,
    Note,
    OrderEvent,
    OrderPartEvent,
    PrivacyEvent,
)
from hub.model.identifier import Identifier, RecordKey
from hub.model.interaction import Interaction
from hub.sdk.checked import Checked
from hub.sdk.http import HttpClient, json_of
from hub.sdk.signatures import BodyHmac
from hub.sdk.source import EventName, InboxEntry, RawDelivery, Source

SIGNATURE: BodyHmac[ShopifySettings] = BodyHmac(
    "x-shopify-hmac-sha256", encoding="base64", secrets=lambda settings: settings.webhook_secret
)


def _header(headers: Mapping[str, str], name: str) -> str | None:
    """A header of Shopify's. Events have a family without ``X-`` (Shopify's SDK 13: ``shopify-topic``)."""
    return headers.get(f"x-shopify-{name}") or headers.get(f"shopify-{name}")


def verify(delivery: RawDelivery, settings: ShopifySettings) -> None:
    """Raises VerificationError unless the raw body is signed, whichever family its headers are of."""
    given = _header(delivery.headers, "hmac-sha256")
    if given is not None:
        delivery = replace(delivery, headers={**delivery.headers, SIGNATURE.header: given})
    SIGNATURE.verify(delivery, settings)


def name_event(delivery: RawDelivery, settings: ShopifySettings) -> EventName:
    """Topic and event id, from the headers alone.

    Every subscription of one topic delivers an event with the same X-Shopify-Event-Id, and one event may appear under
    several topics: the id is scoped by the topic. Old senders lack that header: then the id of the delivery, which
    stays the same on its retries, and at last the body's digest.
    """
    headers = delivery.headers
    topic = _header(headers, "topic")
    if not topic:
        raise PayloadError("missing", path="headers.x-shopify-topic")
    event_id = _header(headers, "event-id") or _header(headers, "webhook-id")
    if not event_id:
        event_id = hashlib.blake2b(delivery.body, digest_size=16).hexdigest()
    return EventName(event_id=f"{topic}:{event_id}", topic=topic)


def parse(entry: InboxEntry, settings: ShopifySettings) -> Sequence[CanonicalEvent | Note]:
    """Canonical events of one delivery. Raises SkipEvent for a topic that is not read, PayloadError with a path."""
    reader = _READERS.get(entry.topic)
    if reader is None:
        raise SkipEvent(f"topic not read: {entry.topic}")
    reading = Reading()
    body = as_webhook(entry)
    read_as = entry if body is entry.body else replace(entry, body=body)
    return reading.of(reader(read_as, reading.read, settings.default_region))


def _told_at(entry: InboxEntry) -> datetime:
    """When Shopify says it happened, for payloads without a time; a retry keeps it."""
    header = _header(entry.headers, "triggered-at")
    return instant(header, path="headers.x-shopify-triggered-at") if header else entry.received_at


def _order(entry: InboxEntry, read: Read, region: str) -> Sequence[CanonicalEvent | Note]:
    """The buyer, if there is one, what the order's parts lack of its total, and the order."""
    given = read(schemas.Order, entry.body)
    ticked = _ticked(given, f"order {given.id}", given.processed_at or given.created_at)
    addresses = mapping.addresses_of(given, region)
    who = mapping.buyer(given, addresses, fallback=given.id, ticked=ticked)
    order, record = mapping.order(given, addresses), who[0].customer.key if who else None
    at = given.updated_at or given.created_at
    return [*who, *unexplained(order), OrderEvent(occurred_at=at, order=order, record=record)]


def _ticked(given: schemas.Purchase, where: str, at: datetime) -> list[Consent]:
    """The boxes of the checkout. They may have been ticked beforehand, and no time is told: never explicit."""
    return [
        Consent(channel=channel, state="opted_in", at=at, evidence=f"shopify {box} of {where}")
        for channel, box in given.ticked
    ]


def _customer(entry: InboxEntry, read: Read, region: str) -> Sequence[CanonicalEvent | Note]:
    given = read(schemas.Customer, entry.body)
    at = given.updated_at or given.created_at or _told_at(entry)
    return [CustomerEvent(occurred_at=at, customer=mapping.snapshot(given, region), whole=("emails", "phones"))]


def _checkout(entry: InboxEntry, read: Read, region: str) -> Sequence[CanonicalEvent | Note]:
    """The buyer, if there is one, and the cart."""
    given = read(schemas.Checkout, entry.body)
    ticked = _ticked(given, f"checkout {given.token}", given.created_at)
    who = mapping.buyer(given, mapping.addresses_of(given, region), fallback=given.token, ticked=ticked)
    record = who[0].customer.key if who else None
    return [*who, CartEvent(occurred_at=given.updated_at or given.created_at, cart=mapping.cart(given), record=record)]


def _product(entry: InboxEntry, read: Read, region: str) -> Sequence[CanonicalEvent | Note]:
    return [mapping_products.product_event(read(schemas_products.Product, entry.body), _told_at(entry))]


def _order_deleted(entry: InboxEntry, read: Read, region: str) -> Sequence[CanonicalEvent | Note]:
    gone = RecordKey(kind="order", external_id=read(schemas.Deleted, entry.body).id)
    return [DeletionEvent(occurred_at=_told_at(entry), record=gone, kind="order")]


def _customer_deleted(entry: InboxEntry, read: Read, region: str) -> Sequence[CanonicalEvent | Note]:
    gone = mapping.record_key(read(schemas.Deleted, entry.body).id)
    return [DeletionEvent(occurred_at=_told_at(entry), record=gone)]


def _merge(entry: InboxEntry, read: Read, region: str) -> Sequence[CanonicalEvent | Note]:
    given = read(schemas_people.CustomerMerge, entry.body)
    # https://shopify.dev/docs/api/admin-graphql/latest/enums/CustomerMergeRequestStatus
    if (given.status or "").lower() != "completed":
        raise SkipEvent("merge not completed")
    kept, gone = given.admin_graphql_api_customer_kept_id, given.admin_graphql_api_customer_deleted_id
    records = (mapping.record_key(kept), mapping.record_key(gone))
    return [LinkEvent(occurred_at=_told_at(entry), records=records, reason="merged in Shopify")]


def _email_consent(entry: InboxEntry, read: Read, region: str) -> Sequence[CanonicalEvent | Note]:
    given = read(schemas_people.EmailConsentUpdate, entry.body)
    return _consent(entry, given.customer_id, "email", given.email_marketing_consent)


def _sms_consent(entry: InboxEntry, read: Read, region: str) -> Sequence[CanonicalEvent | Note]:
    given = read(schemas_people.SmsConsentUpdate, entry.body)
    return _consent(entry, given.id, "sms", given.sms_marketing_consent)


def _whatsapp_consent(entry: InboxEntry, read: Read, region: str) -> Sequence[CanonicalEvent | Note]:
    # https://shopify.dev/changelog/whatsapp-marketing-consent-now-available (2026-07)
    given = read(schemas_people.WhatsAppConsentUpdate, entry.body)
    return _consent(entry, given.customer_id, "whatsapp", given.whats_app_marketing_consent)


def _consent(
    entry: InboxEntry, customer_id: str, channel: ConsentChannel, given: schemas.MarketingConsent | None
) -> Sequence[CanonicalEvent | Note]:
    consent = mapping.consent(channel, given)
    if consent is None:
        raise SkipEvent("no consent state")
    at = consent.at or _told_at(entry)
    return [ConsentEvent(occurred_at=at, record=mapping.record_key(customer_id), consent=consent)]


def _tags(entry: InboxEntry, read: Read, region: str) -> Sequence[CanonicalEvent | Note]:
    """A change of tags, as a note: the set they change is not told, so it cannot replace the customer's tags."""
    given = read(schemas_people.TagsChange, entry.body)
    tags = mapping.shops_own(given.tags)
    if not tags:
        raise SkipEvent("no tags but Hub's own" if given.tags else "no tags")
    note = Interaction(
        external_id=entry.event_id,
        kind="note",
        channel="web",
        subject="tags added" if entry.topic == "customer.tags_added" else "tags removed",
        text=", ".join(tags),
    )
    return [
        InteractionEvent(occurred_at=given.occurredAt, interaction=note, record=mapping.record_key(given.customerId))
    ]


def _order_id(order_id: str | None) -> str:
    if order_id is None:
        raise PayloadError("missing", path="order_id")
    return order_id


def _refund(entry: InboxEntry, read: Read, region: str) -> Sequence[CanonicalEvent | Note]:
    given = read(schemas.Refund, entry.body)
    at = given.processed_at or given.created_at
    return [OrderPartEvent(occurred_at=at, order_id=_order_id(given.order_id), part=mapping_refunds.refund(given))]


def _fulfilment(entry: InboxEntry, read: Read, region: str) -> Sequence[CanonicalEvent | Note]:
    given = read(schemas.Fulfilment, entry.body)
    at = given.updated_at or given.created_at
    return [OrderPartEvent(occurred_at=at, order_id=_order_id(given.order_id), part=fulfilment(given))]


def _privacy(entry: InboxEntry, read: Read, region: str) -> Sequence[CanonicalEvent | Note]:
    """The mandatory topics: https://shopify.dev/docs/apps/build/privacy-law-compliance."""
    given = read(schemas_people.PrivacyRequest, entry.body)
    at = _told_at(entry)
    if entry.topic == "shop/redact":
        return [PrivacyEvent(occurred_at=at, action="shop_erasure", external_id=given.shop_id)]
    person = given.customer or schemas_people.Person()
    mail, number = email(person.email), phone(person.phone, region)
    if person.id is None and mail is None and number is None:
        raise PayloadError("names nobody", path="customer")
    found = [Identifier(kind="email", value=mail.value)] if mail and mail.usable else []
    if number and number.usable:
        found.append(Identifier(kind="phone", value=number.value, strength="weak"))
    access = entry.topic == "customers/data_request"
    request = given.data_request.id if given.data_request else None
    return [
        PrivacyEvent(
            occurred_at=at,
            action="access" if access else "erasure",
            external_id=request or entry.event_id,
            record=mapping.record_key(person.id) if person.id else None,
            identifiers=tuple(found),
            order_ids=given.orders_requested if access else given.orders_to_redact,
        )
    ]


_READERS: Mapping[str, Callable[[InboxEntry, Read, str], Sequence[CanonicalEvent | Note]]] = {
    "orders/create": _order,
    "orders/updated": _order,
    "orders/paid": _order,
    "orders/fulfilled": _order,
    "orders/cancelled": _order,
    "orders/delete": _order_deleted,
    "products/create": _product,
    "products/update": _product,
    "customers/create": _customer,
    "customers/update": _customer,
    "customers/delete": _customer_deleted,
    "customers/merge": _merge,
    "customers_email_marketing_consent/update": _email_consent,
    "customers_marketing_consent/update": _sms_consent,
    "customers_whats_app_marketing_consent/update": _whatsapp_consent,
    "customer.tags_added": _tags,
    "customer.tags_removed": _tags,
    "checkouts/create": _checkout,
    "checkouts/update": _checkout,
    "refunds/create": _refund,
    "fulfillments/create": _fulfilment,
    "fulfillments/update": _fulfilment,
    "customers/data_request": _privacy,
    "customers/redact": _privacy,
    "shop/redact": _privacy,
}


def authorise(settings: ShopifySettings) -> Mapping[str, str]:
    """The access token's header: https://shopify.dev/docs/api/admin-rest#authentication."""
    token = settings.access_token
    return {"x-shopify-access-token": token.get_secret_value()} if token else {}


def api_root(settings: ShopifySettings) -> str:
    """The shop's own host. Raises ConfigError when neither ``shop`` nor ``base_url`` is set."""
    if settings.shop is None:
        raise ConfigError(["shop: is needed for the backfill, e.g. my-shop.myshopify.com"])
    return f"https://{settings.shop}"


def scopes(client: HttpClient, settings: ShopifySettings) -> set[str]:
    """The scopes that the token has."""
    asked = {"query": "query { currentAppInstallation { accessScopes { handle } } }"}
    answer = json_of(client.post(f"admin/api/{settings.api_version}/graphql.json", asked))
    installation = (answer.get("data") or {}).get("currentAppInstallation") or {}
    return {str(scope.get("handle")) for scope in installation.get("accessScopes") or ()}


def check(client: HttpClient, settings: ShopifySettings) -> Checked:
    """Ask which scopes the token has: https://shopify.dev/docs/api/admin-graphql/latest/queries/currentappinstallation."""
    found = Checked(untested=["webhook_secret: only a real event can tell"])
    if settings.access_token is None:
        found.untested.append("the Admin API: no access_token is set, so there is no backfill")
        return found
    granted = scopes(client, settings)
    granted |= {scope.replace("write_", "read_", 1) for scope in granted}  # who may write may read
    found.works.append("the token is accepted")
    found.scopes(("read_customers", "read_orders"), granted)
    if "read_all_orders" not in granted:
        found.works.append("orders of the last 60 days can be read; older ones need the scope read_all_orders")
    return found


SOURCE = Source(
    parse=parse,
    verify=verify,
    sign=SIGNATURE.sign,
    name_event=name_event,
    backfill=backfill,
    deleted=deleted,
    subscriptions=SUBSCRIPTIONS,
    authorise=authorise,
    api_root=api_root,
    check=check,
)
