"""BigCommerce's products and reviews as ``source_products`` puts them together, only the fields Hub uses.

Source: github.com/bigcommerce/docs, reference/catalog/products_catalog.v3.yml (product_Base, productVariant_Full,
productReview_Full).
"""

from __future__ import annotations

from decimal import Decimal

from hub.mapping.payload import TimeText, VendorModel
from hub.model.money import Currency


class Url(VendorModel):
    url: str | None = None


class Image(VendorModel):
    is_thumbnail: bool = False
    url_standard: str | None = None


class Label(VendorModel):
    label: str | None = None


class Variant(VendorModel):
    """``price`` is empty where the product's counts; ``calculated_price`` is what one costs now."""

    id: str
    sku: str | None = None
    calculated_price: Decimal | None = None
    upc: str | None = None
    gtin: str | None = None
    option_values: tuple[Label, ...] = ()


class Product(VendorModel):
    id: str
    name: str | None = None
    sku: str | None = None
    calculated_price: Decimal | None = None
    price: Decimal | None = None
    is_visible: bool = True
    is_price_hidden: bool = False
    custom_url: Url | None = None
    images: tuple[Image, ...] = ()
    variants: tuple[Variant, ...] = ()
    date_created: TimeText | None = None
    date_modified: TimeText | None = None


class Item(VendorModel):
    """A product and the names of what it points to."""

    product: Product
    brand: str | None = None
    categories: tuple[str, ...] = ()
    currency: Currency | None = None
    shop: str | None = None


class Review(VendorModel):
    """``rating`` is nought where none was given."""

    id: str
    title: str | None = None
    text: str | None = None
    status: str | None = None
    rating: Decimal | None = None
    email: str | None = None
    name: str | None = None
    date_reviewed: TimeText | None = None
    date_created: TimeText | None = None
    date_modified: TimeText | None = None


class ReviewItem(VendorModel):
    review: Review
    product_id: str
