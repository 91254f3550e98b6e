"""What the webhook connector declares.

Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md (headers, secrets of
24 to 64 bytes, one message per request, private networks).
"""

from __future__ import annotations

import base64
import binascii
from typing import Self
from urllib.parse import urlsplit

from pydantic import ConfigDict, Field, field_validator, model_validator

from hub.sdk.manifest import Capability, ConnectionSettings, Limits, Manifest, Secrets, Unmerge


class WebhookSettings(ConnectionSettings):
    """One receiver."""

    model_config = ConfigDict(hide_input_in_errors=True)

    url: str = Field(description="Where the messages go; https, or http within a private network.")
    secret: Secrets = Field(
        description="whsec_ and base64 of 24 to 64 random bytes; with a list every message is signed with each."
    )
    allow_private_addresses: bool = Field(False, description="Send to loopback, private and link-local addresses too.")

    @field_validator("url")
    @classmethod
    def _is_url(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("needs http:// or https:// and a host")
        if parts.username or parts.password:
            raise ValueError("a user name or password in the URL would end up in logs; the messages are signed")
        return url

    @field_validator("secret")
    @classmethod
    def _is_secret(cls, secrets: Secrets) -> Secrets:
        for secret in secrets:
            prefix, _, key = secret.get_secret_value().partition("_")
            try:
                size = len(base64.b64decode(key, validate=True))
            except binascii.Error:
                size = 0
            if prefix != "whsec" or not 24 <= size <= 64:
                raise ValueError("needs whsec_ and base64 of 24 to 64 bytes")
        return secrets

    @model_validator(mode="after")
    def _is_encrypted(self) -> Self:
        if self.url.startswith("http://") and not self.allow_private_addresses:
            raise ValueError("url: http is not encrypted; use https, or allow_private_addresses within a network")
        return self


MANIFEST = Manifest(
    slug="webhook",
    name="Webhook (Standard Webhooks)",
    channel="any",
    roles=frozenset({"destination"}),
    settings=WebhookSettings,
    docs_url="https://www.standardwebhooks.com",
    api_version="1.0.0",
    capabilities=frozenset({Capability.MERGE, Capability.ERASE, Capability.ORDERS, Capability.CONSENT}),
    limits=Limits(batch=1),
    unmerge=Unmerge("restores", ("What the receiver did when it was told of the merge is the receiver's to undo.",)),
    not_offered={"find": "A receiver is told, not asked."},
    sample_settings={
        "url": "https://bi.example.com/in?source=hub",
        "secret": ["whsec_aHViLXNhbXBsZS1zZWNyZXQtb2YtMzItYnl0ZXMhISE="],
        "allow_private_addresses": True,
    },
)
