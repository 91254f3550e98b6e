"""Clover: settings and declaration.

Facts: https://docs.clover.com/dev/docs/webhooks (verification, X-Clover-Auth, batches of several merchants; delivery
is not guaranteed), https://docs.clover.com/dev/docs/expanding-fields (three expansions a call at most) and
https://docs.clover.com/docs/paginating-elements. Clover publishes no OpenAPI description; the fields are those of its
reference pages, as an unofficial description of them tells (api-evangelist/clover). The budget below is our own.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field, SecretStr

from hub.sdk.manifest import Capability, Limits, Manifest, OrderSettings, Secrets


class CloverSettings(OrderSettings):
    """One app, and the merchants that have it. ``base_url`` is https://api.clover.com in North America."""

    auth_code: Secrets = Field(description="Clover Auth Code of the app's webhooks, or a list while it is changed.")
    merchants: Mapping[str, SecretStr] = Field(
        min_length=1, description="Merchant id to API token. Updates of other merchants are left out."
    )


MANIFEST: Manifest[CloverSettings] = Manifest(
    slug="clover",
    name="Clover",
    channel="till",
    roles=frozenset({"source"}),
    settings=CloverSettings,
    docs_url="https://docs.clover.com/dev/docs/webhooks",
    api_version="v3",
    capabilities=frozenset(
        {
            Capability.WEBHOOK,
            Capability.BACKFILL,
            Capability.COMPLETE,
            Capability.CHALLENGE,
            Capability.ORDERS,
            Capability.CONSENT,
        }
    ),
    topics={
        "updates": "orders, payments, customers and items that changed or were deleted, of several merchants; fetched"
    },
    allowed_hosts=("api.clover.com", "api.eu.clover.com", "api.la.clover.com", "apisandbox.dev.clover.com"),
    limits=Limits(batch=100, calls=10, per_seconds=1.0),
    surveyed=(
        "https://docs.clover.com/dev/docs/webhooks",
        "https://docs.clover.com/dev/reference",
    ),
    not_offered={
        "reviews": "Clover's API has no reviews",
        "signature": "Clover signs nothing: a fixed code stands in a header, and every object is fetched from the API",
        "subscribe": "the webhook's URL is typed into the developer dashboard; there is no API for it",
        "privacy": "Clover sends no data-subject requests; a deleted customer is no erasure",
    },
    sample_settings={
        "auth_code": ["0307e264-0000-4913-88aa-sample000001", "0307e264-0000-4913-88aa-sample000002"],
        "merchants": {"XYZVJT2ZRRRSC": "sample-clover-token", "ABCVJT2ZRRRSD": "sample-clover-token-2"},
        "base_url": "https://api.eu.clover.com",
    },
)
