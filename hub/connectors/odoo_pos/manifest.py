"""Odoo Point of Sale: settings and declaration.

Sources: www.odoo.com/documentation/19.0/developer/reference/external_api.html (JSON-2: bearer API key,
X-Odoo-Database) and …/external_rpc_api.html (JSON-RPC, up to 21); odoo/odoo, addons/point_of_sale/models/pos_order.py
and pos_payment.py (fields of 15 and newer).
"""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator

from hub.model.money import Currency
from hub.sdk.manifest import Capability, Limits, Manifest, OrderSettings


class OdooPosSettings(OrderSettings):
    """Where the Odoo is, and who Hub is there: a user who may read orders of the till and contacts."""

    api: Literal["json2", "jsonrpc"] = Field("json2", description="json2 for Odoo 19 and newer, jsonrpc up to 18.")
    database: str = Field(description="Name of the database.")
    api_key: SecretStr = Field(description="API key of Hub's own user there.")
    user_id: int | None = Field(None, ge=1, description="Number of that user; needed with jsonrpc.")
    currency: Currency = Field("EUR", description="Currency of an order that does not tell one.")

    @model_validator(mode="after")
    def _says_where_and_who(self) -> Self:
        if self.base_url is None:
            raise ValueError("base_url is needed: where your Odoo is")
        if self.api == "jsonrpc" and self.user_id is None:
            raise ValueError("user_id is needed with api: jsonrpc")
        return self


MANIFEST: Manifest[OdooPosSettings] = Manifest(
    slug="odoo_pos",
    name="Odoo Point of Sale",
    channel="till",
    roles=frozenset({"source"}),
    settings=OdooPosSettings,
    docs_url="https://www.odoo.com/documentation/19.0/developer/reference/external_api.html",
    api_version="JSON-2 (19 and newer), JSON-RPC (15 to 18)",
    capabilities=frozenset({Capability.BACKFILL, Capability.ORDERS}),
    topics={
        "pos.order": "an order of the till with its contact, or the return and what it takes off its orders",
        "product.product": "a product of the till, or one variant of it, with its price",
    },
    limits=Limits(batch=100, calls=5, per_seconds=1.0),
    surveyed=("https://www.odoo.com/documentation/19.0/developer/reference/external_api.html",),
    not_offered={
        "reviews": "a till has no reviews",
        "webhook": "Odoo sends none of its own: orders are polled (every: 5m)",
        "complete": "an order is read with its lines, payments and contact",
        "consent": "the blacklist belongs to Odoo's e-mail marketing and is not read",
        "privacy": "Odoo sends no data-subject requests",
        "deleted": "an order that was paid cannot be deleted in Odoo",
    },
    sample_settings={"base_url": "https://odoo.example.com", "database": "sample", "api_key": "0d00-sample-key"},
)
