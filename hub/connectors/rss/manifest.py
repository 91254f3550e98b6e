"""RSS and Atom: settings and declaration.

Facts: https://www.rssboard.org/rss-specification (guid, pubDate, author), RFC 4287 (id, updated, author). PyPI
``feedparser`` reads both, and what is neither.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from pydantic import Field, field_validator

from hub.model.customer import ContactKind
from hub.sdk.manifest import Capability, ConnectionSettings, Limits, Manifest


class RssSettings(ConnectionSettings):
    """One feed."""

    url: str = Field(description="Address of the feed. Of a secret one (Google Alerts) give it as ${FEED_URL}.")
    contact_kind: ContactKind = Field("press", description="What whoever writes there is to you, for routes.")

    @field_validator("url")
    @classmethod
    def _is_an_address(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme != "https" or not parts.hostname or parts.username or parts.password:
            raise ValueError("needs https:// and a host, and no password; for others set base_url beside it")
        return url


MANIFEST = Manifest(
    slug="rss",
    name="RSS and Atom",
    channel="social",
    roles=frozenset({"source"}),
    settings=RssSettings,
    docs_url="https://www.rssboard.org/rss-specification",
    api_version="2.0",
    capabilities=frozenset({Capability.BACKFILL}),
    topics={"entry": "an article or post as a mention, with its link, by its author or else its site"},
    limits=Limits(calls=1, per_seconds=1.0),
    sample_settings={"url": "https://www.example.org/alerts/feed.xml?q=hafenkante"},
)
