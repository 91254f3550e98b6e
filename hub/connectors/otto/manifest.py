"""OTTO Market: settings and declaration.

Facts: https://api.otto.market/docs/functional-interfaces/orders (Orders v4: the states of position items, cursors, 128
orders a call), https://api.otto.market/docs/sellers-integration/ (an API user of one's own, client credentials).
The budget below is our own.
"""

from __future__ import annotations

from pydantic import Field, SecretStr

from hub.sdk.manifest import Capability, Limits, Manifest, OrderSettings
from hub.sdk.oauth import OAuth

API = "https://api.otto.market"


class OttoSettings(OrderSettings):
    """One partner."""

    client_id: str = Field(min_length=1, description="Id of the API user (OTTO Partner Connect, Settings, API access).")
    client_secret: SecretStr = Field(description="Its secret.")


def oauth(settings: OttoSettings) -> OAuth:
    """The API user is enough."""
    return OAuth(
        token_url=f"{settings.base_url or API}/v1/token",
        client_id=settings.client_id,
        client_secret=settings.client_secret,
        grant="client_credentials",
        client="body",
    )


MANIFEST = Manifest(
    slug="otto",
    name="OTTO Market",
    channel="web",
    roles=frozenset({"source"}),
    settings=OttoSettings,
    docs_url="https://api.otto.market/docs/functional-interfaces/orders",
    api_version="v4",
    capabilities=frozenset({Capability.BACKFILL, Capability.ORDERS}),
    topics={"order": "an order with its position items and addresses, and its buyer"},
    limits=Limits(batch=128, calls=2, per_seconds=1.0),
    surveyed=(
        "https://api.otto.market/docs/functional-interfaces/orders",
        "https://api.otto.market/docs/about-the-api/api-guides",
    ),
    not_offered={
        "deleted": "position items are cancelled, and no order is deleted",
        "products": "products are the partner's own, and are kept where they come from; a line names what was bought",
        "reviews": "ratings are OTTO's, and no interface of a partner gives them",
    },
    sample_settings={"client_id": "sample-otto-user", "client_secret": "sample-otto-secret"},
)
