"""SumUp: settings and declaration.

Facts: https://developer.sumup.com/online-payments/webhooks (nothing is signed, every call has to be verified by asking
the API, unknown events are to be ignored, retries after 1, 5, 20 and 120 minutes),
https://developer.sumup.com/webhook-docs/events and SumUp's OpenAPI description (github.com/sumup/sumup-py,
openapi.json). SumUp publishes no rate limit, so the budget below is our own.
"""

from __future__ import annotations

from pydantic import Field, SecretStr

from hub.sdk.manifest import Capability, Limits, Manifest, OrderSettings, Secrets


class SumUpSettings(OrderSettings):
    """One merchant account."""

    webhook_secret: Secrets = Field(
        description="Any long random text; it stands in the webhook's URL as ?secret=… Or a list while it is changed."
    )
    api_key: SecretStr = Field(description="API key (sup_sk_…): what a webhook says is believed once the API says it.")
    merchant_code: str = Field(pattern=r"^[A-Z0-9]+$", description="Merchant code, as the dashboard shows it.")


_PAID = "the payment (fetched) as an order, its refunds, and the SumUp customer where the checkout names one"

MANIFEST: Manifest[SumUpSettings] = Manifest(
    slug="sumup",
    name="SumUp",
    channel="till",
    roles=frozenset({"source"}),
    settings=SumUpSettings,
    docs_url="https://developer.sumup.com/online-payments/webhooks",
    api_version="v2.1",
    capabilities=frozenset({Capability.WEBHOOK, Capability.BACKFILL, Capability.COMPLETE, Capability.ORDERS}),
    topics={
        "CHECKOUT_STATUS_CHANGED": _PAID,
        "checkout.status.updated": _PAID,
        "solo.transaction.updated": "the payment at a Solo reader (fetched) as an order",
        "transaction": "Hub's own: a payment of the history, fetched in full",
    },
    allowed_hosts=("api.sumup.com",),
    limits=Limits(batch=100, calls=5, per_seconds=1.0),
    surveyed=(
        "https://developer.sumup.com/webhook-docs/events",
        "https://developer.sumup.com/online-payments/webhooks",
    ),
    not_offered={
        "products": "SumUp's API has no catalogue; a payment names what was bought",
        "reviews": "SumUp has no reviews",
        "signature": "SumUp signs nothing: the secret stands in the URL, and the payment is fetched from the API",
        "event_id": "CHECKOUT_STATUS_CHANGED is the same for every change of a checkout: arrival tells them apart",
        "subscribe": "the URL is given with each checkout (return_url), by the software that creates it",
        "consent": "SumUp keeps no marketing consent",
        "privacy": "SumUp sends no data-subject requests",
        "deleted": "a payment is never deleted",
    },
    sample_settings={
        "webhook_secret": ["sample-sumup-secret", "sample-sumup-old-secret"],
        "api_key": "sup_sk_invented",
        "merchant_code": "MH4H92C7",
    },
)
