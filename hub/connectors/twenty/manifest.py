"""Twenty: settings and declaration.

Sources: github.com/twentyhq/twenty packages/twenty-docs/developers/extend/api.mdx (base URLs, API keys, 100 requests a
minute, 60 records a call), …/packages/twenty-server common-merge-many-query-runner.service.ts (a merge moves relations
and deletes the other record).
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr

from hub.sdk.crm.listed import TOPICS, WITH_HISTORY
from hub.sdk.crm.settings import ByName, OrderFields, OrderLines, StageLost, StageOpen, StageWon
from hub.sdk.manifest import ActivitySettings, Limits, Manifest, Secrets, Unmerge

API_ROOT = "https://api.twenty.com"
SIZE = 60


class TwentySettings(ActivitySettings):
    """The workspace's key, and what becomes of people and orders. A server of your own is named by ``base_url``."""

    api_key: SecretStr = Field(description="API key of the workspace (Settings, APIs & Webhooks).")
    webhook_secret: Secrets | None = Field(None, description="Secret of the webhook, or a list of them.")
    orders: Literal["opportunities", "none"] = Field("opportunities", description="Whether orders are written.")
    stage_open: StageOpen = "PROPOSAL"
    stage_won: StageWon = "CUSTOMER"
    stage_lost: StageLost = "LOST"
    order_lines: OrderLines = "text"
    opportunity_fields: OrderFields
    companies: ByName = "by_name"
    calls_per_minute: int = Field(
        100, ge=1, le=10_000, description="Calls in any minute: 100, unless your own server allows more."
    )


MANIFEST = Manifest(
    slug="twenty",
    name="Twenty",
    channel="crm",
    roles=frozenset({"source", "destination"}),
    settings=TwentySettings,
    docs_url="https://docs.twenty.com/developers/extend/api",
    api_version="REST and GraphQL of 2.x",
    capabilities=WITH_HISTORY,
    topics={"person.changed": "a person was made, changed or deleted; each is fetched", **TOPICS},
    surveyed=("https://docs.twenty.com/developers/extend/webhooks",),
    limits=Limits(batch=SIZE, calls=100, per_seconds=60.0),
    not_offered={
        "subscribe": "Twenty makes webhooks in its settings alone (Settings, APIs & Webhooks), with a secret of yours",
        "deleted": "a list tells who was deleted",
        "merges": "who was merged away is told as deleted, and nothing tells into whom",
        "privacy": "a person who is deleted there is gone there, and erases nobody in Hub",
        "order lines": "Twenty has no lines of opportunities; they stand as text in a field of Hub's",
        "resubscribe": "an opt-out is passed on, an opt-in never lifts one in Twenty",
        "refused values": "Twenty refuses a call as a whole, in words that name no field",
    },
    unmerge=Unmerge(
        "recreates",
        (
            "The second person gets a new record: Hub deletes what Twenty left of it, so that its e-mail is free.",
            "Notes, tasks and e-mails of the second person stay at the first.",
            "What people typed into the second person, and the first had empty, stays at the first.",
            "An e-mail opt-out that was set while the two were one stays.",
        ),
    ),
    sample_settings={"api_key": "sample-key", "webhook_secret": "sample-webhook-secret"},
)
