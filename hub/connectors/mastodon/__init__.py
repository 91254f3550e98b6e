"""Mastodon: who mentions the business, and what is said under its hashtags (source)."""

from hub.connectors.mastodon.manifest import MANIFEST
from hub.connectors.mastodon.source import SOURCE
from hub.sdk.registry import Connector

CONNECTOR = Connector(manifest=MANIFEST, source=SOURCE)
