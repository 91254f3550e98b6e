"""Dynamics 365: settings and declaration.

Sources: learn.microsoft.com/power-apps/developer/data-platform/authenticate-oauth (an application user signs in by
client credentials; the scope is the environment's address with ``/.default``), …/api-limits (6,000 requests in five
minutes, 429 with ``Retry-After``), …/webapi/execute-batch-operations-using-web-api (1,000 requests in a call);
learn.microsoft.com/previous-versions/dynamicscrm-2016/developers-guide/mt607971 (an opportunity is won by the action
WinOpportunity, with an opportunity close activity), learn.microsoft.com/dynamics365/developer/reference/mcp-tools/
reopen_opportunity; markcarrington.dev/2023/01/24/msdyn365-internals-read-only-sales-entities (quotes, orders and
invoices are read-only once they are not active; other tables, opportunities among them, take updates all the same).
"""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field, SecretStr, field_validator

from hub.sdk.crm.listed import TOPICS
from hub.sdk.crm.settings import ByName, OrderFields, OrderLines
from hub.sdk.manifest import OF_A_CRM, ActivitySettings, Capability, Limits, Manifest, Unmerge
from hub.sdk.oauth import OAuth

SIZE = 100
"""Records in a call, which may hold 1,000: each runs the environment's own plug-ins, and a call has two minutes."""

_HOST = re.compile(r"[a-z0-9][a-z0-9-]*\.(api\.)?crm[0-9]*\.(dynamics\.com|microsoftdynamics\.us|dynamics\.cn)")


class DynamicsSettings(ActivitySettings):
    """Where the environment is, the application that Hub signs in as, and what becomes of people and orders."""

    environment: str = Field(description="Host of the environment: acme.crm4.dynamics.com.")
    tenant: str = Field(min_length=1, description="Directory (tenant) id of the application in Entra ID.")
    client_id: str = Field(min_length=1, description="Application (client) id; it needs an application user (README).")
    client_secret: SecretStr = Field(description="A client secret of the application.")
    timeout_seconds: float = Field(120.0, gt=0, le=300, description="Limit for one HTTP request: 100 records.")
    orders: Literal["table", "none"] = Field("table", description="Whether orders are written, to a table of Hub's.")
    order_lines: OrderLines = "text"
    order_fields: OrderFields
    accounts: ByName = "by_name"
    changes: Literal["tracked", "modified"] = Field(
        "tracked", description="tracked: by change tracking, with deletions; modified: where it is off for contacts."
    )
    language: int = Field(1033, description="Language of the labels of Hub's columns: one that is switched on there.")

    @field_validator("environment")
    @classmethod
    def _is_a_host(cls, given: str) -> str:
        host = given.removeprefix("https://").rstrip("/").lower()
        if not _HOST.fullmatch(host):
            raise ValueError("must be the environment's host, such as acme.crm4.dynamics.com")
        return host


def oauth(settings: DynamicsSettings) -> OAuth:
    """How a connection gets its tokens: the application is enough."""
    root = (settings.base_url or "https://login.microsoftonline.com").rstrip("/")
    return OAuth(
        token_url=f"{root}/{settings.tenant}/oauth2/v2.0/token",
        client_id=settings.client_id,
        client_secret=settings.client_secret,
        grant="client_credentials",
        scopes=(f"https://{settings.environment}/.default",),
        client="body",
    )


MANIFEST = Manifest(
    slug="dynamics",
    name="Microsoft Dynamics 365",
    channel="crm",
    roles=frozenset({"source", "destination"}),
    settings=DynamicsSettings,
    docs_url="https://learn.microsoft.com/power-apps/developer/data-platform/webapi/overview",
    api_version="Dataverse Web API v9.2",
    capabilities=OF_A_CRM | {Capability.BACKFILL, Capability.ACTIVITIES},
    topics=TOPICS,
    surveyed=("https://learn.microsoft.com/power-apps/developer/data-platform/use-webhooks",),
    limits=Limits(batch=SIZE, calls=6000, per_seconds=300.0),
    not_offered={
        "webhook": "each is registered by a program of Microsoft's; a poll of what changed is one call",
        "deleted": "change tracking tells it",
        "privacy": "a contact that is deleted there is gone there, and erases nobody in Hub",
        "opportunities": "not every environment has them, and each is won or lost by an action that files an activity "
        "of its own: orders go to a table of Hub's",
        "order lines": "as records they need products and a price list; they stand as text in a column of Hub's",
        "resubscribe": "an opt-out is passed on, an opt-in never lifts one in Dynamics 365",
    },
    unmerge=Unmerge(
        "recreates",
        (
            "The second contact gets a new record: Hub deletes what Dynamics 365 left of it, deactivated.",
            "Activities, notes and records of others stay at the first contact.",
            "What people typed into the second contact is gone with it.",
            "An opt-out that was set while the two were one stays.",
        ),
    ),
    sample_settings={
        "environment": "sample.crm4.dynamics.com",
        "tenant": "sample-tenant",
        "client_id": "sample-app",
        "client_secret": "sample-secret",
    },
)
