"""Magento 2: settings and declaration.

Source: https://developer.adobe.com/commerce/webapi/get-started/authentication/gs-authentication-token/ (tokens of an
integration; alone they are refused since 2.4.4 unless the shop allows it).
"""

from __future__ import annotations

from pydantic import Field, SecretStr, model_validator

from hub.sdk.manifest import Capability, Limits, Manifest, OrderSettings


class MagentoSettings(OrderSettings):
    """One shop. ``base_url`` is the shop's address."""

    access_token: SecretStr = Field(description="Access token of the integration (System, Integrations).")
    access_token_secret: SecretStr | None = Field(None, description="Its secret; with it requests are signed.")
    consumer_key: SecretStr | None = Field(None, description="Consumer key of the integration, to sign.")
    consumer_secret: SecretStr | None = Field(None, description="Consumer secret of the integration, to sign.")

    @model_validator(mode="after")
    def _signs_or_does_not(self) -> MagentoSettings:
        told = (self.access_token_secret, self.consumer_key, self.consumer_secret)
        if any(told) and not all(told):
            raise ValueError("needs access_token_secret, consumer_key and consumer_secret, or none of them")
        return self


MANIFEST: Manifest[MagentoSettings] = Manifest(
    slug="magento",
    name="Magento 2, Adobe Commerce",
    channel="web",
    roles=frozenset({"source"}),
    settings=MagentoSettings,
    docs_url="https://developer.adobe.com/commerce/webapi/rest/",
    api_version="V1 (2.4)",
    capabilities=frozenset({Capability.BACKFILL, Capability.ORDERS, Capability.CONSENT}),
    topics={
        "customer": "the customer's state, with the newsletter's flag",
        "order": "the order's state, and the customer or guest who bought",
        "creditmemo": "a refund of the order",
        "product": "the product; without its price, whose currency is not told",
        "order.deleted": "the order is marked deleted at the source (found by hub reconcile)",
    },
    # a shop allows 300 a page by default where it limits them (webapi/validation/maximum_page_size)
    limits=Limits(batch=100),
    surveyed=("https://developer.adobe.com/commerce/webapi/rest/quick-reference/",),
    not_offered={
        "reviews": "the REST API of the open-source edition has no reviews",
        "webhook": "the open-source edition sends none; Adobe Commerce's are hooks within the checkout, and its I/O "
        "Events need Adobe's cloud: set every: 5m",
        "subscribe": "there are no webhooks",
        "privacy": "Magento sends no data-subject requests",
        "complete": "lists hold the whole object",
    },
    sample_settings={"base_url": "https://laden.example.de", "access_token": "sample-magento-token"},
)
