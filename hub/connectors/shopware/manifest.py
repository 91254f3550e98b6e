"""Shopware 6: settings and declaration.

Sources: https://developer.shopware.com/docs/resources/references/app-reference/webhook-events-reference.html and
https://shopware.stoplight.io/docs/admin-api/authentication (client credentials of an integration).
"""

from __future__ import annotations

from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from hub.sdk.manifest import Capability, Limits, Manifest, OrderSettings, Secrets
from hub.sdk.oauth import OAuth

_SHORTEST, _LONGEST = 64, 255


class ShopwareSettings(OrderSettings):
    """One shop."""

    base_url: str = Field(description="The shop's address, without /admin.")
    shop_secret: Secrets = Field(
        description="What the shop signs its webhooks with, 64 characters or more; Hub gives the first of a list to "
        "the shop when the app is installed."
    )
    app_secret: Secrets | None = Field(
        None, description="The <secret> of the app's manifest.xml; without it no shop is registered."
    )
    app_name: str = Field("Hub", description="The <name> of the app's manifest.xml.")
    client_id: str = Field(min_length=1, description="Access key ID of the integration (Settings, Integrations).")
    client_secret: SecretStr = Field(description="Secret access key of that integration.")

    @field_validator("base_url")
    @classmethod
    def _is_the_shops(cls, url: str) -> str:
        if urlsplit(url).path.rstrip("/").endswith(("/admin", "/api")):
            raise ValueError("is the shop's address, without /admin or /api behind it")
        return url

    @field_validator("app_secret")
    @classmethod
    def _a_shop_takes_the_secret(
        cls, given: tuple[SecretStr, ...] | None, info: ValidationInfo
    ) -> tuple[SecretStr, ...] | None:
        """Only a registration gives the shop a secret, which it then refuses unless it is long enough."""
        new = next(iter(info.data.get("shop_secret") or ()), None)
        if given and new and not _SHORTEST <= len(new.get_secret_value()) <= _LONGEST:
            raise ValueError(
                f"the first shop_secret has to be of {_SHORTEST} to {_LONGEST} characters, else no shop takes it; "
                "`openssl rand -hex 32` makes one"
            )
        return given


def oauth(settings: ShopwareSettings) -> OAuth:
    """An integration's client credentials: https://shopware.stoplight.io/docs/admin-api/authentication."""
    return OAuth(
        token_url=f"{settings.base_url.rstrip('/')}/api/oauth/token",
        client_id=settings.client_id,
        client_secret=settings.client_secret,
        grant="client_credentials",
        client="body",
    )


_ORDER = "the order as it is now, fetched, and its buyer"
_RECIPIENT = "the recipient as it is now, fetched, with the consent to e-mail"

MANIFEST: Manifest[ShopwareSettings] = Manifest(
    slug="shopware",
    name="Shopware 6",
    channel="web",
    roles=frozenset({"source"}),
    settings=ShopwareSettings,
    docs_url="https://developer.shopware.com/docs/guides/plugins/apps/lifecycle/webhook.html",
    api_version="6.4.11 and later",
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
        "checkout.order.placed": _ORDER,
        "order.written": _ORDER,
        "order.deleted": "the order is marked deleted at the source, unless only a draft of it was deleted",
        "state_enter.order": _ORDER,
        "state_enter.order_transaction": _ORDER + "; payments and refunds",
        "state_enter.order_delivery": _ORDER + "; what was sent and what came back",
        "customer.written": "the customer as they are now, fetched",
        "customer.deleted": "the record is marked deleted at the source; nothing is erased",
        "newsletter.register": _RECIPIENT,
        "newsletter.confirm": _RECIPIENT,
        "newsletter.unsubscribe": _RECIPIENT,
        "product.listed": "the product or variant with its price, listed",
        "product_review.listed": "a review of a product, listed, and who wrote it",
    },
    # shopware.api.max_limit is 500 by default; 100 whole orders are some megabytes
    limits=Limits(batch=100),
    surveyed=("https://developer.shopware.com/docs/resources/references/app-reference/webhook-events-reference.html",),
    not_offered={
        "subscribe": "webhooks made through the API are not signed (WebhookManager: only an app has a secret); the "
        "app's manifest.xml names them",
        "privacy": "Shopware sends no data-subject requests",
    },
    sample_settings={
        "base_url": "https://laden.example.de",
        "shop_secret": ["sample-shop-secret-0123456789012345678901234567890123456789012345", "sample-shop-secret-old"],
        "app_secret": "sample-app-secret",
        "client_id": "SWIASAMPLE",
        "client_secret": "sample-integration-secret",
    },
)
