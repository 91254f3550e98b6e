"""Square's catalogue, only the fields Hub uses.

Source: https://developer.squareup.com/reference/square/catalog-api/search-catalog-objects (CatalogObject, CatalogItem,
CatalogItemVariation).
"""

from __future__ import annotations

from hub.connectors.square.schemas import Maybe, Money, Schema
from hub.mapping.payload import TimeText


class VariationData(Schema):
    name: str | None = None
    sku: str | None = None
    upc: str | None = None
    price_money: Maybe[Money] = None


class Variation(Schema):
    id: str
    item_variation_data: VariationData


class ItemData(Schema):
    name: str | None = None
    is_archived: bool = False
    variations: tuple[Variation, ...] = ()


class Item(Schema):
    """``category_names`` are put there by the history."""

    id: str
    updated_at: TimeText | None = None
    item_data: ItemData
    category_names: tuple[str, ...] = ()


class Items(Schema):
    item: Item


class ItemDataOfEvent(Schema):
    object: Items


class ItemEvent(Schema):
    created_at: TimeText
    data: ItemDataOfEvent
