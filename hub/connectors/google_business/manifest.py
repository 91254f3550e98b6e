"""Google Business Profile: settings and declaration.

Facts: https://developers.google.com/my-business/reference/rest/v4/accounts.locations.reviews/list (50 a page, ordered
by updateTime desc, nextPageToken, the scope), https://developers.google.com/my-business/content/limits (300 calls a
minute; a quota of 0 is an access that was not granted),
https://developers.google.com/identity/protocols/oauth2/web-server.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from hub.sdk.manifest import Capability, Limits, Manifest
from hub.sdk.oauth import OAuth, OAuthSettings

API = "https://mybusiness.googleapis.com"
_CONSENT = "https://accounts.google.com/o/oauth2/v2/auth?access_type=offline&prompt=consent"

Location = Annotated[str, Field(pattern=r"^accounts/[0-9]+/locations/[0-9]+$")]


class GoogleBusinessSettings(OAuthSettings):
    """The shops of one Google account."""

    locations: tuple[Location, ...] = Field(min_length=1, description="Shops, as accounts/1234/locations/5678.")


def oauth(settings: GoogleBusinessSettings) -> OAuth:
    """A manager of the shops consents once."""
    return OAuth(
        token_url=f"{settings.base_url or 'https://oauth2.googleapis.com'}/token",
        client_id=settings.client_id,
        client_secret=settings.client_secret,
        grant="refresh_token",
        scopes=("https://www.googleapis.com/auth/business.manage",),
        authorise_url=_CONSENT,
        redirect_url=settings.redirect_url,
        client="body",
    )


MANIFEST = Manifest(
    slug="google_business",
    name="Google Business Profile",
    channel="social",
    roles=frozenset({"source"}),
    settings=GoogleBusinessSettings,
    docs_url="https://developers.google.com/my-business/reference/rest/v4/accounts.locations.reviews",
    api_version="v4",
    capabilities=frozenset({Capability.BACKFILL}),
    topics={"review": "a review of a shop with its stars, who wrote it, and the shop's reply"},
    allowed_hosts=("mybusiness.googleapis.com",),
    limits=Limits(batch=50, calls=4, per_seconds=1.0),
    surveyed=("https://developers.google.com/my-business/reference/rest/v4/accounts.locations.reviews",),
    not_offered={
        "webhook": "news goes to a Pub/Sub topic of yours, and holds names only: a poll brings the review itself "
        "(https://developers.google.com/my-business/content/notification-setup)",
    },
    sample_settings={
        "client_id": "sample-google-id",
        "client_secret": "sample-google-secret",
        "locations": ["accounts/1234/locations/5678"],
    },
)
