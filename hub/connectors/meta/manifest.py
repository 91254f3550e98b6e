"""What the Meta connector declares.

Sources: https://developers.facebook.com/docs/graph-api/webhooks/getting-started (signature, challenge, batches of up to
1,000 updates, retries over 36 hours), https://developers.facebook.com/docs/marketing-api/guides/lead-ads/retrieving.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, SecretStr

from hub.model.consent import ConsentChannel
from hub.sdk.manifest import Capability, ConnectionSettings, Limits, Manifest, Secrets


class MetaSettings(ConnectionSettings):
    """One app of the App Dashboard; it may serve pages, Instagram accounts and WhatsApp numbers at once."""

    app_secret: Secrets = Field(description="App secret (App Dashboard, Settings, Basic); a list while it is changed.")
    verify_token: SecretStr = Field(
        min_length=8, description="The word you type into the dashboard when you save the webhook URL."
    )
    access_token: SecretStr | None = Field(
        None, description="Long-lived page or system user token; fetches the answers of lead forms and mentions."
    )
    api_version: str = Field("v26.0", pattern=r"^v\d+\.\d+$", description="Graph API version of those fetches.")
    app_id: str | None = Field(None, pattern=r"^\d+$", description="Id of the app, for `hub connector subscribe`.")
    objects: tuple[Literal["page", "instagram", "whatsapp_business_account"], ...] = Field(
        ("page", "instagram", "whatsapp_business_account"), description="What of the app it makes webhooks of."
    )
    pages: tuple[Annotated[str, Field(pattern=r"^\d+$")], ...] = Field(
        (), description="Ids of the pages that `hub connector subscribe` lets the app into."
    )
    lead_consents: dict[str, ConsentChannel] = Field(
        default_factory=dict,
        description="Boxes of lead forms that are a consent to advertising, by their key: newsletter: email. Only a "
        "box that people have to check themselves is one.",
    )
    whatsapp_accounts: tuple[Annotated[str, Field(pattern=r"^\d+$")], ...] = Field(
        (), description="Ids of the WhatsApp Business Accounts that it lets the app into."
    )


MANIFEST = Manifest(
    slug="meta",
    name="Meta (Messenger, Instagram, WhatsApp, lead forms)",
    channel="social",
    roles=frozenset({"source"}),
    settings=MetaSettings,
    docs_url="https://developers.facebook.com/docs/graph-api/webhooks",
    api_version="v26.0",
    capabilities=frozenset({Capability.WEBHOOK, Capability.CHALLENGE, Capability.COMPLETE, Capability.CONSENT}),
    topics={
        "page.messaging": "Messenger: messages, edits, echoes, button presses, reactions, receipts, marketing opt-ins.",
        "page.feed": "Comments, reactions and posts of people on the page: added, edited or removed.",
        "page.ratings": "Recommendations of the page, and what is said of them.",
        "page.mention": "Posts and comments elsewhere that name the page, where Meta tells who wrote them.",
        "page.leadgen": "Lead form: the answers are fetched and become a lead and a lead_form interaction.",
        "instagram.messaging": "Instagram direct messages, as for Messenger.",
        "instagram.comments": "Comments under the account's media.",
        "instagram.live_comments": "Comments under the account's live broadcasts.",
        "instagram.mentions": "Mentions elsewhere; text and author are fetched.",
        "whatsapp.messages": "WhatsApp messages and changes of number.",
        "whatsapp.statuses": "Sent, delivered, read and failed messages of the business.",
        "whatsapp.user_preferences": "A person stops or resumes marketing messages: a consent.",
        "whatsapp.smb_message_echoes": "What colleagues write in the WhatsApp Business app.",
        "whatsapp.history": "What was written in that app before, where it is shared.",
        "whatsapp.calls": "WhatsApp calls that are over: who called, how long, whether anybody answered.",
        "whatsapp.user_id_update": "A person's business-scoped user id changed: old and new record are linked.",
    },
    allowed_hosts=("graph.facebook.com", "graph.instagram.com"),
    limits=Limits(calls=50, per_seconds=10.0),
    surveyed=("https://developers.facebook.com/docs/graph-api/webhooks",),
    not_offered={
        "backfill": "Meta keeps no webhook history, and conversations need a reviewed permission per page.",
        "privacy": "The data deletion callback goes to a URL of its own, with a signed_request body.",
    },
    sample_settings={
        "app_secret": ["meta-sample-app-secret", "meta-sample-app-secret-old"],
        "verify_token": "meta-sample-verify-token",
        "access_token": "EAAG-sample-access-token",
        "lead_consents": {"newsletter": "email"},
    },
)
