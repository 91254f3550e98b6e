"""Mailchimp Transactional (Mandrill): settings and declaration.

Facts: https://mandrill.zendesk.com/hc/en-us/articles/360038740594-Webhook-Format (batches of up to 1,000 events),
…/205583307-Message-Event-Webhook-Format (keys), …/205583217-Introduction-to-Webhooks (the URL is asked with HEAD before
anything else), https://mailchimp.com/developer/transactional/guides/track-respond-activity-webhooks/ (signature).
"""

from __future__ import annotations

from pydantic import Field

from hub.sdk.manifest import Capability, ConnectionSettings, Manifest, Secrets


class MandrillSettings(ConnectionSettings):
    """One webhook."""

    webhook_secret: Secrets = Field(
        description="Long random text, given in the webhook's URL as ?secret=…: Mandrill asks the URL before it has a "
        "key. Or a list while it changes."
    )
    webhook_key: Secrets = Field(description="Key of the webhook, as its page shows it; a list while it is changed.")
    own: tuple[str, ...] = Field((), description="Your own addresses and domains: mails to them concern no customer.")


MANIFEST = Manifest(
    slug="mandrill",
    name="Mailchimp Transactional (Mandrill)",
    channel="email",
    roles=frozenset({"source"}),
    settings=MandrillSettings,
    docs_url="https://mandrill.zendesk.com/hc/en-us/articles/205583307-Message-Event-Webhook-Format",
    api_version="1.0",
    capabilities=frozenset({Capability.WEBHOOK, Capability.CHALLENGE, Capability.CONSENT}),
    topics={"events": "mails sent, opened, clicked, bounced, rejected, complained; opt-outs as consent"},
    surveyed=(
        "https://mailchimp.com/developer/transactional/guides/track-respond-activity-webhooks/",
        "https://mandrill.zendesk.com/hc/en-us/articles/205583307-Message-Event-Webhook-Format",
    ),
    not_offered={
        "backfill": "Mandrill's search gives messages, and not the events of each",
        "subscribe": "Mandrill makes the key that signs once the webhook is there; it is copied into the settings",
        "privacy": "Mandrill sends no data-subject requests",
    },
    sample_settings={
        "webhook_secret": ["sample-mandrill-secret", "sample-mandrill-old-secret"],
        "webhook_key": ["sample-mandrill-key", "sample-mandrill-old-key"],
        "own": ["hafenkante.example"],
    },
)
