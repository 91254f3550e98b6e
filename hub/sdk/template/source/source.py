"""New Connector as a source: webhooks. How a delivery proves itself is declared in ``manifest``."""

from __future__ import annotations

from collections.abc import Sequence

from hub.errors import SkipEvent
from hub.mapping.payload import Reading, read
from hub.mapping.time import instant
from hub.model.event import CanonicalEvent, CustomerEvent, Note, OrderEvent
from hub.sdk.source import EventName, InboxEntry, RawDelivery, Source

from . import mapping, schemas
from .manifest import SIGNATURE, Settings


def name_event(delivery: RawDelivery, settings: Settings) -> EventName:
    """Event id and type stand in the body."""
    head = read(schemas.Head, delivery.body)
    return EventName(event_id=head.id, topic=head.type)


def parse(entry: InboxEntry, settings: Settings) -> Sequence[CanonicalEvent | Note]:
    """Canonical events. Raises SkipEvent for other topics, PayloadError with the path of what cannot be read."""
    reading = Reading()
    if entry.topic == "customer.updated":
        return reading.of(_customer_updated(entry, reading, settings))
    if entry.topic == "order.paid":
        return reading.of(_order_paid(entry, reading, settings))
    raise SkipEvent(f"topic not read: {entry.topic}")


def _customer_updated(entry: InboxEntry, reading: Reading, settings: Settings) -> Sequence[CanonicalEvent]:
    event = reading.read(schemas.CustomerUpdated, entry.body)
    snapshot = mapping.snapshot(event.customer, region=settings.default_region, fallback=entry.event_id)
    if snapshot is None:
        raise SkipEvent("the customer has neither id, e-mail nor phone")
    at = instant(event.created_at, path="created_at")
    # All that New Connector holds of the customer: an e-mail or phone that is not in it any more was replaced.
    return [CustomerEvent(occurred_at=at, customer=snapshot, whole=("emails", "phones"))]


def _order_paid(entry: InboxEntry, reading: Reading, settings: Settings) -> Sequence[CanonicalEvent]:
    event = reading.read(schemas.OrderPaid, entry.body)
    occurred_at = instant(event.created_at, path="created_at")
    buyer = event.customer and mapping.snapshot(event.customer, region=settings.default_region, fallback=event.order.id)
    order = OrderEvent(occurred_at=occurred_at, order=mapping.order(event.order), record=buyer.key if buyer else None)
    return [CustomerEvent(occurred_at=occurred_at, customer=buyer), order] if buyer else [order]


SOURCE: Source[Settings] = Source(parse=parse, verify=SIGNATURE.verify, sign=SIGNATURE.sign, name_event=name_event)
