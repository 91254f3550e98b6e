"""Medusa: declaration and settings.

Medusa sends no webhooks of its own: a subscriber in the shop (README) posts its events, which hold ids alone
(https://docs.medusajs.com/resources/references/events). It sets no rate either, so the budget is ours.
"""

from __future__ import annotations

from pydantic import Field, SecretStr

from hub.sdk.manifest import Capability, Limits, Manifest, OrderSettings, Secrets


class MedusaSettings(OrderSettings):
    """One shop; ``base_url`` is the address of its server, below which ``/admin`` is."""

    base_url: str = Field(description="Address of the shop's server, such as https://api.shop.example.com.")
    api_key: SecretStr = Field(description="A secret API key (sk_…), from Settings, Secret API Keys.")
    webhook_secret: Secrets = Field(description="What the subscriber in the shop signs with; a list while it changes.")
    look_back_days: int = Field(
        3,
        ge=0,
        le=90,
        description="A poll reads orders that were made so many days before once an hour: Medusa tells a captured "
        "payment as no change of its order.",
    )


_PRODUCT = "the product with its variants, fetched"
_ORDER = "the order and its buyer, both fetched"

MANIFEST: Manifest[MedusaSettings] = Manifest(
    slug="medusa",
    name="Medusa",
    channel="web",
    roles=frozenset({"source"}),
    settings=MedusaSettings,
    docs_url="https://docs.medusajs.com/api/admin",
    api_version="v2",
    capabilities=frozenset({Capability.WEBHOOK, Capability.BACKFILL, Capability.COMPLETE, Capability.ORDERS}),
    topics={
        "order.placed": _ORDER,
        "order.updated": _ORDER,
        "order.canceled": _ORDER,
        "order.completed": _ORDER,
        "order.fulfillment_created": _ORDER,
        "order.return_received": _ORDER,
        "payment.captured": "the order that the payment (fetched) is for, fetched",
        "payment.refunded": "the order that the payment (fetched) is for, fetched",
        "customer.created": "the customer, fetched",
        "customer.updated": "the customer, fetched",
        "product.created": _PRODUCT,
        "product.updated": _PRODUCT,
        "customer.deleted": "the record is marked deleted at the source; nothing is erased",
    },
    limits=Limits(batch=100, calls=10, per_seconds=1.0),
    surveyed=(
        "https://docs.medusajs.com/resources/references/events",
        "https://docs.medusajs.com/api/admin",
    ),
    not_offered={
        "reviews": "Medusa has no reviews of its own",
        "deleted": "an order of Medusa cannot be deleted, only cancelled or archived",
        "consent": "Medusa has no marketing consent of its own; plug-ins keep it where each likes",
        "subscribe": "Medusa has no webhooks: a subscriber of the shop's own sends them (README)",
        "privacy": "Medusa has no requests of people about their data",
        "challenge": "the subscriber is the shop's own and asks for nothing",
    },
    sample_settings={
        "base_url": "https://api.laden.example.de",
        "api_key": "sk_invented",
        "webhook_secret": ["medusa-hush-new", "medusa-hush-old"],
    },
)
