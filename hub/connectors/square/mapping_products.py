"""Square's catalogue to canonical products."""

from __future__ import annotations

from hub.connectors.square.schemas_products import ItemEvent
from hub.mapping.money import minor_units
from hub.mapping.product import product, variant
from hub.mapping.time import instant
from hub.model.event import ProductEvent


def product_event(event: ItemEvent) -> ProductEvent:
    """An item with its variations, which are what orders name; one of variable pricing has no price."""
    item = event.data.object.item
    sold = item.item_data
    told = product(
        item.id,
        sold.name,
        state="archived" if sold.is_archived else None,
        categories=item.category_names,
        variants=(
            variant(
                one.id,
                one.item_variation_data.name,
                sku=one.item_variation_data.sku,
                barcodes=[one.item_variation_data.upc],
                price=minor_units(money.amount, money.currency) if money and money.amount is not None else None,
                currency=money.currency if money else None,
            )
            for one in sold.variations
            for money in [one.item_variation_data.price_money]
        ),
    )
    return ProductEvent(occurred_at=instant(item.updated_at or event.created_at, path="updated_at"), product=told)
