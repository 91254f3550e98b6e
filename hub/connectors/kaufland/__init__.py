"""Kaufland's marketplace: orders and tickets of a seller (source)."""

from hub.connectors.kaufland.manifest import MANIFEST
from hub.connectors.kaufland.source import SOURCE
from hub.sdk.registry import Connector

CONNECTOR = Connector(manifest=MANIFEST, source=SOURCE)
