"""Products, from what a source tells of one. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from hub.mapping.name import clean
from hub.model.money import Money
from hub.model.product import Product, ProductState, Variant

_STATES: Mapping[str, ProductState] = {
    **dict.fromkeys(("draft", "pending", "proposed", "private", "future", "unpublished"), "draft"),
    **dict.fromkeys(("archived", "trash", "rejected", "deleted", "disabled"), "archived"),
}


def product(
    external_id: str,
    name: str | None,
    *,
    sku: str | None = None,
    state: str | None = None,
    brand: str | None = None,
    categories: Iterable[str | None] = (),
    tags: Iterable[str | None] = (),
    url: str | None = None,
    image_url: str | None = None,
    variants: Iterable[Variant] = (),
    price: Decimal | None = None,
    currency: str | None = None,
) -> Product:
    """A product; ``state`` is the source's own word, and one that is not known is on sale.

    The price is left out where the source tells no currency with it.
    """
    return Product(
        external_id=external_id,
        sku=(sku or "").strip() or None,
        name=clean(name),
        brand=clean(brand),
        categories=_named(categories),
        price=_price(price, currency),
        url=url or None,
        image_url=image_url or None,
        state=_STATES.get((state or "").lower(), "active"),
        variants=tuple(variants),
        tags=_named(tags),
    )


def variant(
    external_id: str,
    name: str | None = None,
    *,
    sku: str | None = None,
    barcodes: Iterable[str | None] = (),
    price: Decimal | None = None,
    currency: str | None = None,
) -> Variant:
    """One form of a product; of several ``barcodes`` the first that is there. A price without currency is none."""
    return Variant(
        external_id=external_id,
        sku=(sku or "").strip() or None,
        name=clean(name),
        barcode=next(filter(None, map(clean, barcodes)), None),
        price=_price(price, currency),
    )


def _price(amount: Decimal | None, currency: str | None) -> Money | None:
    return None if amount is None or currency is None else Money(amount=amount, currency=currency)


def _named(texts: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, map(clean, texts))))
