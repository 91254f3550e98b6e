"""Clover: till sales and customers of one or several Clover merchants (source)."""

from hub.connectors.clover.manifest import MANIFEST
from hub.connectors.clover.source import SOURCE
from hub.sdk.registry import Connector

CONNECTOR = Connector(manifest=MANIFEST, source=SOURCE)
