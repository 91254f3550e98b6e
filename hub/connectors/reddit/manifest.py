"""Reddit: settings and declaration.

Facts: https://support.reddithelp.com/hc/en-us/articles/16160319875092-Reddit-Data-API-Wiki (a User-Agent of one's own,
100 calls a minute over ten minutes, X-Ratelimit-Reset in seconds, what is deleted there is to be deleted),
https://github.com/reddit-archive/reddit/wiki/OAuth2 (application-only tokens of an hour, oauth.reddit.com),
https://www.reddit.com/dev/api#GET_search (q of 512 characters, sort, restrict_sr, after, limit of 100).
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, SecretStr

from hub.sdk.manifest import Capability, ConnectionSettings, Limits, Manifest
from hub.sdk.oauth import OAuth, bearer

API = "https://oauth.reddit.com"
TOKENS = "https://www.reddit.com"

Community = Annotated[str, Field(pattern=r"^[A-Za-z0-9_]{2,24}$")]


class RedditSettings(ConnectionSettings):
    """One search, everywhere or in some communities."""

    client_id: str = Field(min_length=1, description="Id of the app (reddit.com/prefs/apps), below its name.")
    client_secret: SecretStr = Field(description="Its secret.")
    user: str = Field(
        pattern=r"^[A-Za-z0-9_-]{3,20}$",
        description="The Reddit user the app belongs to; Reddit wants it in each call.",
    )
    query: str = Field(min_length=1, max_length=512, description='What is searched for, as "hafenkante OR jacke".')
    communities: tuple[Community, ...] = Field((), description="Communities that are searched, without r/; else all.")
    own: tuple[str, ...] = Field((), description="Your own accounts there, without u/.")

    @property
    def agent(self) -> str:
        """The User-Agent that Reddit asks for: it throttles those of libraries."""
        return f"hub:{self.client_id}:v0.1 (by /u/{self.user})"


def oauth(settings: RedditSettings) -> OAuth:
    """Application only: the app is enough, as what is read is public."""
    agent = {"user-agent": settings.agent}
    return OAuth(
        token_url=f"{settings.base_url or TOKENS}/api/v1/access_token",
        client_id=settings.client_id,
        client_secret=settings.client_secret,
        grant="client_credentials",
        place=lambda token: {**bearer(token), **agent},
        headers=agent,
    )


MANIFEST = Manifest(
    slug="reddit",
    name="Reddit",
    channel="social",
    roles=frozenset({"source"}),
    settings=RedditSettings,
    docs_url="https://www.reddit.com/dev/api#GET_search",
    api_version="v1",
    capabilities=frozenset({Capability.BACKFILL}),
    topics={"post": "a post that the search finds, and who wrote it"},
    allowed_hosts=("oauth.reddit.com",),
    limits=Limits(batch=100, calls=1, per_seconds=1.0),
    sample_settings={
        "client_id": "sample-reddit-id",
        "client_secret": "sample-reddit-secret",
        "user": "hafenkante",
        "query": "hafenkante",
        "communities": ["hamburg"],
        "own": ["hafenkante"],
    },
)
