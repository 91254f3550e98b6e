"""Products: what a source sells, so that orders, views and recommendations speak of one thing."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from hub.model.base import Frozen, FrozenTexts, Texts
from hub.model.money import Money

ProductState = Literal["active", "draft", "archived"]


class Variant(Frozen):
    """One form in which a product is sold (a size, a colour). ``barcode`` is the GTIN, EAN or UPC as it is printed."""

    external_id: str
    sku: str | None = None
    name: str | None = None
    barcode: str | None = None
    price: Money | None = None


class Product(Frozen):
    """One product of one source. It belongs to nobody.

    ``external_id`` is what ``ProductReference.external_id`` of order lines names. ``categories`` are the source's own
    words, the most particular first. ``price`` is what one costs now, as the source counts tax.
    """

    external_id: str
    sku: str | None = None
    name: str | None = None
    brand: str | None = None
    categories: tuple[str, ...] = ()
    price: Money | None = None
    url: str | None = None
    image_url: str | None = None
    state: ProductState = "active"
    variants: tuple[Variant, ...] = ()
    tags: tuple[str, ...] = ()
    custom: Texts = Field(default_factory=FrozenTexts)
