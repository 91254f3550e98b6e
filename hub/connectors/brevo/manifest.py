"""Brevo: settings and declaration. The part of the source; the destination's lies on another branch and is merged."""

from __future__ import annotations

from pydantic import Field

from hub.sdk.manifest import Capability, ConnectionSettings, Manifest, Secrets


class BrevoSettings(ConnectionSettings):
    """One account."""

    webhook_secret: Secrets | None = Field(
        None, description="Token of the webhook (authentication: token); a list while it changes. For events of mails."
    )
    own: tuple[str, ...] = Field((), description="Your own addresses and domains: mails to them concern no customer.")


MANIFEST = Manifest(
    slug="brevo",
    name="Brevo",
    channel="email",
    roles=frozenset({"source"}),
    settings=BrevoSettings,
    docs_url="https://developers.brevo.com/docs/transactional-webhooks",
    api_version="v3",
    capabilities=frozenset({Capability.WEBHOOK, Capability.CONSENT}),
    topics={"mail_events": "mails sent, delivered, opened, clicked, bounced, complained; opt-outs as consent"},
    not_offered={
        "signature": "Brevo signs nothing; the token of the webhook is all there is",
        "backfill": "Brevo's list of events has no ids either: what came by webhook would be told twice",
        "subscribe": "Brevo takes 40 webhooks at most: which of them Hub may have is for a person to say",
        "privacy": "Brevo sends no data-subject requests",
    },
    sample_settings={
        "webhook_secret": ["sample-brevo-token", "sample-brevo-old-token"],
        "own": ["hafenkante.example"],
    },
)
