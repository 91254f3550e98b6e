"""New Connector: settings and declaration."""

from __future__ import annotations

from pydantic import Field

from hub.sdk.manifest import Capability, ConnectionSettings, Manifest, Secrets
from hub.sdk.signatures import BodyHmac


class Settings(ConnectionSettings):
    """One account of New Connector."""

    webhook_secret: Secrets = Field(description="Secret that signs the webhooks; a list while it changes.")


SIGNATURE: BodyHmac[Settings] = BodyHmac(
    "x-signature", encoding="hex", secrets=lambda settings: settings.webhook_secret
)
"""The hexadecimal HMAC-SHA256 of the raw body."""

MANIFEST = Manifest(
    slug="new_connector",
    name="New Connector",
    channel="till",
    roles=frozenset({"source"}),
    settings=Settings,
    docs_url="https://example.com/docs/webhooks",
    api_version="1",
    capabilities=frozenset({Capability.WEBHOOK}),
    topics={
        "customer.updated": "the customer's state",
        "order.paid": "the order, and the customer or guest who bought",
    },
    surveyed=("https://example.com/docs/webhooks",),
    not_offered={
        "backfill": "not written yet: the vendor's list endpoints give the history",
        "subscribe": "not written yet: the vendor's API for webhooks, if it has one",
        "privacy": "the vendor sends no erasure requests",
    },
    sample_settings={"webhook_secret": "sample-new_connector-secret"},
)
