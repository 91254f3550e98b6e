"""Amazon's Selling Partner API: settings and declaration.

Facts: https://developer-docs.amazon.com/sp-api/docs/orders-api-migration-guide (Orders v2026-01-01 in place of v0,
which ends on 27 March 2027; roles instead of restricted data tokens; a page token lives 24 hours), and of the same
site …/sp-api-endpoints, …/marketplace-ids, …/connecting-to-the-selling-partner-api (a refresh token of Login with
Amazon, the access token in x-amz-access-token) and …/usage-plans-and-rate-limits (token buckets: searchOrders allows
20 calls at once, and 0.0056 a second more, which a poll every 15 minutes keeps). The budget below is our own.
"""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import Field

from hub.sdk.manifest import Capability, Limits, Manifest, OrderSettings
from hub.sdk.oauth import OAuth, OAuthSettings

Region = Literal["na", "eu", "fe"]


class AmazonSettings(OrderSettings, OAuthSettings):
    """One seller account in one region."""

    selling_region: Region = Field(
        "eu", description="Where it sells: na (the Americas), eu (with India), fe (Far East)."
    )
    marketplaces: tuple[Annotated[str, Field(pattern=r"^[A-Z0-9]{10,20}$")], ...] = Field(
        (), max_length=50, description="Ids of the marketplaces that are read (Germany: A1PA6795UKMFR9); all, if empty."
    )
    people: bool = Field(
        True, description="Ask for buyers and addresses. Amazon gives them to apps with a restricted role only."
    )


def oauth(settings: AmazonSettings) -> OAuth:
    """A refresh token, which the seller makes for their own app in Seller Central; it stays the same."""
    return OAuth(
        token_url=f"{settings.base_url}/auth/o2/token" if settings.base_url else "https://api.amazon.com/auth/o2/token",
        client_id=settings.client_id,
        client_secret=settings.client_secret,
        grant="refresh_token",
        client="body",
        place=lambda token: {"x-amz-access-token": token},
    )


MANIFEST = Manifest(
    slug="amazon",
    name="Amazon",
    channel="web",
    roles=frozenset({"source"}),
    settings=AmazonSettings,
    docs_url="https://developer-docs.amazon.com/sp-api/docs/orders-api-migration-guide",
    api_version="2026-01-01",
    capabilities=frozenset({Capability.BACKFILL, Capability.ORDERS}),
    topics={"order": "an order with its items, proceeds and packages, and its buyer where Amazon tells one"},
    allowed_hosts=("api.amazon.com", *(f"sellingpartnerapi-{region}.amazon.com" for region in get_args(Region))),
    limits=Limits(batch=100, calls=2, per_seconds=1.0),
    surveyed=(
        "https://github.com/amzn/selling-partner-api-models/blob/main/models/orders-api-model/orders_2026-01-01.json",
    ),
    not_offered={
        "webhook": "notifications go to a queue of the seller's own at AWS (SQS, EventBridge) and to no URL: "
        "https://developer-docs.amazon.com/sp-api/docs/notifications-api",
        "deleted": "an order is cancelled and never deleted",
        "refunds": "the Orders API tells no refund; they are in the Finances API, without a link to an item: "
        "https://developer-docs.amazon.com/sp-api/docs/finances-api",
        "products": "listings belong to Amazon's catalogue, which other sellers share; a line names what was bought",
        "reviews": "reviews are Amazon's, and no API of a seller gives them: "
        "https://developer-docs.amazon.com/sp-api/docs/customer-feedback-api",
    },
    sample_settings={
        "client_id": "amzn1.application-oa2-client.sample",
        "client_secret": "amzn1.oa2-cs.v1.sample-secret",
        "marketplaces": ["A1PA6795UKMFR9"],
    },
)
