"""Etsy's Open API v3: settings and declaration.

Facts: https://developers.etsy.com/documentation/essentials/authentication (PKCE, tokens of an hour, a refresh token
of 90 days that each renewal replaces, no client secret in it; x-api-key is keystring:shared secret),
https://developers.etsy.com/documentation/essentials/webhooks (order.paid, .canceled, .shipped, .delivered; made by hand
in the Webhook portal; eight attempts within 28 hours), https://developers.etsy.com/documentation/essentials/rate-limits.
"""

from __future__ import annotations

from pydantic import Field

from hub.sdk.manifest import Capability, Limits, Manifest, OrderSettings, Secrets
from hub.sdk.oauth import OAuth, OAuthSettings, bearer

API = "https://api.etsy.com"


class EtsySettings(OrderSettings, OAuthSettings):
    """One shop. ``client_id`` is the keystring of the app, ``client_secret`` its shared secret."""

    shop_id: int = Field(ge=1, description="Number of the shop: it stands in the address of its shop manager.")
    signing_secret: Secrets | None = Field(None, description="Signing secret of the webhook endpoint (whsec_…).")

    @property
    def shop(self) -> str:
        """The path of the shop."""
        return f"/v3/application/shops/{self.shop_id}"


def oauth(settings: EtsySettings) -> OAuth:
    """The seller consents once; each renewal gives another refresh token. Every call carries the app's key, too."""
    key = f"{settings.client_id}:{settings.client_secret.get_secret_value()}"
    return OAuth(
        token_url=f"{settings.base_url or API}/v3/public/oauth/token",
        authorise_url="https://www.etsy.com/oauth/connect",
        client_id=settings.client_id,
        client_secret=None,
        redirect_url=settings.redirect_url,
        grant="refresh_token",
        scopes=("transactions_r",),
        client="body",
        place=lambda token: {**bearer(token), "x-api-key": key},
    )


MANIFEST = Manifest(
    slug="etsy",
    name="Etsy",
    channel="web",
    roles=frozenset({"source"}),
    settings=EtsySettings,
    docs_url="https://developers.etsy.com/documentation/reference",
    api_version="v3",
    capabilities=frozenset({Capability.WEBHOOK, Capability.COMPLETE, Capability.BACKFILL, Capability.ORDERS}),
    topics={
        "receipt.changed": "an order that was paid, cancelled, sent or delivered: the receipt as it is, and its buyer",
        "receipt": "the same from the history or a poll, with refunds",
        "review": "a review of a listing, by its buyer",
    },
    limits=Limits(batch=100, calls=5, per_seconds=1.0),
    surveyed=(
        "https://developers.etsy.com/documentation/reference",
        "https://developers.etsy.com/documentation/essentials/webhooks",
    ),
    not_offered={
        "subscribe": "endpoints are made by hand in Etsy's Webhook portal: "
        "https://developers.etsy.com/documentation/essentials/webhooks",
        "deleted": "a receipt is cancelled and never deleted: https://developers.etsy.com/documentation/reference",
        "products": "a listing is renewed, changed and sold out; a line names what was bought, with SKU and variation",
        "privacy": "Etsy tells nobody that a buyer closed their account: people ask for an erasure, and Hub does it",
        "messages": "what buyers write to the shop is in no API",
    },
    sample_settings={
        "client_id": "sample0keystring0000001",
        "client_secret": "sample-shared",
        "shop_id": 20001,
        "signing_secret": "whsec_c2FtcGxlLWV0c3ktc2lnbmluZy1zZWNyZXQtMDE=",
    },
)
