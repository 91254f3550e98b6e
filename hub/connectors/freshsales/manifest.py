"""Freshsales (Freshworks CRM): settings and declaration.

Sources: developers.freshworks.com/crm/api (bundle alias, ``Authorization: Token token=…``), support.freshsales.io/en/
support/solutions/articles/223406 (a limit of requests an hour for the whole account, by its plan, 429).
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr

from hub.sdk.crm.settings import ByName, OrderFields, OrderLines
from hub.sdk.manifest import OF_A_CRM, ActivitySettings, Capability, Limits, Manifest

DOCS = "https://developers.freshworks.com/crm/api/"


class FreshsalesSettings(ActivitySettings):
    """A user's key, and what becomes of people, companies and orders."""

    alias: str = Field(pattern="^[a-z0-9-]+$", description="Bundle alias: acme of https://acme.myfreshworks.com.")
    api_key: SecretStr = Field(description="API key of a user made for Hub (Settings, API Settings).")
    orders: Literal["deals", "none"] = Field("deals", description="Whether orders are written as deals.")
    stage_open: int | None = Field(None, description="Number of the stage of an order that nobody has paid yet.")
    stage_won: int | None = Field(None, description="Number of the stage of a paid or completed order.")
    stage_lost: int | None = Field(None, description="Number of the stage of a lost order.")
    currency: str = Field("EUR", description="The account's base currency: orders in another one get no amount.")
    order_lines: OrderLines = "text"
    deal_fields: OrderFields
    accounts: ByName = "by_name"
    calls_per_hour: int = Field(1000, ge=1, le=100_000, description="Calls in any hour, by the plan of the account.")


MANIFEST = Manifest(
    slug="freshsales",
    name="Freshsales",
    channel="crm",
    roles=frozenset({"destination"}),
    settings=FreshsalesSettings,
    docs_url=DOCS,
    api_version="unversioned",
    capabilities=OF_A_CRM - {Capability.MERGE, Capability.PROPERTIES} | {Capability.ACTIVITIES},
    limits=Limits(batch=20, calls=1000, per_seconds=3600.0),
    surveyed=(DOCS, "https://bollardai.com/resources/freshsales"),
    not_offered={
        "merge": "the API has none: of two contacts of one person the first is written to",
        "bulk": "a bulk upsert runs in the background, and tells of no contact what became of it",
        "properties": "an administrator adds fields in Freshsales; `hub check --live` names those that are missing",
        "webhook": "Freshsales is written to, not read from",
        "order lines": "as records they need products of Freshsales' catalogue; they stand as text in a field of Hub's",
        "resubscribe": "an opt-out is passed on, an opt-in never lifts one in Freshsales",
        "refused values": "Freshsales refuses a record in words that name no field's key",
    },
    sample_settings={"alias": "sample", "api_key": "sample-key", "stage_open": 71, "stage_won": 72, "stage_lost": 73},
)
