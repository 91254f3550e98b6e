"""Freshdesk: settings and declaration.

Facts: https://developers.freshdesk.com/api/ (Basic with the key as user, lists of 100, 30 days without
``updated_since``, 300 pages at most, 429 with Retry-After), https://support.freshdesk.com/support/solutions/articles/132589-using-webhooks-in-automation-rules
(a rule calls a URL; nothing is signed, and the body is the rule's own).
"""

from __future__ import annotations

from pydantic import Field, SecretStr

from hub.sdk.manifest import Capability, ConnectionSettings, Limits, Manifest, Secrets


class FreshdeskSettings(ConnectionSettings):
    """One Freshdesk account."""

    webhook_secret: Secrets = Field(
        description="Long random text, given in the webhook's URL as ?secret=…; a list while it changes."
    )
    subdomain: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$", description="hafenkante of hafenkante.freshdesk.com.")
    api_key: SecretStr = Field(description="API key (profile settings) of an agent who may see all tickets.")
    own: tuple[str, ...] = Field((), description="Your own addresses and domains: whoever has one is no customer.")


MANIFEST = Manifest(
    slug="freshdesk",
    name="Freshdesk",
    channel="any",
    roles=frozenset({"source"}),
    settings=FreshdeskSettings,
    docs_url="https://developers.freshdesk.com/api/",
    api_version="v2",
    capabilities=frozenset({Capability.WEBHOOK, Capability.COMPLETE, Capability.BACKFILL}),
    topics={
        "ticket.changed": "the ticket (fetched), who asked, what was said in public, and the ratings",
        "ticket": "the same from the history (Hub's own name)",
    },
    allowed_hosts=("*.freshdesk.com",),
    limits=Limits(batch=100, calls=3, per_seconds=1.0),
    surveyed=(
        "https://developers.freshdesk.com/api/",
        "https://support.freshdesk.com/support/solutions/articles/132589-using-webhooks-in-automation-rules",
    ),
    not_offered={
        "signature": "Freshdesk signs nothing; the secret stands in the URL, and the ticket is fetched from the API",
        "event_id": "a rule's call names no event: arrival tells two changes of a ticket apart",
        "subscribe": "a webhook is an action of an automation rule, which is made by hand",
        "privacy": "Freshdesk forgets contacts by itself and tells nobody",
        "consent": "a ticket is no consent",
    },
    sample_settings={
        "webhook_secret": ["sample-freshdesk-secret", "sample-freshdesk-old-secret"],
        "subdomain": "hafenkante",
        "api_key": "sample-freshdesk-key",
        "own": ["hafenkante.example"],
    },
)
