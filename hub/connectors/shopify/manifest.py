"""Shopify: declaration and settings."""

from __future__ import annotations

from pydantic import Field, SecretStr

from hub.sdk.crm.labels import LabelSettings
from hub.sdk.crm.mailing import Conditions
from hub.sdk.manifest import Capability, Limits, Manifest, OrderSettings, Secrets

HUB_TAG = "hub:"
"""What Hub's own tags begin with; what comes back with it is no news of the shop's (law L10)."""


class ShopifySettings(OrderSettings, LabelSettings):
    """One shop. ``access_token`` and ``shop`` are needed for the backfill, and to label customers."""

    webhook_secret: Secrets = Field(description="Client secret of the app, or a list while it is being changed.")
    shop: str | None = Field(
        None, pattern=r"^[a-z0-9][a-z0-9-]*\.myshopify\.com$", description="Domain, e.g. my-shop.myshopify.com."
    )
    access_token: SecretStr | None = Field(
        None, description="Admin API access token, for the backfill, and to label customers (scope write_customers)."
    )
    customer_tags: Conditions = Field(
        default_factory=dict,
        description="A tag to which customers have it, as hub:TAG: a condition as in a route's `when`, or nothing for "
        "everybody.",
    )
    api_version: str = Field("2026-07", pattern=r"^(\d{4}-\d{2}|unstable)$", description="Admin API version.")


_CUSTOMER_AND_ORDER = "the customer (or guest) and the order's new state"
_PRODUCT = "the product and its variants; without prices, whose currency is not told"

MANIFEST: Manifest[ShopifySettings] = Manifest(
    slug="shopify",
    name="Shopify",
    channel="web",
    roles=frozenset({"source", "destination"}),
    settings=ShopifySettings,
    docs_url="https://shopify.dev/docs/api/webhooks/latest",
    api_version="2026-07",
    capabilities=frozenset(
        {Capability.WEBHOOK, Capability.BACKFILL, Capability.PRIVACY, Capability.ORDERS, Capability.CONSENT}
    ),
    topics={
        "orders/create": _CUSTOMER_AND_ORDER,
        "orders/updated": _CUSTOMER_AND_ORDER,
        "orders/paid": _CUSTOMER_AND_ORDER,
        "orders/fulfilled": _CUSTOMER_AND_ORDER,
        "orders/cancelled": _CUSTOMER_AND_ORDER,
        "orders/delete": "the order is marked deleted at the source",
        "products/create": _PRODUCT,
        "products/update": _PRODUCT,
        "customers/create": "the customer's state",
        "customers/update": "the customer's state",
        "customers/delete": "the record is marked deleted at the source; nothing is erased",
        "customers/merge": "once completed, the two customers are linked",
        "customers_email_marketing_consent/update": "consent for e-mail",
        "customers_marketing_consent/update": "consent for SMS",
        "customers_whats_app_marketing_consent/update": "consent for WhatsApp",
        "customer.tags_added": "a note on the timeline",
        "customer.tags_removed": "a note on the timeline",
        "checkouts/create": "a cart, and the customer or guest who left an address",
        "checkouts/update": "a cart, and the customer or guest who left an address",
        "refunds/create": "a refund of the order",
        "fulfillments/create": "a fulfilment of the order",
        "fulfillments/update": "a fulfilment of the order",
        "customers/data_request": "an access request",
        "customers/redact": "an erasure of one person",
        "shop/redact": "an erasure of the whole connection",
    },
    allowed_hosts=("*.myshopify.com",),
    # https://shopify.dev/docs/apps/build/apis/graphql-admin/rate-limits: points, not calls, are counted, and each
    # answer tells what is left (source_graphql.py keeps to it); the number of calls is our own
    limits=Limits(batch=250, calls=20, per_seconds=1.0),
    surveyed=(
        "https://shopify.dev/docs/api/webhooks/latest",
        "https://shopify.dev/docs/api/admin-graphql",
        "https://shopify.dev/docs/apps/build/privacy-law-compliance",
    ),
    not_offered={
        "history of products": "the scope read_products is asked of no connection so far; their webhooks are read "
        "(https://shopify.dev/docs/api/usage/access-scopes)",
        "reviews": "Shopify has no reviews of its own; apps keep them",
        "complete": "webhooks carry the whole object",
        "subscribe to privacy topics": "customers/data_request, customers/redact and shop/redact are subscribed to in "
        "the app's own configuration; no API does",
        "merge": "customers are the shop's own; Hub writes its labels to each of a person's",
        "erase": "customers are the shop's own; of an erased person Hub takes its labels back",
        "refused values": "Shopify tells no label by name that it refuses",
        "properties": "metafields need no definition",
        "tags as state": "tags_added and tags_removed tell a change, not the set; the backfill has the set",
    },
    sample_settings={
        "webhook_secret": ["hush-hafenkante", "hush-hafenkante-old"],
        "shop": "hafenkante.myshopify.com",
        "access_token": "shpat_invented",
        "customers_from": "kit",
        "customer_tags": {"vip": "contains(traits.segments, 'vip')"},
    },
)
