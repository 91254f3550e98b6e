"""Square as a source: signed webhooks, fetched orders, history.

In: notifications (https://developer.squareup.com/docs/webhooks/overview), signed as
https://developer.squareup.com/docs/webhooks/step3validate tells: base64 HMAC-SHA256 of notification URL + raw body.
Out: canonical events. ``order.*`` names only ids, so the order and then its customer are fetched; a refund's
``order_id`` is the order of the return, so the refunded payment is fetched for the order that was sold
(https://developer.squareup.com/forums/t/how-to-retrieve-list-of-refunds-for-an-invoice/6813).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from urllib.parse import quote

from hub.connectors.square import mapping, mapping_products, schemas, schemas_products
from hub.connectors.square.manifest import MANIFEST, SquareSettings
from hub.connectors.square.source_history import LISTS, backfill
from hub.connectors.square.subscriptions import SUBSCRIPTIONS
from hub.errors import PayloadError, SkipEvent
from hub.mapping.buyer import completed, named, names_of, same_person, told_beside, told_fields, weak_contacts
from hub.mapping.customer import CustomerFields
from hub.mapping.order import unexplained
from hub.mapping.payload import Reading, read
from hub.mapping.time import instant
from hub.model.customer import CustomerSnapshot
from hub.model.event import (
    CanonicalEvent,
    CustomerEvent,
    DeletionEvent,
    InteractionEvent,
    LinkEvent,
    Note,
    OrderEvent,
    OrderPartEvent,
)
from hub.model.identifier import RecordKey
from hub.model.interaction import Interaction
from hub.sdk import signatures
from hub.sdk.checked import Checked, texts
from hub.sdk.completing import fetched
from hub.sdk.http import HttpClient, json_of
from hub.sdk.source import Completion, EventName, InboxEntry, RawDelivery, Source

Parsed = Sequence[CanonicalEvent | Note]
SIGNATURE: signatures.BodyHmac[SquareSettings] = signatures.BodyHmac(
    "x-square-hmacsha256-signature",
    encoding="base64",
    secrets=lambda settings: settings.signature_key,
    signed=lambda delivery: delivery.url.encode() + delivery.body,
)
_MERGED = "merged at the source"


def name_event(delivery: RawDelivery, settings: SquareSettings) -> EventName:
    """``event_id`` is Square's own idempotency value (docs/webhooks/step4manage)."""
    head = read(schemas.EventHead, delivery.body)
    return EventName(event_id=head.event_id, topic=head.type)


def completions(entry: InboxEntry, settings: SquareSettings) -> Sequence[Completion]:
    if settings.access_token is None or not entry.topic.startswith(("order.", "refund.")):
        return ()
    found = read(schemas.Event, entry.body).data.object
    if found.refund is not None and found.refund.payment_id:
        return () if "payment" in entry.completions else (_fetch("payment", "payments", found.refund.payment_id),)
    pointer = found.order_created or found.order_updated
    if found.order is not None or pointer is None:
        return ()
    if "order" not in entry.completions:
        return (_fetch("order", "orders", pointer.order_id),)
    body = entry.completions["order"]
    customer_id = mapping.customer_id_of(read(schemas.OrderAnswer, body).order) if body else None
    if customer_id is None or "customer" in entry.completions:
        return ()
    return (_fetch("customer", "customers", customer_id),)


def _fetch(name: str, collection: str, identifier: str) -> Completion:
    return Completion(name=name, path=f"/v2/{collection}/{quote(identifier, safe='')}")


def check(http: HttpClient, settings: SquareSettings) -> Checked:
    """https://developer.squareup.com/docs/oauth-api/token-introspection tells what a token may do."""
    found = Checked(untested=["signature_key: only a real event can tell"])
    if settings.access_token is None:
        found.untested.append("the API: no access_token is set, so orders are not read and there is no backfill")
        return found
    status = json_of(http.post("/oauth2/token/status", {}))
    found.works.append("the token is accepted")
    found.scopes(("CUSTOMERS_READ", "ORDERS_READ", "PAYMENTS_READ"), texts(status, "scopes"))
    if expires := status.get("expires_at"):
        found.works.append(f"it expires at {expires}")
    return found


def parse(entry: InboxEntry, settings: SquareSettings) -> Parsed:
    if entry.topic == "oauth.authorization.revoked":
        raise SkipEvent("authorisation revoked: Square sends no further events until the seller connects again")
    if entry.topic == "item.updated":
        reading = Reading()
        return reading.of([mapping_products.product_event(reading.read(schemas_products.ItemEvent, entry.body))])
    reader = _READERS.get(entry.topic)
    if reader is None:
        raise SkipEvent(f"topic not read: {entry.topic}")
    reading = Reading()
    return reading.of(reader(entry, reading.read(schemas.Event, entry.body), reading, settings))


def _customer(entry: InboxEntry, event: schemas.Event, reading: Reading, settings: SquareSettings) -> Parsed:
    customer = _required(event.data.object.customer, "customer")
    changed_at = mapping.changed_at(customer, event.created_at)
    known = mapping.customer_snapshot(customer, settings.default_region)
    return [CustomerEvent(occurred_at=changed_at, customer=known, whole=("emails", "phones")), *_merge_links(event)]


def _customer_deleted(entry: InboxEntry, event: schemas.Event, reading: Reading, settings: SquareSettings) -> Parsed:
    links = _merge_links(event)
    if links:
        return links
    customer = _required(event.data.object.customer, "customer")
    at = instant(event.created_at, path="created_at")
    return [DeletionEvent(occurred_at=at, record=mapping.customer_key(customer.id))]


def _merge_links(event: schemas.Event) -> list[CanonicalEvent]:
    context = event.data.object.event_context
    if context is None or context.merge is None or not context.merge.from_customer_ids:
        return []
    ids = dict.fromkeys((context.merge.to_customer_id, *context.merge.from_customer_ids))
    at = instant(event.created_at, path="created_at")
    return [LinkEvent(occurred_at=at, records=tuple(map(mapping.customer_key, ids)), reason=_MERGED)]


def _order(entry: InboxEntry, event: schemas.Event, reading: Reading, settings: SquareSettings) -> Parsed:
    order = event.data.object.order or _fetched_order(entry, reading)
    if order.returns and not order.line_items:
        raise SkipEvent("a return, told by its refund events")
    if order.state == "DRAFT":
        raise SkipEvent("a draft, not placed yet")
    at = instant(order.updated_at or order.created_at, path="updated_at")
    body = entry.completions.get("customer")
    customer = reading.read(schemas.CustomerAnswer, body).customer if body else None
    region = mapping.region(order, customer, settings.default_region)
    told, record = _order_customer(order, customer, at, region)
    made = mapping.order(order, region)
    return [*told, *unexplained(made), OrderEvent(occurred_at=at, order=made, record=record)]


def _fetched_order(entry: InboxEntry, reading: Reading) -> schemas.Order:
    body = entry.completions.get("order")
    if body is None:
        raise SkipEvent("order not fetched: the connection has no access_token")
    if not body:
        raise SkipEvent("the order does not exist any more")
    return reading.read(schemas.OrderAnswer, body).order


def _order_customer(
    order: schemas.Order, customer: schemas.Customer | None, at: datetime, region: str
) -> tuple[list[CanonicalEvent], RecordKey | None]:
    """What the order tells of its customer, and whose the order is."""
    recipient = mapping.recipient_of(order) or schemas.Recipient()
    fields: CustomerFields = mapping.RECIPIENT.read(recipient)
    addresses = [found for found in (mapping.address(recipient.address),) if found]
    customer_id = mapping.customer_id_of(order)
    if customer_id is None:
        if not fields and not addresses:
            return [], None
        guest = mapping.guest_snapshot(fields, region, fallback=order.id, addresses=addresses)
        return [CustomerEvent(occurred_at=at, customer=guest)], guest.key
    key = mapping.customer_key(customer_id)
    told: list[CanonicalEvent] = []
    if customer is None:
        # Without the customer nobody can tell whether the recipient is another person, to whom a present goes.
        known, mine = CustomerSnapshot(key=key), recipient.customer_id == customer_id
    else:
        known, mine = mapping.customer_snapshot(customer, region), True
        changed_at = instant(customer.updated_at, path="updated_at") if customer.updated_at else at
        told.append(CustomerEvent(occurred_at=changed_at, customer=known, whole=("emails", "phones")))
        if customer.id != customer_id:
            # Square answers the id of a merged-away customer with the customer it became (forum thread 174).
            told.append(LinkEvent(occurred_at=at, records=(known.key, key), reason=_MERGED))
    if mine and same_person(named(known.name), fields):
        beside = told_beside(known, fields, at=at, region=region, addresses=addresses)
        told += [beside] if beside else []
    return told, key


def _payment(entry: InboxEntry, event: schemas.Event, reading: Reading, settings: SquareSettings) -> Parsed:
    payment = _required(event.data.object.payment, "payment")
    at = instant(payment.updated_at or payment.created_at, path="data.object.payment.updated_at")
    buyer = _buyer(payment, settings.default_region)
    record = mapping.customer_key(payment.customer_id) if payment.customer_id else (buyer.key if buyer else None)
    events: list[CanonicalEvent] = [CustomerEvent(occurred_at=at, customer=buyer)] if buyer else []
    if payment.order_id:
        part = mapping.payment(payment)
        events.append(OrderPartEvent(occurred_at=at, order_id=payment.order_id, part=part, record=record))
    if not events:
        raise SkipEvent("a payment without order and buyer")
    return events


def _buyer(payment: schemas.Payment, region: str) -> CustomerSnapshot | None:
    """The buyer's contact data. Of a known customer only weak evidence: a card may be somebody else's."""
    billing, shipping = names_of(payment.billing_address), names_of(payment.shipping_address)
    own = same_person(billing, shipping)  # else the goods go to another person
    sources = (payment.billing_address, payment.shipping_address if own else None)
    addresses = tuple(dict.fromkeys(found for found in map(mapping.address, sources) if found))
    if payment.customer_id:
        known = CustomerSnapshot(key=mapping.customer_key(payment.customer_id))
        contact = weak_contacts(known, emails=[payment.buyer_email_address], region=region)
        known = known.model_copy(update={"addresses": addresses, "identifiers": contact})
        return known if contact or addresses else None
    fields = {**completed(billing, shipping), **told_fields({"email": payment.buyer_email_address})}
    if not addresses and not fields:
        return None
    return mapping.guest_snapshot(fields, region, fallback=payment.order_id or payment.id, addresses=addresses)


def _refund(entry: InboxEntry, event: schemas.Event, reading: Reading, settings: SquareSettings) -> Parsed:
    refund = _required(event.data.object.refund, "refund")
    body = entry.completions.get("payment")
    payment = reading.read(schemas.PaymentAnswer, body).payment if body else None
    order_id = (payment.order_id if payment else None) or refund.order_id
    if not order_id:
        raise SkipEvent("a refund without order")
    at = instant(refund.updated_at or refund.created_at, path="data.object.refund.updated_at")
    return [OrderPartEvent(occurred_at=at, order_id=order_id, part=mapping.refund(refund))]


def _loyalty(entry: InboxEntry, event: schemas.Event, reading: Reading, settings: SquareSettings) -> Parsed:
    account = _required(event.data.object.loyalty_account, "loyalty_account")
    at = mapping.changed_at(account, event.created_at)
    phone = (account.mapping.phone_number if account.mapping else None) or ""
    fields: CustomerFields = {"phone": (phone,), "loyalty_id": (account.id,)}
    snapshot = mapping.guest_snapshot(fields, settings.default_region, fallback=account.id)
    if account.customer_id:
        snapshot = snapshot.model_copy(update={"key": mapping.customer_key(account.customer_id)})
    points = {"balance": account.balance, "lifetime_points": account.lifetime_points}
    interaction = Interaction(
        external_id=event.event_id,
        kind="loyalty",
        channel="till",
        reference=account.id,
        details={name: str(value) for name, value in points.items() if value is not None},
    )
    return [
        CustomerEvent(occurred_at=at, customer=snapshot),
        InteractionEvent(occurred_at=at, interaction=interaction, record=snapshot.key),
    ]


def _required(found: schemas.Found | None, name: str) -> schemas.Found:
    if found is None:
        raise PayloadError("missing", path=f"data.object.{name}")
    return found


_Reader = Callable[[InboxEntry, schemas.Event, Reading, SquareSettings], Parsed]
_READERS: Mapping[str, _Reader] = {
    "customer.created": _customer,
    "customer.updated": _customer,
    "customer.deleted": _customer_deleted,
    "order.created": _order,
    "order.updated": _order,
    "payment.created": _payment,
    "payment.updated": _payment,
    "refund.created": _refund,
    "refund.updated": _refund,
    "loyalty.account.created": _loyalty,
    "loyalty.account.updated": _loyalty,
}


def authorise(settings: SquareSettings) -> Mapping[str, str]:
    headers = {"square-version": MANIFEST.api_version}
    if settings.access_token is not None:
        headers["authorization"] = f"Bearer {settings.access_token.get_secret_value()}"
    return headers


SOURCE = Source(
    parse=parse,
    verify=SIGNATURE.verify,
    sign=SIGNATURE.sign,
    name_event=name_event,
    completions=completions,
    complete=fetched,
    backfill=backfill,
    lists=LISTS,
    subscriptions=SUBSCRIPTIONS,
    authorise=authorise,
    check=check,
    api_root=lambda settings: "https://connect.squareup.com",
)
