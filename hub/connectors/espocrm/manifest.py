"""EspoCRM: settings and declaration.

Sources: docs.espocrm.com/development/api (API users, X-Api-Key, HMAC, error codes), …/development/api/crud (one record
a call), …/development/api-search-params, …/administration/entity-manager (a field added there gets the
prefix ``c``); of github.com/espocrm/espocrm …/Crm/Resources/metadata/entityDefs/Opportunity.json (stages, required
fields), application/Espo/Core/Action/Actions/Merge/Merger.php (what a merge does);
docs.espocrm.com/extensions/sales-pack/overview (items).
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr, model_validator

from hub.sdk.crm.settings import OrderFields, OrderLines, StageLost, StageOpen, StageWon
from hub.sdk.manifest import OF_A_CRM, ActivitySettings, Capability, Limits, Manifest, Secrets, Unmerge


class EspoSettings(ActivitySettings):
    """An API user's key, and what people and orders become. ``base_url`` is where EspoCRM is opened in a browser."""

    api_key: SecretStr = Field(description="API key of the API user.")
    secret_key: SecretStr | None = Field(None, description="Its secret key, where its authentication method is HMAC.")
    webhook_secret: Secrets | None = Field(
        None, description="Secret keys of the webhooks, a list. Without them, people are polled."
    )
    people: Literal["contacts", "leads"] = Field("contacts", description="What people become.")
    orders: Literal["opportunities", "none"] = Field(
        "opportunities", description="Whether orders are written as opportunities; leads have none."
    )
    stage_open: StageOpen = "Negotiation"
    stage_won: StageWon = "Closed Won"
    stage_lost: StageLost = "Closed Lost"
    order_lines: OrderLines = "text"
    opportunity_fields: OrderFields

    @property
    def entity(self) -> str:
        """The entity type of people."""
        return "Lead" if self.people == "leads" else "Contact"

    @model_validator(mode="after")
    def _fits(self) -> EspoSettings:
        if not self.base_url:
            raise ValueError("base_url is missing: where EspoCRM is opened in a browser")
        if self.people == "leads" and self.orders != "none":
            raise ValueError("people: leads needs orders: none, since EspoCRM links opportunities to contacts only")
        return self


MANIFEST = Manifest(
    slug="espocrm",
    name="EspoCRM",
    channel="crm",
    roles=frozenset({"source", "destination"}),
    settings=EspoSettings,
    docs_url="https://docs.espocrm.com/development/api/",
    api_version="v1",
    capabilities=OF_A_CRM - {Capability.PROPERTIES}
    | {Capability.ACTIVITIES, Capability.WEBHOOK, Capability.COMPLETE, Capability.BACKFILL},
    topics={"people": "people of which something was changed; each is fetched, and one that is gone was deleted"},
    limits=Limits(batch=20),
    surveyed=("https://docs.espocrm.com/development/api/",),
    not_offered={
        "subscribe": "EspoCRM gives each webhook a secret key of its own when it is made (Administration > Webhooks): "
        "Contact.create, .update and .delete, or those of Lead; all three keys go into webhook_secret",
        "deleted": "a webhook of its own tells of deletions",
        "properties": "only an administrator adds fields in EspoCRM, and an API user is none; `hub check --live` names "
        "those that are missing",
        "privacy": "a contact that is deleted there is gone there, and erases nobody in Hub",
        "resubscribe": "an opt-out is passed on, an opt-in never lifts one in EspoCRM",
        "order lines": "items come with Sales Pack, a paid extension; they stand as text in description",
    },
    unmerge=Unmerge(
        "recreates",
        (
            "The second record gets a new id: EspoCRM cannot undo a merge.",
            "Notes, e-mails, activities, opportunities of others and target lists stay on the first record.",
            "What people typed into the second record, and the first had empty, stays on the first.",
            "Addresses that were opted out while the two were one stay opted out.",
        ),
    ),
    personal_paths={
        "/api/v1/Contact?": "EspoCRM searches by GET only, so that an e-mail asked for stands in the query",
        "/api/v1/Lead?": "EspoCRM searches by GET only, so that an e-mail asked for stands in the query",
    },
    sample_settings={
        "base_url": "https://crm.example.com",
        "api_key": "espo-sample-key-1f0c",
        "webhook_secret": "espo-webhook-1",
    },
)
