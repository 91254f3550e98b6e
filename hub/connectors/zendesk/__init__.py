"""Zendesk: tickets, what was said in them, and how content people were (source)."""

from hub.connectors.zendesk.manifest import MANIFEST
from hub.connectors.zendesk.source import SOURCE
from hub.sdk.registry import Connector

CONNECTOR = Connector(manifest=MANIFEST, source=SOURCE)
