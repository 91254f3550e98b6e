"""New Connector: settings and declaration."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field, SecretStr

from hub.sdk.manifest import Capability, Limits, Manifest, ProfileSettings

API_ROOT = "https://api.example.com/v1"


class Settings(ProfileSettings):
    """One account of New Connector."""

    access_token: SecretStr = Field(description="Token of an integration user.")


def authorise(settings: Settings) -> Mapping[str, str]:
    """The token goes with every request."""
    return {"authorization": f"Bearer {settings.access_token.get_secret_value()}"}


MANIFEST = Manifest(
    slug="new_connector",
    name="New Connector",
    channel="crm",
    roles=frozenset({"destination"}),
    settings=Settings,
    docs_url="https://example.com/docs/api",
    api_version="1",
    capabilities=frozenset({Capability.FIND, Capability.ERASE}),
    allowed_hosts=("api.example.com",),
    limits=Limits(batch=1, calls=10, per_seconds=1.0),
    not_offered={
        "merge": "the vendor has no merge: a merged person's first contact is kept up to date",
        "orders": "the vendor has no orders",
        "activities": "the vendor has no history of a person",
        "refused values": "the vendor does not say which value it refuses",
    },
    sample_settings={"access_token": "sample-new_connector-secret"},
)
