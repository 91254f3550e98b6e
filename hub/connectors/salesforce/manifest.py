"""Salesforce: settings and declaration.

Sources: help.salesforce.com xcloud.remoteaccess_oauth_jwt_flow (claims and audience of the JWT bearer flow),
developer.salesforce.com/docs/platform/api-rest/guide/resources-composite-sobjects-collections-upsert.html (200 records
a call), …/docs/platform/api/guide/sforce-api-calls-merge.html (merge is a call of the SOAP API),
…/docs/platform/api-rest/guide/headers-duplicaterules.html (alerts of duplicate rules),
…/docs/atlas.en-us.230.0.object_reference.meta/object_reference/sforce_api_objects_opportunity.htm (with products,
Amount is their sum, and an update of it is ignored: it could not be net of refunds).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from pydantic import Field, SecretStr, field_validator, model_validator

from hub.sdk.assertion import Assertion, pem_fault
from hub.sdk.crm.settings import ByName, OneCurrency, OrderFields, OrderLines, StageLost, StageOpen, StageWon
from hub.sdk.manifest import OF_A_CRM, ActivitySettings, Capability, Limits, Manifest, Unmerge
from hub.sdk.oauth import OAuth

_HOST = re.compile(r"[a-z0-9][a-z0-9.-]*\.my\.(salesforce\.com|salesforce\.mil|sfcrmproducts\.cn)")
_NEEDS: Mapping[str, tuple[str, ...]] = {
    "client_credentials": ("client_secret",),
    "jwt_bearer": ("username", "private_key"),
    "refresh_token": ("client_secret",),
}


class SalesforceSettings(ActivitySettings):
    """Where the org is, how Hub comes by its tokens, and what becomes of people, orders and duplicates."""

    my_domain: str = Field(description="Host of the org's My Domain: acme.my.salesforce.com.")
    grant: Literal["client_credentials", "jwt_bearer", "refresh_token"] = Field(
        "client_credentials", description="The OAuth flow that the app in Salesforce allows."
    )
    client_id: str = Field(min_length=1, description="Consumer key of the app in Salesforce.")
    client_secret: SecretStr | None = Field(None, description="Consumer secret; the JWT bearer flow needs none.")
    username: str | None = Field(None, description="JWT bearer flow: the user that Hub acts as.")
    private_key: SecretStr | None = Field(
        None,
        description="JWT bearer flow: the RSA key (PEM) of the app's certificate; ${file:/run/secrets/…} reads it.",
    )
    sandbox: bool = Field(False, description="JWT bearer flow: the org is a sandbox.")
    redirect_url: str = Field("https://localhost/", description="Refresh tokens: the callback URL of the app.")
    timeout_seconds: float = Field(
        110.0,
        gt=0,
        le=300,
        description="Limit for one HTTP request: 200 records with an org's own triggers take their time.",
    )
    person: Literal["contact", "lead"] = Field("contact", description="What a person becomes. Leads have no orders.")
    orders: Literal["opportunities", "none"] = Field("opportunities", description="Whether orders are written.")
    stage_open: StageOpen = "Negotiation/Review"
    stage_won: StageWon = "Closed Won"
    stage_lost: StageLost = "Closed Lost"
    org_currency: OneCurrency = None
    order_lines: OrderLines = "text"
    opportunity_fields: OrderFields
    activity_status: str = Field("Completed", description="Status of the tasks that activities become.")
    task_status: str = Field("Not Started", description="Status of tasks that somebody has to do.")
    custom_fields: Literal["all", "essential"] = Field(
        "all", description="Which of Hub's fields (README) were created; essential: ids only."
    )
    create_fields: bool = Field(
        False,
        description="Create Hub's fields that are missing: Hub's user needs the right to customise the org (README).",
    )
    country_codes: bool = Field(False, description="State and country picklists are activated: write ISO codes.")
    accounts: ByName = "by_name"
    default_account: str | None = Field(
        None,
        pattern="^001[A-Za-z0-9]{12}([A-Za-z0-9]{3})?$",
        description="Id of the account of new contacts without one.",
    )
    merge: Literal["mark", "apex"] = Field(
        "mark", description="mark: leave the second record, marked, for people to merge. apex: merge it (README)."
    )
    duplicate_alerts: Literal["save", "respect"] = Field(
        "save", description="Save records that a duplicate rule only warns of; respect: do not."
    )

    @field_validator("my_domain")
    @classmethod
    def _is_a_domain(cls, given: str) -> str:
        host = given.removeprefix("https://").rstrip("/").lower()
        if not _HOST.fullmatch(host):
            raise ValueError("must be the org's My Domain, such as acme.my.salesforce.com (Setup, My Domain)")
        return host

    @field_validator("private_key")
    @classmethod
    def _is_a_key(cls, key: SecretStr | None) -> SecretStr | None:
        if key is not None and (fault := pem_fault(key)):
            raise ValueError(fault)
        return key

    @model_validator(mode="after")
    def _grants(self) -> SalesforceSettings:
        lacking = [name for name in _NEEDS[self.grant] if getattr(self, name) is None]
        if lacking:
            raise ValueError(f"grant {self.grant} needs {' and '.join(lacking)}")
        return self

    @property
    def sobject(self) -> str:
        """What people are called in Salesforce's API."""
        return "Contact" if self.person == "contact" else "Lead"

    @property
    def takes_orders(self) -> bool:
        """Opportunities hang on contacts."""
        return self.orders != "none" and self.person == "contact"


def oauth(settings: SalesforceSettings) -> OAuth:
    """How a connection gets its tokens; all is asked at the org's own domain, unless ``base_url`` leads elsewhere."""
    root = (settings.base_url or f"https://{settings.my_domain}").rstrip("/")
    audience = f"https://{'test' if settings.sandbox else 'login'}.salesforce.com"
    key, user = settings.private_key, settings.username
    signs = settings.grant == "jwt_bearer" and key is not None and user is not None
    return OAuth(
        token_url=f"{root}/services/oauth2/token",
        client_id=settings.client_id,
        client_secret=settings.client_secret,
        grant=settings.grant,
        scopes=("api", "refresh_token") if settings.grant == "refresh_token" else (),
        authorise_url=f"{root}/services/oauth2/authorize",
        redirect_url=settings.redirect_url,
        client="body",
        assertion=Assertion(settings.client_id, user, audience, key) if signs and key and user else None,
    )


MANIFEST = Manifest(
    slug="salesforce",
    name="Salesforce",
    channel="crm",
    roles=frozenset({"source", "destination"}),
    settings=SalesforceSettings,
    docs_url="https://developer.salesforce.com/docs/platform/api-rest/guide/resources-composite-sobjects-collections.html",
    api_version="REST v64.0",
    capabilities=OF_A_CRM | {Capability.ACTIVITIES, Capability.BACKFILL},
    topics={"person": "a contact or lead: its state, its deletion, or what it was merged into"},
    limits=Limits(batch=1000),
    surveyed=(
        "https://developer.salesforce.com/docs/platform/api-rest/guide/resources-composite-sobjects-collections.html",
        "https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_queryall.htm",
    ),
    not_offered={
        "webhook": "people are polled (every: 1m); Change Data Capture is a stream of another protocol",
        "complete": "a record is read whole",
        "deleted": "what is deleted or merged is polled with the rest, for 15 days",
        "merge by REST": "Salesforce merges by SOAP or Apex only: merge: apex calls a class of yours, merge: mark "
        "leaves the second record for people",
        "lead conversion": "Salesforce converts leads by Apex or by hand only",
        "person accounts": "they are written to as accounts, which Hub does not do",
        "order lines": "as products they need a price book and make the Amount; they stand as text in Description",
        "resubscribe": "an opt-out is passed on, an opt-in never lifts one in Salesforce",
    },
    unmerge=Unmerge(
        "recreates",
        (
            "merge: apex: the second record gets a new id, and what people did with it stays on the first.",
            "merge: mark: the second record is found and written to again; its e-mail opt-out stays.",
            "E-mails that were opted out while the two were one stay opted out.",
        ),
    ),
    sample_settings={
        "my_domain": "sample.my.salesforce.com",
        "client_id": "sample-app",
        "client_secret": "sample-secret",
    },
)
