"""Shopware's products and reviews to canonical ones."""

from __future__ import annotations

from hub.connectors.shopware import schemas_products as schemas
from hub.connectors.shopware.mapping import changed_at, record_key
from hub.mapping.product import product
from hub.mapping.review import review_events
from hub.model.event import CustomerEvent, FeedbackEvent, ProductEvent

OWN_CURRENCY = "b7d2554b0ce847cd82f3ac9bd1c0dfca"
"""``Defaults::CURRENCY`` of shopware/shopware, src/Core/Defaults.php: the id of whatever currency is the shop's own.

"Don't depend on this being EUR, the underlying currency can be overwritten by the installer", it says there."""


def product_event(given: schemas.Product, currency: str | None) -> ProductEvent:
    """A product or one of its variants, each of which orders name by its own id; the price is with tax."""
    chosen = ", ".join(option.name for option in given.options if option.name)
    told = product(
        given.id,
        f"{given.name} ({chosen})" if given.name and chosen else given.name,
        sku=given.product_number,
        state="disabled" if given.active is False else None,
        brand=given.manufacturer.name if given.manufacturer else None,
        categories=(one.name for one in given.categories),
        tags=(one.name for one in given.tags),
        image_url=given.cover.media.url if given.cover and given.cover.media else None,
        price=next((one.gross for one in given.price if one.currency_id == OWN_CURRENCY), None),
        currency=currency,
    )
    return ProductEvent(occurred_at=changed_at(given, *([given.parent] if given.parent else [])), product=told)


def review_told(given: schemas.Review, region: str) -> list[CustomerEvent | FeedbackEvent]:
    """A review of an account's, or of whoever an import names."""
    return review_events(
        given.id,
        changed_at(given),
        product_id=given.product_id,
        region=region,
        rating=given.points,
        title=given.title,
        text=given.content,
        state=None if given.status is None else "published" if given.status else "pending",
        record=record_key("customer", given.customer_id) if given.customer_id else None,
        name=given.external_user,
        email=given.external_email,
    )
