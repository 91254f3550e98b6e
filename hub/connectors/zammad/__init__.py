"""Zammad: tickets, who asked and what was said in them (source)."""

from hub.connectors.zammad.manifest import MANIFEST
from hub.connectors.zammad.source import SOURCE
from hub.sdk.registry import Connector

CONNECTOR = Connector(manifest=MANIFEST, source=SOURCE)
