"""Zoho CRM: settings and declaration.

Sources: zoho.com/crm/developer/docs/api/v8/multi-dc.html (an accounts server and an API domain for each data centre),
…/refresh.html (tokens of an hour; a refresh token that is gone is ``invalid_code``), …/upsert-records.html (100 records
a call), …/merge-records.html (up to three records become one, the others are deleted), …/create-custom-field.html (two
unique fields in a module; the Standard edition allows ten custom ones).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

from pydantic import Field

from hub.sdk.crm.listed import TOPICS, WITH_HISTORY
from hub.sdk.crm.settings import ByName, OneCurrency, OrderFields, OrderLines, StageLost, StageOpen, StageWon
from hub.sdk.manifest import ActivitySettings, Limits, Manifest, Secrets, Unmerge
from hub.sdk.oauth import OAuth, OAuthSettings

Centre = Literal["us", "eu", "in", "au", "cn", "jp", "ca", "sa"]
_ENDS = ("com", "eu", "in", "com.au", "com.cn", "jp", "ca", "sa")
ENDS: Mapping[Centre, str] = dict(zip(get_args(Centre), _ENDS, strict=True))
"""What the names of each data centre's servers end in."""

SCOPES = ("ZohoCRM.modules.ALL", "ZohoCRM.coql.READ", "ZohoCRM.settings.fields.ALL", "ZohoCRM.notifications.ALL")


class ZohoSettings(OAuthSettings, ActivitySettings):
    """Where the account is, and what becomes of people and orders."""

    data_centre: Centre = Field(
        description="Where the account is, by what follows crm.zoho. in its address: com is us, com.au is au, "
        "zohocloud.ca is ca, any other is itself."
    )
    webhook_secret: Secrets | None = Field(None, description="A secret of yours in the address of notifications.")
    orders: Literal["deals", "none"] = Field("deals", description="Whether orders are written as deals.")
    pipeline: str | None = Field(None, description="Pipeline of the deals; needed where the account has pipelines.")
    stage_open: StageOpen = "Negotiation/Review"
    stage_won: StageWon = "Closed Won"
    stage_lost: StageLost = "Closed Lost"
    org_currency: OneCurrency = None
    order_lines: OrderLines = "text"
    deal_fields: OrderFields
    accounts: ByName = "by_name"
    custom_fields: Literal["all", "essential"] = Field(
        "all", description="Which of Hub's fields are made; essential: ids only, for editions that allow few."
    )
    task_status: str = Field("Not Started", description="Status of tasks that somebody has to do.")
    workflows: bool = Field(True, description="Let Zoho's workflows, approvals and blueprints run on what Hub writes.")

    @property
    def api(self) -> str:
        """The root of the API."""
        return self.base_url or f"https://www.zohoapis.{ENDS[self.data_centre]}"

    @property
    def accounts_server(self) -> str:
        """Where the tokens are given."""
        name = "zohocloud" if self.data_centre == "ca" else "zoho"
        return (self.base_url or f"https://accounts.{name}.{ENDS[self.data_centre]}").rstrip("/")


def oauth(settings: ZohoSettings) -> OAuth:
    """How a connection gets its tokens: a person consents once, at the data centre of the account."""
    root = settings.accounts_server
    return OAuth(
        token_url=f"{root}/oauth/v2/token",
        client_id=settings.client_id,
        client_secret=settings.client_secret,
        grant="refresh_token",
        scopes=(",".join(SCOPES),),
        authorise_url=f"{root}/oauth/v2/auth?access_type=offline&prompt=consent",
        redirect_url=settings.redirect_url,
        client="body",
        place=lambda token: {"authorization": f"Zoho-oauthtoken {token}"},
        revoked=frozenset({"invalid_grant", "invalid_code"}),
    )


MANIFEST = Manifest(
    slug="zoho",
    name="Zoho CRM",
    channel="crm",
    roles=frozenset({"source", "destination"}),
    settings=ZohoSettings,
    docs_url="https://www.zoho.com/crm/developer/docs/api/v8/",
    api_version="v8",
    capabilities=WITH_HISTORY,
    topics={"contacts.changed": "contacts were made, changed or deleted; each is fetched", **TOPICS},
    surveyed=("https://www.zoho.com/crm/developer/docs/api/v8/notifications/enable.html",),
    limits=Limits(batch=100),
    not_offered={
        "signature": "Zoho CRM signs no notification; the secret stands in the address that it calls",
        "deleted": "the list of deleted records tells it (/Contacts/deleted)",
        "merges": "what people merged away is told as deleted, and nothing tells into what",
        "privacy": "a contact that is deleted there is gone there, and erases nobody in Hub",
        "order lines": "as records they need products of Zoho's catalogue; they stand as text in Description",
        "resubscribe": "an opt-out is passed on, an opt-in never lifts one in Zoho CRM",
    },
    unmerge=Unmerge(
        "recreates",
        (
            "The second contact gets a new id: Zoho CRM deletes it in a merge, and cannot undo that.",
            "Notes, calls, tasks and e-mails that people made at the second contact stay at the first.",
            "What people typed into the second contact is gone with it.",
            "E-mails that were opted out while the two were one stay opted out.",
        ),
    ),
    sample_settings={
        "client_id": "sample-app",
        "client_secret": "sample-secret",
        "data_centre": "eu",
        "webhook_secret": "sample-word",
    },
)
