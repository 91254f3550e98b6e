"""WooCommerce: declaration and settings."""

from __future__ import annotations

from pydantic import Field, SecretStr

from hub.sdk.crm.labels import LabelSettings
from hub.sdk.manifest import Capability, Limits, Manifest, OrderSettings, Secrets


class WooCommerceSettings(OrderSettings, LabelSettings):
    """One shop. ``base_url`` (the shop's address) and the REST key are for the backfill, and to label customers."""

    webhook_secret: Secrets = Field(description="Secret of the webhooks, or a list while it is being changed.")
    consumer_key: SecretStr | None = Field(
        None, description="REST API key (ck_…), with read access for the backfill, read and write to label customers."
    )
    consumer_secret: SecretStr | None = Field(None, description="Secret of the REST API key (cs_…).")
    staff: bool = Field(
        False, description="Whether accounts of the shop's own staff (administrator, shop manager …) are customers too."
    )


_PRODUCT = "the product; without its price, whose currency is not told"
_CUSTOMER_AND_ORDER = "the customer (or guest) and the order's new state"

MANIFEST: Manifest[WooCommerceSettings] = Manifest(
    slug="woocommerce",
    name="WooCommerce",
    channel="web",
    roles=frozenset({"source", "destination"}),
    settings=WooCommerceSettings,
    docs_url="https://woocommerce.github.io/woocommerce-rest-api-docs/",
    api_version="wc/v3",
    capabilities=frozenset({Capability.WEBHOOK, Capability.BACKFILL, Capability.CHALLENGE, Capability.ORDERS}),
    topics={
        "order.created": _CUSTOMER_AND_ORDER,
        "order.updated": _CUSTOMER_AND_ORDER + "; refunds arrive here",
        "order.restored": _CUSTOMER_AND_ORDER,
        "order.deleted": "the order is marked deleted at the source",
        "customer.created": "the customer's state",
        "customer.updated": "the customer's state",
        "product.created": _PRODUCT,
        "product.updated": _PRODUCT,
        "product.restored": _PRODUCT,
        "review": "a review of a product, listed, and who wrote it",
        "customer.deleted": "the record is marked deleted at the source; nothing is erased",
    },
    # per_page is 100 at most (WC_REST_CRUD_Controller::get_collection_params); the shop sets no rate of its own
    limits=Limits(batch=100),
    surveyed=("https://woocommerce.github.io/woocommerce-rest-api-docs/",),
    not_offered={
        "consent": "WooCommerce has no marketing consent of its own; plug-ins keep it where each likes",
        "privacy": "WordPress's personal-data tools send no webhook",
        "complete": "webhooks carry the whole object",
        "merge": "customers are the shop's own; Hub writes its labels to each of a person's",
        "erase": "customers are the shop's own; of an erased person Hub takes its labels back",
        "refused values": "WooCommerce takes any meta data",
        "properties": "meta data need no definition",
        "tags": "WooCommerce has no tags of customers; segments are meta data",
    },
    sample_settings={
        "base_url": "https://laden.example.de",
        "webhook_secret": ["woo-hush-&-<1>", "woo-hush-old"],
        "consumer_key": "ck_invented",
        "consumer_secret": "cs_invented",
        "customers_from": "kit",
    },
)
