"""Shopify's products, as its webhooks tell them: https://shopify.dev/docs/api/webhooks/latest."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from hub.demo.payloads import Good
from hub.demo.payloads.shopify import Json, product_id


def product(good: Good, at: datetime) -> Json:
    """The body of products/create."""
    identifier = product_id(good)
    variant = {
        "admin_graphql_api_id": f"gid://shopify/ProductVariant/{identifier + 1}",
        "barcode": None,
        "compare_at_price": None,
        "created_at": at.isoformat(timespec="seconds"),
        "id": identifier + 1,
        "inventory_policy": "deny",
        "position": 1,
        "price": f"{Decimal(good.cents) / 100:.2f}",
        "product_id": identifier,
        "sku": good.sku,
        "taxable": True,
        "title": "Default Title",
        "updated_at": at.isoformat(timespec="seconds"),
        "option1": "Default Title",
        "option2": None,
        "option3": None,
        "image_id": None,
        "inventory_item_id": None,
        "inventory_quantity": 40,
        "old_inventory_quantity": 40,
    }
    return {
        "admin_graphql_api_id": f"gid://shopify/Product/{identifier}",
        "body_html": "",
        "created_at": at.isoformat(timespec="seconds"),
        "handle": good.sku.lower(),
        "id": identifier,
        "product_type": good.category,
        "published_at": at.isoformat(timespec="seconds"),
        "template_suffix": None,
        "title": good.name,
        "updated_at": at.isoformat(timespec="seconds"),
        "vendor": "Hafenkante",
        "status": "active",
        "published_scope": "web",
        "tags": "",
        "variants": [variant],
        "options": [],
        "images": [],
        "image": None,
        "media": [],
        "variant_gids": [],
        "has_variants_that_requires_components": False,
        "category": None,
    }
