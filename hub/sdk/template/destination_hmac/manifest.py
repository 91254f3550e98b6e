"""New Connector: settings and declaration."""

from __future__ import annotations

from pydantic import Field, SecretStr

from hub.sdk.http import Authorisation
from hub.sdk.manifest import Capability, Limits, Manifest, ProfileSettings
from hub.sdk.signatures import BodyHmac

API_ROOT = "https://api.example.com/v1"


class Settings(ProfileSettings):
    """One account of New Connector."""

    signing_secret: SecretStr = Field(description="Secret that signs our requests.")


SIGNATURE: BodyHmac[Settings] = BodyHmac(
    "x-signature", encoding="hex", secrets=lambda settings: (settings.signing_secret,)
)


def authorise(settings: Settings) -> Authorisation:
    """Every request is signed: the hexadecimal HMAC-SHA256 of its body."""
    return lambda request: SIGNATURE.headers(request.content, settings)


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
    sample_settings={"signing_secret": "sample-new_connector-secret"},
)
