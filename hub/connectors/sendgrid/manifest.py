"""SendGrid: settings and declaration.

Facts: https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event (events),
…/tracking-events/getting-started-event-webhook-security-features (the signature).
"""

from __future__ import annotations

from pydantic import Field

from hub.sdk.manifest import Capability, ConnectionSettings, Manifest, Secrets


class SendgridSettings(ConnectionSettings):
    """One event webhook."""

    verification_key: Secrets = Field(
        description="Verification key that SendGrid shows beside the signed event webhook; a list while it is changed."
    )
    own: tuple[str, ...] = Field((), description="Your own addresses and domains: mails to them concern no customer.")


MANIFEST = Manifest(
    slug="sendgrid",
    name="SendGrid",
    channel="email",
    roles=frozenset({"source"}),
    settings=SendgridSettings,
    docs_url="https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event",
    api_version="v3",
    capabilities=frozenset({Capability.WEBHOOK, Capability.CONSENT}),
    topics={"events": "mails sent, delivered, opened, clicked, bounced, complained; opt-outs as consent"},
    surveyed=("https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event",),
    not_offered={
        "backfill": "SendGrid has no list of these events to read later",
        "subscribe": "SendGrid makes the key that signs once the webhook is there; it is copied into the settings",
        "privacy": "SendGrid sends no data-subject requests",
    },
    sample_settings={
        "verification_key": [
            "test_1f8d3c5b7a9e0d2c4b6a8f1e3d5c7b9a0f2e4d6c8b0a1f3e5d7c9b1a3f5e7d90",
            "test_2a8d3c5b7a9e0d2c4b6a8f1e3d5c7b9a0f2e4d6c8b0a1f3e5d7c9b1a3f5e7d91",
        ],
        "own": ["hafenkante.example"],
    },
)
