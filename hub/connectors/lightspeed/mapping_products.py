"""Lightspeed's products to canonical ones. Pure.

Source: https://x-series-api.lightspeedhq.com (products, today's list); the webhook product.update tells them in the
shape of API 1.0 and is not subscribed to.
"""

from __future__ import annotations

from datetime import datetime

from hub.connectors.lightspeed.schemas import Product
from hub.mapping.product import product, variant
from hub.mapping.time import instant
from hub.model.event import ProductEvent


def product_event(given: Product, currency: str, received_at: datetime) -> ProductEvent:
    """A row of the list. The price is the one with tax, where the store has its prices so."""
    changed = given.deleted_at or given.updated_at or given.created_at
    price = given.price_excluding_tax if given.price_including_tax is None else given.price_including_tax
    codes = [one.code for one in given.product_codes if one.code and one.code != given.sku]
    told = product(
        given.id,
        given.variant_name or given.name,
        sku=given.sku,
        state="archived" if given.deleted_at or not given.active else None,
        brand=given.brand.name if given.brand else None,
        categories=[one.name for one in (given.product_category, given.type) if one],
        image_url=given.image_url,
        price=price,
        currency=currency,
        variants=[variant(given.id, sku=given.sku, barcodes=codes)] if codes else (),
    )
    at = instant(changed, path="updated_at") if changed else received_at
    return ProductEvent(occurred_at=at, product=told)
