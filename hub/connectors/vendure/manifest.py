"""Vendure: declaration and settings."""

from __future__ import annotations

from pydantic import Field, SecretStr

from hub.sdk.manifest import Capability, Limits, Manifest, OrderSettings


class VendureSettings(OrderSettings):
    """One channel of one shop; ``every`` says how often it is asked, as Vendure's core sends nothing by itself."""

    base_url: str = Field(description="Address of the shop's server, below which /admin-api is.")
    api_key: SecretStr = Field(description="An API key (Settings, API Keys; Vendure 3.6 or later).")
    look_back_days: int = Field(
        3,
        ge=0,
        le=90,
        description="Orders that were placed so many days before are read again each time: Vendure does not tell that "
        "one was paid, sent or refunded.",
    )
    channel_token: SecretStr | None = Field(None, description="Token of the channel; the default channel without it.")


MANIFEST: Manifest[VendureSettings] = Manifest(
    slug="vendure",
    name="Vendure",
    channel="web",
    roles=frozenset({"source"}),
    settings=VendureSettings,
    docs_url="https://docs.vendure.io/current/core/reference/graphql-api/admin/queries",
    api_version="3.6",
    capabilities=frozenset({Capability.BACKFILL, Capability.ORDERS}),
    topics={
        "order": "the order and its buyer",
        "customer": "the customer, or guest, with addresses",
        "product": "the product with its variants and their prices",
    },
    limits=Limits(batch=100, calls=10, per_seconds=1.0),
    surveyed=("https://docs.vendure.io/current/core/reference/graphql-api/admin/queries",),
    not_offered={
        "reviews": "Vendure has no reviews of its own",
        "deleted": "an order that was placed cannot be deleted in Vendure, only cancelled",
        "webhook": "Vendure's core sends none; a community plug-in posts an empty body, and says not what happened",
        "subscribe": "Vendure's core sends no webhooks",
        "complete": "a list of the Admin API holds everything",
        "consent": "Vendure has no marketing consent of its own; shops keep it in custom fields of any name",
        "privacy": "Vendure has no requests of people about their data",
    },
    sample_settings={"base_url": "https://laden.example.de", "api_key": "invented-key"},
)
