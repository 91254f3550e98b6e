"""eBay: settings and declaration.

Facts: https://developer.ebay.com/api-docs/sell/fulfillment/resources/order/methods/getOrders (filters, pages of 200 at
most, 90 days without a filter, no unpaid purchases), https://developer.ebay.com/api-docs/static/oauth-authorization-code-grant.html
(a person consents once; the redirect URL is the app's RuName). The budget below is our own.
"""

from __future__ import annotations

from pydantic import Field

from hub.sdk.manifest import Capability, Limits, Manifest, OrderSettings
from hub.sdk.oauth import OAuth, OAuthSettings

SCOPE = "https://api.ebay.com/oauth/api_scope/sell.fulfillment.readonly"


class EbaySettings(OrderSettings, OAuthSettings):
    """One seller. ``redirect_url`` is the RuName of the app."""

    sandbox: bool = Field(False, description="Ask eBay's sandbox instead.")

    @property
    def host(self) -> str:
        """The API's address."""
        return "https://api.sandbox.ebay.com" if self.sandbox else "https://api.ebay.com"


def oauth(settings: EbaySettings) -> OAuth:
    """An authorization code once, then refresh tokens, which are good for 18 months and stay the same."""
    consent = "https://auth.sandbox.ebay.com" if settings.sandbox else "https://auth.ebay.com"
    return OAuth(
        token_url=f"{settings.base_url or settings.host}/identity/v1/oauth2/token",
        authorise_url=f"{consent}/oauth2/authorize",
        client_id=settings.client_id,
        client_secret=settings.client_secret,
        redirect_url=settings.redirect_url,
        grant="refresh_token",
        scopes=(SCOPE,),
    )


MANIFEST = Manifest(
    slug="ebay",
    name="eBay",
    channel="web",
    roles=frozenset({"source"}),
    settings=EbaySettings,
    docs_url="https://developer.ebay.com/api-docs/sell/fulfillment/resources/order/methods/getOrders",
    api_version="v1",
    capabilities=frozenset({Capability.BACKFILL, Capability.ORDERS}),
    topics={"order": "a paid order with lines, payment, refunds and shipping, and its buyer"},
    allowed_hosts=("api.ebay.com", "api.sandbox.ebay.com", "apiz.ebay.com"),
    limits=Limits(batch=200, calls=2, per_seconds=1.0),
    surveyed=(
        "https://developer.ebay.com/api-docs/master/sell/fulfillment/openapi/3/sell_fulfillment_v1_oas3.json",
        "https://developer.ebay.com/api-docs/sell/fulfillment/resources/order/methods/getOrders",
    ),
    not_offered={
        "deleted": "an order is cancelled and never deleted; eBay blanks its buyer later, which replaces nothing",
        "products": "listings are changed for each sale and are no catalogue; a line names what was bought",
        "reviews": "feedback at eBay is of the sale, and is read by another, older API",
    },
    sample_settings={
        "client_id": "Hafenkan-hub-PRD-sample",
        "client_secret": "PRD-sample-secret",
        "redirect_url": "Hafenkante-Hafenkan-hub-sample",
    },
)
