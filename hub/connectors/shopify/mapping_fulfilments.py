"""How the goods of a Shopify order reach their buyer."""

from __future__ import annotations

from collections.abc import Iterator

from hub.connectors.shopify import schemas
from hub.model.order import Fulfilment, FulfilmentKind


def fulfilments(given: schemas.Order) -> Iterator[Fulfilment]:
    """What left the shop of an order, and what was handed over at the till."""
    till = given.source_name == "pos"
    # a pick-up order has a delivery method and no address to deliver to; REST names no delivery method
    collected = bool(given.shipping_lines) and given.shipping_address is None
    kind: FulfilmentKind | None = "in_store" if till else "pickup" if collected else None
    for item in given.fulfillments:
        yield fulfilment(item, kind)
    if till and not given.fulfillments:
        yield Fulfilment(
            external_id=given.id,
            kind="in_store",
            location=given.location_id,
            at=given.processed_at or given.created_at,
        )


def fulfilment(given: schemas.Fulfilment, kind: FulfilmentKind | None = None) -> Fulfilment:
    """A fulfilment; ``kind`` as the order tells it, else read from the fulfilment itself."""
    if kind is None:
        digital = bool(given.line_items) and not any(line.requires_shipping for line in given.line_items)
        collected = given.shipment_status in ("ready_for_pickup", "picked_up")
        kind = "digital" if digital else "pickup" if collected else "shipping"
    return Fulfilment(
        external_id=given.id,
        kind=kind,
        state=given.shipment_status or given.status,
        location=given.location_id,
        tracking_number=given.tracking_number,
        at=given.updated_at or given.created_at,
    )
