"""Square: till sales, customer directory and loyalty of a Square seller (source)."""

from hub.connectors.square.manifest import MANIFEST
from hub.connectors.square.source import SOURCE
from hub.sdk.registry import Connector

CONNECTOR = Connector(manifest=MANIFEST, source=SOURCE)
