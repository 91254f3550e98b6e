"""Zammad: settings and declaration.

Facts: https://admin-docs.zammad.org/en/latest/manage/webhook.html and …/webhook/payload.html (headers, signature,
payload, four retries), https://docs.zammad.org/en/latest/api/intro.html (token, pages, search),
https://docs.zammad.org/en/latest/api/ticket/articles.html.
"""

from __future__ import annotations

from pydantic import Field, SecretStr

from hub.sdk.manifest import Capability, ConnectionSettings, Limits, Manifest, Secrets


class ZammadSettings(ConnectionSettings):
    """One Zammad; ``base_url`` is its address."""

    signature_token: Secrets = Field(description="HMAC SHA1 signature token of the webhook; a list while it changes.")
    access_token: SecretStr | None = Field(
        None, description="Access token with the right ticket.agent, for the history; webhooks need none."
    )
    own: tuple[str, ...] = Field((), description="Your own addresses and domains: whoever has one is no customer.")


MANIFEST = Manifest(
    slug="zammad",
    name="Zammad",
    channel="any",
    roles=frozenset({"source"}),
    settings=ZammadSettings,
    docs_url="https://admin-docs.zammad.org/en/latest/manage/webhook.html",
    api_version="v1",
    capabilities=frozenset({Capability.WEBHOOK, Capability.COMPLETE, Capability.BACKFILL}),
    topics={"ticket": "the ticket, who asked, and what was said: the newest article, or all of them from the history"},
    limits=Limits(batch=100, calls=5, per_seconds=1.0),
    surveyed=(
        "https://admin-docs.zammad.org/en/latest/manage/webhook.html",
        "https://docs.zammad.org/en/latest/api/intro.html",
    ),
    not_offered={
        "subscribe": "a webhook hangs on a trigger, which decides for which tickets it is sent: both are made by hand",
        "privacy": "Zammad deletes people by itself and tells nobody",
        "consent": "a ticket is no consent",
        "satisfaction": "Zammad has no survey of its own",
    },
    sample_settings={
        "base_url": "https://hilfe.hafenkante.example",
        "signature_token": ["sample-zammad-token", "sample-zammad-old-token"],
        "access_token": "sample-zammad-access",
        "own": ["hafenkante.example"],
    },
)
