"""Odoo: settings and declaration.

Sources: www.odoo.com/documentation/19.0/developer/reference/external_api.html (JSON-2: bearer API key,
X-Odoo-Database), …/external_rpc_api.html (JSON-RPC and XML-RPC, API keys since 14, deprecated in 19 and gone with 22),
odoo/odoo: addons/sale/models/sale_order_line.py (``accountable_required_fields``: a line needs a product).
"""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator

from hub.sdk.crm.settings import OrderFields, OrderLines
from hub.sdk.manifest import OF_A_CRM, ActivitySettings, Capability, Limits, Manifest, Unmerge


class OdooSettings(ActivitySettings):
    """Where the Odoo is, who Hub is there, and what becomes of companies, orders and opt-outs."""

    api: Literal["json2", "jsonrpc"] = Field("json2", description="json2 for Odoo 19 and newer, jsonrpc up to 18.")
    database: str = Field(description="Name of the database.")
    api_key: SecretStr = Field(description="API key of Hub's own user there; up to Odoo 13 its password.")
    login: str | None = Field(None, description="Login of that user; needed with jsonrpc.")
    user_id: int | None = Field(None, ge=1, description="Number of that user; without it, asked for by its login.")
    companies: Literal["records", "none"] = Field(
        "records", description="records files a person under the contact of their company; none only names it."
    )
    languages: tuple[str, ...] = Field(
        (), description="Languages that are installed there (de_DE); nobody gets another one, without them nobody any."
    )
    orders: Literal["opportunities", "none"] = Field(
        "opportunities", description="Whether orders are written as opportunities (needs the app CRM)."
    )
    currency: str = Field("EUR", description="The company's currency there; amounts in another one are not summed up.")
    revenue_field: str = Field("expected_revenue", description="The amount's field; planned_revenue up to Odoo 13.")
    stage_open: str = Field(
        "crm.stage_lead1", description="External ID or number of the stage of an order nobody has paid yet."
    )
    stage_won: str = Field("crm.stage_lead4", description="The stage of a paid order; a lost one is archived as lost.")
    order_lines: OrderLines = "text"
    order_fields: OrderFields
    unsubscribe: Literal["blacklist", "opt_out", "none"] = Field(
        "blacklist", description="How opt-outs from e-mail are passed on; opt_out is the contact's own, up to Odoo 11."
    )

    @model_validator(mode="after")
    def _says_where_and_who(self) -> Self:
        if self.base_url is None:
            raise ValueError("base_url is needed: where your Odoo is")
        if self.api == "jsonrpc" and not (self.login or self.user_id):
            raise ValueError("login is needed with api: jsonrpc")
        return self


MANIFEST = Manifest(
    slug="odoo",
    name="Odoo",
    channel="crm",
    roles=frozenset({"source", "destination"}),
    settings=OdooSettings,
    docs_url="https://www.odoo.com/documentation/19.0/developer/reference/external_api.html",
    api_version="JSON-2 (19 and newer), JSON-RPC (11 to 18)",
    capabilities=OF_A_CRM | {Capability.ACTIVITIES, Capability.BACKFILL},
    topics={"res.partner": "a person's contact"},
    # An Odoo takes up to 0.3 s to create one record (11, on two busy cores): a call has to end within the time-out.
    limits=Limits(batch=40),
    surveyed=("https://www.odoo.com/documentation/19.0/developer/reference/external_api.html",),
    not_offered={
        "webhook": "Odoo sends none of its own: contacts are polled (every: 1m)",
        "complete": "a contact is read whole",
        "deleted": "Odoo tells of no deletion; `hub reconcile` finds what is gone",
        "order lines": "an opportunity has none, a sales order's need products; they stand as text in x_hub_lines",
        "resubscribe": "an opt-out is passed on, an opt-in never lifts one in Odoo",
    },
    unmerge=Unmerge(
        "restores",
        (
            "A second contact that people had made, and Hub only wrote to, is made anew; the old one stays archived.",
            "Contacts below it, and opportunities that Hub did not write, stay with the first contact.",
            "E-mails that were blacklisted while the two were one stay blacklisted.",
        ),
    ),
    sample_settings={"base_url": "https://odoo.example.com", "database": "sample", "api_key": "0d00-sample-key"},
)
