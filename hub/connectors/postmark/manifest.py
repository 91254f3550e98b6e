"""Postmark: settings and declaration.

Facts: https://postmarkapp.com/developer/webhooks/webhooks-overview (one event a request, Basic auth or headers of one's
own, 403 ends the tries) and the page of each kind below it.
"""

from __future__ import annotations

from pydantic import Field

from hub.sdk.manifest import Capability, ConnectionSettings, Manifest, Secrets


class PostmarkSettings(ConnectionSettings):
    """The webhook of one message stream."""

    webhook_secret: Secrets = Field(
        description="Long random text, given in the webhook's URL as ?secret=…; a list while it changes."
    )
    own: tuple[str, ...] = Field((), description="Your own addresses and domains: mails to them concern no customer.")


MANIFEST = Manifest(
    slug="postmark",
    name="Postmark",
    channel="email",
    roles=frozenset({"source"}),
    settings=PostmarkSettings,
    docs_url="https://postmarkapp.com/developer/webhooks/webhooks-overview",
    api_version="2026",
    capabilities=frozenset({Capability.WEBHOOK, Capability.CONSENT}),
    topics={
        "Delivery": "mail delivered",
        "Open": "mail opened",
        "Click": "link clicked",
        "Bounce": "dead address (opt-out), complaint or unsubscription (explicit opt-out), or a delay",
        "SpamComplaint": "reported as spam: explicit opt-out",
        "SubscriptionChange": "opt-out with its reason, or taken back, which loosens nothing",
    },
    surveyed=("https://postmarkapp.com/developer/webhooks/webhooks-overview",),
    not_offered={
        "signature": "Postmark signs nothing; the secret in the URL is all there is",
        "backfill": "Postmark lists messages in another shape; what becomes of them is told as it happens",
        "subscribe": "a webhook belongs to a message stream, of which there are several: it is made by hand",
        "privacy": "Postmark sends no data-subject requests",
    },
    sample_settings={
        "webhook_secret": ["sample-postmark-secret", "sample-postmark-old-secret"],
        "own": ["hafenkante.example"],
    },
)
