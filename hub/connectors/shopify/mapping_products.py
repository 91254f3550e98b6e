"""Shopify's products to canonical ones."""

from __future__ import annotations

from datetime import datetime

from hub.connectors.shopify.schemas_products import Product
from hub.mapping.custom import labels
from hub.mapping.product import product, variant
from hub.model.event import ProductEvent

_ONLY_FORM = "Default Title"
"""What Shopify calls the variant of a product that has no options."""


def product_event(given: Product, told_at: datetime) -> ProductEvent:
    """A product; its prices are left out, as a webhook does not tell their currency."""
    told = product(
        given.id,
        given.title,
        sku=given.variants[0].sku if len(given.variants) == 1 else None,
        state=given.status,
        brand=given.vendor,
        categories=[given.product_type],
        tags=labels(given.tags),
        image_url=given.image.src if given.image else None,
        variants=(
            variant(one.id, one.title if one.title != _ONLY_FORM else None, sku=one.sku, barcodes=[one.barcode])
            for one in given.variants
        ),
    )
    return ProductEvent(occurred_at=given.updated_at or given.created_at or told_at, product=told)
