"""Shopify's products, only the fields Hub uses.

Source: https://shopify.dev/docs/api/webhooks/latest (products/create, products/update).
"""

from __future__ import annotations

from datetime import datetime

from hub.mapping.payload import VendorModel


class Variant(VendorModel):
    """Its price names no currency."""

    id: str
    title: str | None = None
    sku: str | None = None
    barcode: str | None = None


class Image(VendorModel):
    src: str | None = None


class Product(VendorModel):
    id: str
    title: str | None = None
    vendor: str | None = None
    product_type: str | None = None
    status: str | None = None
    tags: str | None = None
    image: Image | None = None
    variants: tuple[Variant, ...] = ()
    updated_at: datetime | None = None
    created_at: datetime | None = None
