"""HubSpot: settings and declaration.

Sources: developers.hubspot.com/docs/api-reference/latest/crm/objects/contacts/guide (batches of 100),
developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines (calls per 10 seconds),
developers.hubspot.com/docs/api-reference/error-handling (423, 477),
knowledge.hubspot.com/articles/kcs_article/contacts/what-happens-when-i-merge-two-contacts ("Merge records": a merge
cannot be undone; a new record can be created with the merged e-mail), developers.hubspot.com/docs/api-reference/legacy/
crm/objects/contacts/v1/get-contacts-v1-secondary-email-vid-email-email (an additional e-mail is taken away).
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr

from hub.sdk.crm.settings import OrderFields, StageLost, StageOpen, StageWon
from hub.sdk.manifest import OF_A_CRM, ActivitySettings, Capability, Limits, Manifest, Secrets, Unmerge

API_ROOT = "https://api.hubapi.com"


class HubSpotSettings(ActivitySettings):
    """A private app's token and what becomes of orders and opt-outs."""

    access_token: SecretStr = Field(description="Access token of a private app.")
    client_secret: Secrets | None = Field(
        None, description="Client secret of the app, or a list: it signs the webhooks. Without it, contacts are polled."
    )
    orders: Literal["deals", "none"] = Field("deals", description="Whether orders are written as deals.")
    deal_pipeline: str = Field("default", description="Internal name of the pipeline the deals go to.")
    deal_stage_open: StageOpen = "contractsent"
    deal_stage_won: StageWon = "closedwon"
    deal_stage_lost: StageLost = "closedlost"
    order_lines: Literal["text", "records", "none"] = Field(
        "text", description="text: what was ordered stands in a text property of the deal; records: as its line items."
    )
    deal_fields: OrderFields
    calls_per_10_seconds: int = Field(
        100, ge=1, le=250, description="Calls in any 10 seconds: 100 on Free and Starter, 190 on Professional and up."
    )
    unsubscribe: bool = Field(
        True, description="Unsubscribe opted-out people from all e-mail (scope communication_preferences.write)."
    )


MANIFEST = Manifest(
    slug="hubspot",
    name="HubSpot",
    channel="crm",
    roles=frozenset({"source", "destination"}),
    settings=HubSpotSettings,
    docs_url="https://developers.hubspot.com/docs/api-reference/latest/crm/objects/contacts/guide",
    api_version="crm v3, associations v4",
    capabilities=OF_A_CRM | {Capability.ACTIVITIES, Capability.WEBHOOK, Capability.COMPLETE, Capability.BACKFILL},
    topics={
        "contacts": "up to 100 events; the contacts that were changed are fetched, deletions and merges noted",
        "contact": "a contact of the history, or of a poll",
    },
    allowed_hosts=("api.hubapi.com",),
    limits=Limits(batch=100, calls=100, per_seconds=10.0),
    surveyed=(
        "https://developers.hubspot.com/docs/api-reference/latest/crm/objects/contacts/guide",
        "https://developers.hubspot.com/docs-beta/webhooks",
    ),
    not_offered={
        "subscribe": "the webhooks of a private app are set up in the app itself: contact.creation, .propertyChange, "
        ".deletion, .merge, .restore",
        "privacy": "a contact that is deleted there is gone there, and erases nobody in Hub",
        "resubscribe": "an opt-out is passed on, an opt-in never lifts one in HubSpot",
    },
    unmerge=Unmerge(
        "recreates",
        (
            "The second contact gets a new id: HubSpot cannot undo a merge.",
            "Activities, notes, e-mails, list memberships and associations that people made stay on the first contact.",
            "What people typed into the second contact, and the first had empty, stays on the first.",
            "E-mails that were unsubscribed while the two were one stay unsubscribed.",
        ),
    ),
    personal_paths={
        "/contacts/v1/secondary-email/": "HubSpot takes an additional e-mail from a contact by no other request"
    },
    sample_settings={"access_token": "pat-eu1-sample", "client_secret": "hubspot-client-secret-sample"},
)
