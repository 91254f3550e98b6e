"""BigCommerce: declaration and settings."""

from __future__ import annotations

from pydantic import Field, SecretStr

from hub.sdk.manifest import Capability, Limits, Manifest, OrderSettings, Secrets


class BigCommerceSettings(OrderSettings):
    """One store. An API account of the store gives ``access_token`` and ``client_secret``."""

    store_hash: str = Field(
        pattern=r"^[a-z0-9]+$", description="The store's hash: …/stores/<store_hash>/v3 in its API path."
    )
    access_token: SecretStr = Field(description="X-Auth-Token of an API account of the store.")
    webhook_secret: Secrets = Field(
        description="What each webhook carries in the header x-hub-secret, a long random text; a list while it changes."
    )
    client_secret: Secrets | None = Field(
        None, description="Client secret of the API account that made the webhooks; then their signatures are verified."
    )


_ORDER = "the order and its buyer, fetched; its refunds too, where there are any"
_CUSTOMER = "the customer with addresses, attributes and form fields, fetched"
_SUBSCRIBER = "the subscriber to the newsletter and the consent, fetched"

MANIFEST: Manifest[BigCommerceSettings] = Manifest(
    slug="bigcommerce",
    name="BigCommerce",
    channel="web",
    roles=frozenset({"source"}),
    settings=BigCommerceSettings,
    docs_url="https://developer.bigcommerce.com/docs",
    api_version="v2 (orders), v3",
    capabilities=frozenset(
        {Capability.WEBHOOK, Capability.BACKFILL, Capability.COMPLETE, Capability.ORDERS, Capability.CONSENT}
    ),
    topics={
        "store/order/created": _ORDER,
        "store/order/updated": _ORDER,
        "store/order/statusUpdated": _ORDER,
        "store/order/archived": _ORDER + "; it keeps its worth and gets the tag archived",
        "store/order/refund/created": _ORDER,
        "store/customer/created": _CUSTOMER,
        "store/customer/updated": _CUSTOMER,
        "store/customer/address/created": _CUSTOMER,
        "store/customer/address/updated": _CUSTOMER,
        "store/customer/address/deleted": _CUSTOMER,
        "store/customer/deleted": "the record is marked deleted at the source; nothing is erased",
        "store/subscriber/created": _SUBSCRIBER,
        "store/subscriber/updated": _SUBSCRIBER,
        "store/product/updated": "the product with its variants and prices, listed",
        "store/review/updated": "a review of a product, listed, and who wrote it",
        "store/subscriber/deleted": "the subscriber's opt-out of the newsletter",
    },
    # https://developer.bigcommerce.com/docs/start/best-practices/api-rate-limits: 150 in 30 s on the smallest plan,
    # shared by all apps of the store
    limits=Limits(batch=100, calls=100, per_seconds=30.0),
    surveyed=("https://developer.bigcommerce.com/docs/integrations/webhooks",),
    not_offered={
        "privacy": "BigCommerce sends no requests of people about their data",
        "challenge": "BigCommerce does not ask before it sends",
    },
    sample_settings={
        "store_hash": "hafen4711",
        "access_token": "invented-token",
        "webhook_secret": ["big-hush-new", "big-hush-old"],
        "client_secret": ["client-hush-new", "client-hush-old"],
    },
)
