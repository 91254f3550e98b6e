"""Kaufland Global Marketplace: settings and declaration.

Facts: https://sellerapi.kaufland.com/?page=rest-api (requests signed with an HMAC of method, URL, body and time),
https://sellerapi.kaufland.com/?page=orders (an order is made of units, of which each is sent and cancelled by itself),
https://sellerapi-playground.kaufland.com/swagger.json (v2; pages of 100 orders and 30 tickets). The budget is our own.
"""

from __future__ import annotations

from pydantic import Field, SecretStr

from hub.sdk.manifest import Capability, Limits, Manifest, OrderSettings


class KauflandSettings(OrderSettings):
    """One seller, with all storefronts."""

    client_key: str = Field(min_length=1, description="Client key (seller portal, Settings, API).")
    secret_key: SecretStr = Field(description="Secret key beside it.")
    own: tuple[str, ...] = Field((), description="Your own addresses and domains: whoever has one is no customer.")


MANIFEST = Manifest(
    slug="kaufland",
    name="Kaufland",
    channel="web",
    roles=frozenset({"source"}),
    settings=KauflandSettings,
    docs_url="https://sellerapi.kaufland.com/?page=rest-api",
    api_version="v2",
    capabilities=frozenset({Capability.BACKFILL, Capability.COMPLETE, Capability.ORDERS}),
    topics={
        "order": "an order with its units, addresses and buyer",
        "ticket": "a buyer's ticket, and what was said in it",
    },
    limits=Limits(batch=100, calls=4, per_seconds=1.0),
    surveyed=(
        "https://sellerapi.kaufland.com/?page=overview",
        "https://sellerapi-playground.kaufland.com/swagger.json",
    ),
    not_offered={
        "webhook": "push notifications have no secret to verify them by, and tell no address: orders are polled",
        "deleted": "units of an order are cancelled, and no order is deleted",
        "products": "a product of Kaufland's catalogue is sold by many; a line names what was bought",
        "reviews": "ratings of products are Kaufland's, and stand in no resource of a seller",
    },
    sample_settings={
        "client_key": "sample-client-key",
        "secret_key": "sample-secret-key",
        "own": ["hafenkante.example"],
    },
)
