"""Pipedrive: settings and declaration.

Sources: pipedrive.readme.io/docs/core-api-concepts-authentication (header x-api-token),
…/docs/marketplace-oauth-authorization (OAuth 2.0), …/docs/core-api-concepts-rate-limiting (tokens a day, requests in
two seconds; 10 for searches on every plan), …/docs/merging-two-persons (which person's data is kept),
developers.pipedrive.com/docs/api/v1/Persons (API v2; a deleted person is there for 30 days; marketing_status),
…/Deals (a deal's product needs ``product_id``), support.pipedrive.com/hc/sv/articles/360005171958 (with products, a
deal's value is worked out from them: it could not be net of refunds).
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha1
from typing import Literal

from pydantic import Field, SecretStr, model_validator

from hub.connectors.pipedrive.schemas_fields import DEAL_FIELDS, MARKETING_STATUS, PERSON_FIELDS
from hub.connectors.pipedrive.schemas_keys import Keys
from hub.sdk.crm.listed import TOPICS, WITH_HISTORY
from hub.sdk.crm.settings import OrderFields, OrderLines
from hub.sdk.manifest import ActivitySettings, Limits, Manifest, Secrets, Unmerge
from hub.sdk.oauth import OAuth

API_ROOT = "https://api.pipedrive.com"
SIZE = 20
"""Records that are handed over at once; Pipedrive itself has no batches."""


class PipedriveSettings(ActivitySettings):
    """An API token or an OAuth app, and what becomes of companies and orders."""

    api_token: SecretStr | None = Field(None, description="Personal API token of a user made for Hub.")
    client_id: str | None = Field(None, description="Instead of the token: client id of an app in the Developer Hub.")
    client_secret: SecretStr | None = Field(None, description="Client secret of that app.")
    redirect_url: str = Field("https://localhost/", description="Callback URL of that app; nobody has to answer there.")
    webhook_password: Secrets | None = Field(None, description="Password of the webhook, whose user is hub; or a list.")
    organizations: bool = Field(True, description="Whether a person's company is written as an organization.")
    orders: Literal["deals", "none"] = Field("deals", description="Whether orders are written as deals.")
    won: Literal["paid", "placed"] = Field("paid", description="When a deal is won: once it is paid, or placed.")
    deal_stage: int | None = Field(None, description="Id of the stage of new deals; without it, Pipedrive's first.")
    order_lines: OrderLines = "text"
    deal_fields: OrderFields
    person_keys: Keys = Field(
        default_factory=dict,
        description="Field of Hub's or yours to its key in Pipedrive; what is not named is looked up by its name.",
    )
    deal_keys: Keys = Field(default_factory=dict, description="The same for fields of deals.")
    calls_per_2_seconds: int = Field(
        10, ge=1, le=480, description="Calls in any 2 seconds; above 10 searches may be refused, and are waited out."
    )

    @model_validator(mode="after")
    def _one_way_in(self) -> PipedriveSettings:
        app = (self.client_id, self.client_secret)
        if (self.api_token is not None and any(app)) or (self.api_token is None and not all(app)):
            raise ValueError("needs api_token, or client_id and client_secret of an OAuth app")
        return self


def oauth(settings: PipedriveSettings) -> OAuth | None:
    """How an OAuth app's connection gets its tokens; its scopes stand in the Developer Hub, not in the request."""
    if settings.client_id is None or settings.client_secret is None:
        return None
    return OAuth(
        token_url="https://oauth.pipedrive.com/oauth/token",  # noqa: S106 - an address
        authorise_url="https://oauth.pipedrive.com/oauth/authorize",
        client_id=settings.client_id,
        client_secret=settings.client_secret,
        redirect_url=settings.redirect_url,
        grant="refresh_token",
    )


def _sample_keys(fields: Iterable[str], *own: str) -> dict[str, str]:
    """Keys such as Pipedrive makes: 40 characters that mean nothing."""
    return {**{name: sha1(name.encode(), usedforsecurity=False).hexdigest() for name in fields}, **{n: n for n in own}}


MANIFEST = Manifest(
    slug="pipedrive",
    name="Pipedrive",
    channel="crm",
    roles=frozenset({"source", "destination"}),
    settings=PipedriveSettings,
    docs_url="https://developers.pipedrive.com/docs/api/v1/Persons",
    api_version="v2, merges v1",
    capabilities=WITH_HISTORY,
    topics={"person.changed": "a person was made, changed, deleted or merged away; each is fetched", **TOPICS},
    surveyed=(
        "https://pipedrive.readme.io/docs/guide-for-webhooks-v2",
        "https://developers.pipedrive.com/docs/api/v1/Persons",
    ),
    allowed_hosts=("api.pipedrive.com", "*.pipedrive.com"),
    limits=Limits(batch=SIZE, calls=10, per_seconds=2.0),
    not_offered={
        "signature": "Pipedrive signs no webhook: it carries a user and a password (HTTP Basic)",
        "deleted": "a webhook tells of deletions; a list leaves out what was deleted",
        "privacy": "a person who is deleted there is gone there, and erases nobody in Hub",
        "order lines": "as products of your catalogue they would make the deal's value; they stand as text",
        "resubscribe": "an opt-out is passed on, an opt-in never lifts one in Pipedrive",
    },
    unmerge=Unmerge(
        "recreates",
        (
            "The second person gets a new id: Pipedrive cannot undo a merge.",
            "Activities, notes, e-mails and deals that people made stay on the first person.",
            "What people typed into the second person, and the first had empty, stays on the first.",
            "Who was unsubscribed while the two were one stays unsubscribed.",
        ),
    ),
    personal_paths={"/api/v2/persons/search?": "Pipedrive finds a person by e-mail through no other request"},
    sample_settings={
        "api_token": "sample-api-token",
        "webhook_password": "sample-webhook-password",
        "person_keys": _sample_keys(PERSON_FIELDS, MARKETING_STATUS),
        "deal_keys": _sample_keys(DEAL_FIELDS),
    },
)
