"""New Connector: settings and declaration."""

from __future__ import annotations

from pydantic import Field

from hub.sdk.manifest import Capability, ConnectionSettings, Manifest, Secrets
from hub.sdk.signatures import SharedSecret


class Settings(ConnectionSettings):
    """One account of New Connector."""

    webhook_secret: Secrets = Field(description="Bearer token the vendor sends; a list while it changes.")


SIGNATURE: SharedSecret[Settings] = SharedSecret(
    "authorization", prefix="Bearer ", secrets=lambda settings: settings.webhook_secret
)
"""The vendor signs nothing; every delivery carries the secret we gave it."""

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
        "signature": "the vendor signs nothing; the bearer token is all there is",
        "subscribe": "not written yet: the vendor's API for webhooks, if it has one",
        "privacy": "the vendor sends no erasure requests",
    },
    sample_settings={"webhook_secret": "sample-new_connector-secret"},
)
