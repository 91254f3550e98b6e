"""Square: settings and declaration.

Facts: https://developer.squareup.com/docs/webhooks/overview (events, retries for 24 h),
https://developer.squareup.com/docs/build-basics/versioning-overview (the Square-Version header); the version pinned
here is the one of the SDK release squareup 46.0.0.20260916. Square publishes no numeric rate limit, only the answer
429 RATE_LIMITED (https://developer.squareup.com/docs/build-basics/general-considerations/handling-errors), so the
budget below is our own.
"""

from __future__ import annotations

from pydantic import Field, SecretStr

from hub.sdk.manifest import Capability, Limits, Manifest, OrderSettings, Secrets


class SquareSettings(OrderSettings):
    """One Square seller account."""

    signature_key: Secrets = Field(description="Signature key of the webhook subscription; a list while it changes.")
    access_token: SecretStr | None = Field(
        None, description="Access token; without it orders are not read and there is no backfill."
    )
    application_token: SecretStr | None = Field(
        None, description="Personal access token of the application, for `hub connector subscribe` alone."
    )


MANIFEST = Manifest(
    slug="square",
    name="Square",
    channel="till",
    roles=frozenset({"source"}),
    settings=SquareSettings,
    docs_url="https://developer.squareup.com/docs/webhooks/overview",
    api_version="2026-09-16",
    capabilities=frozenset(
        {Capability.WEBHOOK, Capability.BACKFILL, Capability.COMPLETE, Capability.ORDERS, Capability.CONSENT}
    ),
    topics={
        "customer.created": "customer; also sent for a merge, then with a link to the merged customers",
        "customer.updated": "customer",
        "customer.deleted": "deletion of the record, or a link when the customer was merged away",
        "order.created": "the order and its customer, both fetched",
        "order.updated": "the order and its customer, both fetched",
        "payment.created": "payment of an order; buyer's contact data",
        "payment.updated": "payment of an order; buyer's contact data",
        "refund.created": "refund of the order that the refunded payment (fetched) belongs to",
        "refund.updated": "refund of the order that the refunded payment (fetched) belongs to",
        "loyalty.account.created": "loyalty id and phone of a customer, and the balance as an interaction",
        "loyalty.account.updated": "loyalty id and phone of a customer, and the balance as an interaction",
        "item.updated": "a product with its variations and prices, listed (scope ITEMS_READ)",
        "oauth.authorization.revoked": "skipped: tells that Square will send nothing more",
    },
    allowed_hosts=("connect.squareup.com", "connect.squareupsandbox.com"),
    limits=Limits(batch=100, calls=10, per_seconds=1.0),
    surveyed=(
        "https://developer.squareup.com/docs/webhooks/v2webhook-events-tech-ref",
        "https://developer.squareup.com/reference/square",
    ),
    not_offered={
        "reviews": "Square's API has no reviews",
        "deleted": "an order of Square cannot be deleted, only cancelled",
        "privacy": "Square sends no data-subject requests; customer.deleted is no erasure",
    },
    sample_settings={"signature_key": "sample-square-signature-key", "access_token": "sample-square-token"},
)
