"""``/api/v1/products``: what the sources sell."""

from __future__ import annotations

from uuid import UUID

import orjson
from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field, ValidationError

from hub.api.access import allowing
from hub.api.pages import Cursor, Limit, Page, Unreadable, paged, position
from hub.api.problems import responses
from hub.model.base import UtcDatetime
from hub.model.product import Product
from hub.store import products as store
from hub.store.database import Database
from hub.store.products import StoredProduct


class ProductItem(BaseModel):
    """One product as its source told it last."""

    id: UUID
    connection: str
    told_at: UtcDatetime = Field(description="The source's own time of this state.")
    product: Product


def router(database: Database) -> APIRouter:
    """The route."""
    routes = APIRouter(
        tags=["products"],
        dependencies=[Depends(allowing(database, "viewer"))],
        responses=responses(401, 403, 422, 503),
    )

    @routes.get("/products")
    def products(connection: str | None = None, limit: Limit = 50, cursor: Cursor = None) -> Page[ProductItem]:
        """Products of a connection, or of all, in the order of their ids."""
        after = position(cursor, UUID)
        with database.session() as session:
            found = store.page(session, connection=connection, after=after, limit=limit + 1)
        rows, following = paged(found, limit, lambda row: row.id)
        items = [_item(row) for row in rows]
        return Page(
            items=[item for item in items if isinstance(item, ProductItem)],
            unreadable=[item for item in items if isinstance(item, Unreadable)],
            next=following,
        )

    return routes


def _item(row: StoredProduct) -> ProductItem | Unreadable:
    try:
        product = Product.model_validate(orjson.loads(row.payload))
    except (ValidationError, orjson.JSONDecodeError):
        return Unreadable(id=row.id, reason="the stored product cannot be read by this version of Hub")
    return ProductItem(id=row.id, connection=row.connection, told_at=row.told_at, product=product)
