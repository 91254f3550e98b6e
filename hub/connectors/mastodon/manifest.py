"""Mastodon: settings and declaration.

Facts: https://docs.joinmastodon.org/methods/notifications/ (mentions, min_id), …/methods/timelines/#tag (hashtags),
…/api/rate-limits/ (300 calls in 5 minutes), …/entities/Status/.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, SecretStr

from hub.sdk.manifest import Capability, ConnectionSettings, Limits, Manifest

Tag = Annotated[str, Field(pattern=r"^\w+$")]


class MastodonSettings(ConnectionSettings):
    """One account on one server; ``base_url`` is the server's address."""

    access_token: SecretStr = Field(description="Access token of an app (read:notifications, read:statuses).")
    hashtags: tuple[Tag, ...] = Field((), description="Hashtags that are listened to, without #.")
    own: tuple[str, ...] = Field((), description="Your own accounts there, as hafenkante or hafenkante@example.social.")


MANIFEST = Manifest(
    slug="mastodon",
    name="Mastodon",
    channel="social",
    roles=frozenset({"source"}),
    settings=MastodonSettings,
    docs_url="https://docs.joinmastodon.org/methods/notifications/",
    api_version="v1",
    capabilities=frozenset({Capability.BACKFILL}),
    topics={
        "status": "a post that mentions the account or has one of the hashtags, and who wrote it",
        "gone": "a mention that was taken back: nothing is left of it",
    },
    limits=Limits(batch=40, calls=1, per_seconds=1.0),
    sample_settings={
        "base_url": "https://nordsee.example",
        "access_token": "sample-mastodon-token",
        "hashtags": ["hafenkante"],
        "own": ["hafenkante"],
    },
)
