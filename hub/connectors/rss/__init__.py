"""RSS and Atom: what is written about the business, as any monitoring service tells it (source)."""

from hub.connectors.rss.manifest import MANIFEST
from hub.connectors.rss.source import SOURCE
from hub.sdk.registry import Connector

CONNECTOR = Connector(manifest=MANIFEST, source=SOURCE)
