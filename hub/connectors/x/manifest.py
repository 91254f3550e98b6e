"""X: settings and declaration.

Facts: https://docs.x.com/x-api/posts/search/quickstart/recent-search (the last seven days),
…/x-api/posts/search/integrate/paginate (since_id, next_token, newest first, 100 a page),
…/x-api/posts/search/integrate/overview (512 characters), …/x-api/fundamentals/rate-limits (450 calls in 15 minutes;
x-rate-limit-reset and no Retry-After), …/x-api/fundamentals/post-cap (what is read counts for the month).
"""

from __future__ import annotations

from pydantic import Field, SecretStr

from hub.sdk.manifest import Capability, ConnectionSettings, Limits, Manifest

API = "https://api.x.com"


class XSettings(ConnectionSettings):
    """One search."""

    bearer_token: SecretStr = Field(description="Bearer token of the app (Developer Console, Keys and tokens).")
    query: str = Field(
        min_length=1,
        max_length=512,
        description="What is searched for, as (hafenkante OR @hafenkante) -is:retweet. Every post that is found counts "
        "towards the month's cap.",
    )
    own: tuple[str, ...] = Field((), description="Your own accounts there, as hafenkante.")


MANIFEST = Manifest(
    slug="x",
    name="X",
    channel="social",
    roles=frozenset({"source"}),
    settings=XSettings,
    docs_url="https://docs.x.com/x-api/posts/search/quickstart/recent-search",
    api_version="2",
    capabilities=frozenset({Capability.BACKFILL}),
    topics={"post": "a post that the search finds, and who wrote it"},
    allowed_hosts=("api.x.com",),
    limits=Limits(batch=100, calls=1, per_seconds=2.0),
    sample_settings={
        "bearer_token": "sample-x-bearer-token",
        "query": "(hafenkante OR @hafenkante) -is:retweet",
        "own": ["hafenkante"],
    },
)
