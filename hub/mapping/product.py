"""Products, from what a source tells of one. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hub.mapping.name import clean
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
) -> Product:
    """A product; ``state`` is the source's own word, and one that is not known is on sale.

    The price is left out where the source tells no currency with it.
    """
    return Product(
        external_id=external_id,
        sku=sku,
        name=clean(name),
        brand=clean(brand),
        categories=_named(categories),
        url=url,
        image_url=image_url,
        state=_STATES.get((state or "").lower(), "active"),
        variants=tuple(variants),
        tags=_named(tags),
    )


def _named(texts: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, map(clean, texts))))
