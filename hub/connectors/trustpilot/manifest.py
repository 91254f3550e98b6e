"""Trustpilot: settings and declaration.

Facts: https://developers.trustpilot.com/business-unit-api (private reviews with the consumer's e-mail and order number,
pages of 100 at most, createdat.asc, startDateTime), https://developers.trustpilot.com/authentication (client
credentials), https://developers.trustpilot.com/ds-caching-best-practices/ (833 calls in 5 minutes).
"""

from __future__ import annotations

from pydantic import Field, SecretStr

from hub.sdk.manifest import Capability, ConnectionSettings, Limits, Manifest
from hub.sdk.oauth import OAuth

API = "https://api.trustpilot.com"


class TrustpilotSettings(ConnectionSettings):
    """One business unit (domain)."""

    api_key: SecretStr = Field(description="API key of the application (Business portal, Integrations, API).")
    api_secret: SecretStr = Field(description="Its secret.")
    business_unit: str = Field(pattern=r"^[0-9a-f]{24}$", description="Id of the business unit, 24 characters.")


def oauth(settings: TrustpilotSettings) -> OAuth:
    """Client credentials: the application is enough."""
    return OAuth(
        token_url=f"{settings.base_url or API}/v1/oauth/oauth-business-users-for-applications/accesstoken",
        client_id=settings.api_key.get_secret_value(),
        client_secret=settings.api_secret,
        grant="client_credentials",
    )


MANIFEST = Manifest(
    slug="trustpilot",
    name="Trustpilot",
    channel="social",
    roles=frozenset({"source"}),
    settings=TrustpilotSettings,
    docs_url="https://developers.trustpilot.com/business-unit-api",
    api_version="v1",
    capabilities=frozenset({Capability.BACKFILL}),
    topics={"review": "a service review with its stars, who wrote it, and the business's reply"},
    allowed_hosts=("api.trustpilot.com",),
    limits=Limits(batch=100, calls=2, per_seconds=1.0),
    sample_settings={
        "api_key": "sample-trustpilot-key",
        "api_secret": "sample-trustpilot-secret",
        "business_unit": "507f191e810c19729de860ea",
    },
)
