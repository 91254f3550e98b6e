"""Zendesk: settings and declaration.

Facts: https://developer.zendesk.com/documentation/webhooks/verifying/ (signature),
https://developer.zendesk.com/api-reference/webhooks/event-types/ticket-events (events),
https://developer.zendesk.com/api-reference/ticketing/ticket-management/incremental_exports/ (10 a minute, cursor),
https://developer.zendesk.com/api-reference/ticketing/introduction/ (Basic with ``address/token``).
"""

from __future__ import annotations

from pydantic import Field, SecretStr

from hub.sdk.manifest import Capability, ConnectionSettings, Limits, Manifest, Secrets


class ZendeskSettings(ConnectionSettings):
    """One Zendesk account."""

    signing_secret: Secrets = Field(description="Signing secret of the webhook; a list while it is changed.")
    subdomain: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$", description="hafenkante of hafenkante.zendesk.com.")
    user: str = Field(min_length=3, description="E-mail address of the user whose API token it is.")
    api_token: SecretStr = Field(description="API token (Admin Center, Apps and integrations, APIs).")
    own: tuple[str, ...] = Field((), description="Your own addresses and domains: whoever has one is no customer.")


MANIFEST = Manifest(
    slug="zendesk",
    name="Zendesk",
    channel="any",
    roles=frozenset({"source"}),
    settings=ZendeskSettings,
    docs_url="https://developer.zendesk.com/api-reference/webhooks/event-types/ticket-events",
    api_version="v2",
    capabilities=frozenset({Capability.WEBHOOK, Capability.COMPLETE, Capability.BACKFILL}),
    topics={
        "ticket.changed": "the ticket (fetched), its people, what was said in public, and the rating",
        "ticket": "the same from the history (Hub's own name)",
    },
    allowed_hosts=("*.zendesk.com",),
    limits=Limits(batch=1000, calls=5, per_seconds=1.0),
    surveyed=(
        "https://developer.zendesk.com/api-reference/webhooks/event-types/webhook-event-types/",
        "https://developer.zendesk.com/api-reference/ticketing/introduction/",
    ),
    not_offered={
        "subscribe": "Zendesk gives each webhook a signing secret of its own, which has to be copied into the settings",
        "privacy": "Zendesk deletes a user by itself and tells it in events of users, which are not read",
        "consent": "a ticket is no consent",
    },
    sample_settings={
        "signing_secret": ["sample-zendesk-secret", "sample-zendesk-old-secret"],
        "subdomain": "hafenkante",
        "user": "hub@hafenkante.example",
        "api_token": "sample-zendesk-token",
        "own": ["hafenkante.example"],
    },
)
