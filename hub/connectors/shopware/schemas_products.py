"""Shopware's products and reviews, only the fields Hub uses.

Source: https://github.com/shopware/admin-api-reference (adminapi.json: Product, ProductReview, Price).
"""

from __future__ import annotations

from decimal import Decimal

from pydantic import AwareDatetime

from hub.connectors.shopware.schemas import Dated, Entity, Label


class Gross(Entity):
    currency_id: str
    gross: Decimal


class Media(Entity):
    url: str | None = None


class Cover(Entity):
    media: Media | None = None


class Product(Dated):
    """A variant is a product with a ``parentId``; what it does not tell of itself is its parent's (sw-inheritance)."""

    id: str
    parent: Dated | None = None
    product_number: str | None = None
    name: str | None = None
    active: bool | None = None
    price: tuple[Gross, ...] = ()
    manufacturer: Label | None = None
    cover: Cover | None = None
    categories: tuple[Label, ...] = ()
    tags: tuple[Label, ...] = ()
    options: tuple[Label, ...] = ()
    created_at: AwareDatetime


class Review(Dated):
    """``status`` says whether the shop shows it."""

    id: str
    product_id: str | None = None
    customer_id: str | None = None
    external_user: str | None = None
    external_email: str | None = None
    title: str | None = None
    content: str | None = None
    points: Decimal | None = None
    status: bool | None = None
    created_at: AwareDatetime


class Products(Entity):
    data: tuple[Product, ...]


class Reviews(Entity):
    data: tuple[Review, ...]
