"""Telegram: what people write to a bot (source)."""

from hub.connectors.telegram.manifest import MANIFEST
from hub.connectors.telegram.source import SOURCE
from hub.sdk.registry import Connector

CONNECTOR = Connector(manifest=MANIFEST, source=SOURCE)
