"""SuiteCRM: settings and declaration.

Sources: docs.suitecrm.com/developer/api/developer-setup-guide/json-api (OAuth2 clients, keys, filters, page sizes), of
github.com/SuiteCRM/SuiteCRM Api/V8/Config/routes.php (what there is), Api/docs/swagger/swagger.json; SuiteCRM#8631 (a
list of deleted records fails), SuiteCRM#10268 (tokens of password clients are not renewed). SugarCRM's own REST API
(support.sugarcrm.com …/rest_api: /rest/v11, no JSON:API) is another, and this connector is not for it.
"""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator

from hub.sdk.crm.settings import OrderFields, OrderLines, StageLost, StageOpen, StageWon
from hub.sdk.manifest import (
    OF_A_CRM,
    ActivitySettings,
    Capability,
    Limits,
    Manifest,
    Unmerge,
)
from hub.sdk.oauth import OAuth


class SuiteSettings(ActivitySettings):
    """An OAuth2 client, and what orders become. ``base_url`` is where ``Api`` lies: of SuiteCRM 8 with ``/legacy``."""

    client_id: str = Field(min_length=1, description="Id of a client credentials client of SuiteCRM.")
    client_secret: SecretStr = Field(description="Its secret.")
    orders: Literal["opportunities", "none"] = Field(
        "opportunities", description="Whether orders are written as opportunities."
    )
    currency: str = Field(
        "EUR",
        pattern="^[A-Z]{3}$",
        description="The currency of your SuiteCRM; an order in another gets no amount, unless `currencies` names it.",
    )
    currencies: dict[str, str] = Field(
        default_factory=dict, description="Further currencies to their ids in SuiteCRM, as USD: 5f1c…"
    )
    stage_open: StageOpen = "Negotiation/Review"
    stage_won: StageWon = "Closed Won"
    stage_lost: StageLost = "Closed Lost"
    order_lines: OrderLines = "text"
    opportunity_fields: OrderFields

    @model_validator(mode="after")
    def _has_a_place(self) -> Self:
        if not self.base_url:
            raise ValueError("base_url is missing: where SuiteCRM's Api lies, of SuiteCRM 8 with /legacy at its end")
        return self


def oauth(settings: SuiteSettings) -> OAuth:
    """How a connection gets its tokens: the client acts for the user that its page in SuiteCRM names."""
    return OAuth(
        token_url=f"{(settings.base_url or '').rstrip('/')}/Api/access_token",
        client_id=settings.client_id,
        client_secret=settings.client_secret,
        grant="client_credentials",
        client="body",
    )


MANIFEST = Manifest(
    slug="suitecrm",
    name="SuiteCRM",
    channel="crm",
    roles=frozenset({"source", "destination"}),
    settings=SuiteSettings,
    docs_url="https://docs.suitecrm.com/developer/api/developer-setup-guide/json-api/",
    api_version="V8",
    capabilities=OF_A_CRM - {Capability.PROPERTIES} | {Capability.ACTIVITIES, Capability.BACKFILL},
    topics={"contact": "the contact as it is now; polled by the time of its change"},
    limits=Limits(batch=20),
    surveyed=("https://docs.suitecrm.com/developer/api/developer-setup-guide/json-api/",),
    not_offered={
        "webhook": "SuiteCRM sends none; contacts are polled",
        "deleted": "the list of deleted records fails in SuiteCRM (SuiteCRM#8631)",
        "properties": "an administrator makes fields in Studio; `hub check --live` names those that are missing",
        "privacy": "a contact that is deleted there is gone there, and erases nobody in Hub",
        "resubscribe": "an opt-out is passed on, an opt-in never lifts one in SuiteCRM",
        "order lines": "opportunities have none; they stand as text in the description",
        "password": "a password client would keep a person's password; a client credentials client acts for a user too",
    },
    unmerge=Unmerge(
        "recreates",
        (
            "The second contact gets a new id: Hub marks it as deleted in a merge, as SuiteCRM's own merge does.",
            "Notes, calls, meetings, tasks, cases and documents of the second contact stay at the first.",
            "What people typed into the second contact, and the first had empty, stays at the first.",
            "Addresses that were opted out while the two were one stay opted out.",
        ),
    ),
    personal_paths={
        "/Api/V8/module/Contacts?": "SuiteCRM finds a contact by its e-mail in no other way",
        "/Api/V8/module/EmailAddresses?": "SuiteCRM tells an address's opt-out in no other way",
    },
    sample_settings={
        "base_url": "https://crm.example.com/legacy",
        "client_id": "8b1f0c6e-3a52-4c0b-9a0b-5d1f5b7f0a01",
        "client_secret": "sample-suitecrm-secret",
        "currencies": {"USD": "5f1c2f0e-8a52-4a0a-9a0b-5d1f5b7f0a09"},
    },
)
