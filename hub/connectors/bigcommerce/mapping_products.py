"""BigCommerce's products and reviews to canonical ones."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urljoin

from hub.connectors.bigcommerce import schemas_products as schemas
from hub.mapping.product import product, variant
from hub.mapping.review import review_events
from hub.mapping.time import maybe_instant
from hub.model.event import CustomerEvent, FeedbackEvent, ProductEvent


def product_event(given: schemas.Item, received_at: datetime) -> ProductEvent:
    """A product with its variants; one has the product's own price, and one that is hidden has none."""
    sold = given.product
    currency = None if sold.is_price_hidden else given.currency
    told = product(
        sold.id,
        sold.name,
        sku=sold.sku,
        state=None if sold.is_visible else "disabled",
        brand=given.brand,
        categories=given.categories,
        url=urljoin(given.shop, sold.custom_url.url) if given.shop and sold.custom_url else None,
        image_url=next((one.url_standard for one in sold.images if one.is_thumbnail), None),
        price=sold.calculated_price if sold.calculated_price is not None else sold.price,
        currency=currency,
        variants=(
            variant(
                one.id,
                " ".join(value.label for value in one.option_values if value.label),
                sku=one.sku,
                barcodes=(one.gtin, one.upc),
                price=one.calculated_price,
                currency=currency,
            )
            for one in sold.variants
        ),
    )
    at = maybe_instant(sold.date_modified or sold.date_created, path="product.date_modified")
    return ProductEvent(occurred_at=at or received_at, product=told)


def review_told(given: schemas.ReviewItem, region: str, received_at: datetime) -> list[CustomerEvent | FeedbackEvent]:
    """A review as it is now, and who wrote it."""
    told = given.review
    changed = told.date_modified or told.date_created or told.date_reviewed
    return review_events(
        told.id,
        maybe_instant(changed, path="review.date_modified") or received_at,
        product_id=given.product_id,
        region=region,
        rating=told.rating,
        title=told.title,
        text=told.text,
        state=told.status,
        name=told.name,
        email=told.email,
    )
