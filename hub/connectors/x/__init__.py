"""X: what is said about the business there, by a search (source)."""

from hub.connectors.x.manifest import MANIFEST
from hub.connectors.x.source import SOURCE
from hub.sdk.registry import Connector

CONNECTOR = Connector(manifest=MANIFEST, source=SOURCE)
