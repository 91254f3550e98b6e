"""PrestaShop: declaration and settings."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, field_validator

from hub.sdk.manifest import Capability, Limits, Manifest, OrderSettings


class PrestaShopSettings(OrderSettings):
    """One shop; ``every`` says how often it is asked, as PrestaShop sends nothing by itself."""

    base_url: str = Field(description="Address of the shop, below which /api is.")
    key: SecretStr = Field(description="Key of the webservice, with the right to read the resources of the README.")
    time_zone: str = Field(
        "Europe/Berlin", description="The shop's time zone (International, Localization): its dates name none."
    )

    @field_validator("time_zone")
    @classmethod
    def _is_a_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ValueError, OSError):
            raise ValueError("is no time zone, such as Europe/Paris") from None
        return name


MANIFEST: Manifest[PrestaShopSettings] = Manifest(
    slug="prestashop",
    name="PrestaShop",
    channel="web",
    roles=frozenset({"source"}),
    settings=PrestaShopSettings,
    docs_url="https://devdocs.prestashop-project.org/9/webservice/",
    api_version="1.7 to 9",
    capabilities=frozenset({Capability.BACKFILL, Capability.ORDERS, Capability.CONSENT}),
    topics={
        "order": "the order with its credit slips, and its buyer",
        "customer": "the customer with addresses and the consent to the newsletter",
        "product": "the product with its combinations; its price is without tax",
        "order.deleted": "the order is marked deleted at the source (hub reconcile)",
    },
    limits=Limits(batch=100, calls=5, per_seconds=1.0),
    surveyed=("https://devdocs.prestashop-project.org/9/webservice/resources/",),
    not_offered={
        "carts": "a cart of the webservice names products and quantities, and neither price nor total "
        "(https://devdocs.prestashop-project.org/9/webservice/resources/carts/)",
        "reviews": "the module of reviews has no webservice",
        "webhook": "PrestaShop sends none; modules that do differ from each other",
        "subscribe": "PrestaShop sends no webhooks",
        "complete": "the backfill fetches what belongs to an order with it",
        "privacy": "the GDPR module deletes customers, and tells nobody",
    },
    sample_settings={"base_url": "https://boutique.example.fr", "key": "INVENTEDKEY", "time_zone": "Europe/Paris"},
)
