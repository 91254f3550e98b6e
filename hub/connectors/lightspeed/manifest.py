"""Lightspeed Retail X-Series: settings and declaration.

Facts: https://x-series-api.lightspeedhq.com/docs/ with webhooks (delivery is not guaranteed: poll as well),
authorization (OAuth, tokens of 24 hours, personal tokens), scopes, rate_limiting (300 calls per register and 50 more
in five minutes) and versioning-strategy (a dated version is served for twelve months at least).
"""

from __future__ import annotations

from pydantic import Field, SecretStr

from hub.model.money import Currency
from hub.sdk.manifest import Capability, Limits, Manifest, OrderSettings, Secrets
from hub.sdk.oauth import OAuth


class LightspeedSettings(OrderSettings):
    """One store. ``base_url`` is its address, ``https://PREFIX.retail.lightspeed.app``; it is needed to ask the API."""

    currency: Currency = Field(description="ISO 4217 currency of the store: a sale does not tell it.")
    client_secret: Secrets = Field(description="Client secret of the OAuth app: it signs the webhooks. Or a list.")
    client_id: str | None = Field(None, description="Client id of the app, where Hub is to get tokens by OAuth.")
    redirect_url: str = Field("https://localhost/", description="The redirect URL registered with that app.")
    access_token: SecretStr | None = Field(None, description="A personal token instead (Plus plan).")


def oauth(settings: LightspeedSettings) -> OAuth | None:
    """/docs/authorization: each refresh gives a new refresh token; scopes are separated by blanks (/docs/scopes)."""
    if settings.client_id is None or settings.base_url is None:
        return None
    return OAuth(
        token_url=f"{settings.base_url.rstrip('/')}/api/1.0/token",
        authorise_url="https://secure.retail.lightspeed.app/connect",
        client_id=settings.client_id,
        client_secret=settings.client_secret[0],
        redirect_url=settings.redirect_url,
        grant="refresh_token",
        client="body",
        scopes=("customers:read", "products:read", "sales:read", "webhooks"),
    )


MANIFEST: Manifest[LightspeedSettings] = Manifest(
    slug="lightspeed",
    name="Lightspeed Retail X-Series",
    channel="till",
    roles=frozenset({"source"}),
    settings=LightspeedSettings,
    docs_url="https://x-series-api.lightspeedhq.com/docs/webhooks",
    api_version="2026-07",
    capabilities=frozenset({Capability.WEBHOOK, Capability.BACKFILL, Capability.ORDERS, Capability.CONSENT}),
    topics={
        "sale.update": "the sale and its customer, or the return and what it takes off the sale it belongs to",
        "customer.update": "the customer's state; deleted at the source once the store deleted it",
        "product.listed": "the product or variant with its price, listed",
    },
    allowed_hosts=("*.retail.lightspeed.app",),
    limits=Limits(batch=200, calls=1, per_seconds=1.0),
    surveyed=(
        "https://x-series-api.lightspeedhq.com/docs/webhooks",
        "https://x-series-api.lightspeedhq.com/docs/sales_editing",
    ),
    not_offered={
        "reviews": "X-Series has no reviews",
        "complete": "webhooks carry the whole object",
        "privacy": "X-Series sends no data-subject requests",
        "deleted": "a sale cannot be deleted, only voided, and that is told",
    },
    sample_settings={
        "base_url": "https://blumenfeld.retail.lightspeed.app",
        "currency": "EUR",
        "client_secret": ["sample-lightspeed-secret", "sample-lightspeed-old-secret"],
        "access_token": "sample-lightspeed-token",
    },
)
