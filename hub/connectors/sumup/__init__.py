"""SumUp: card and cash payments of a merchant, at the reader, in the app and online (source)."""

from hub.connectors.sumup.manifest import MANIFEST
from hub.connectors.sumup.source import SOURCE
from hub.sdk.registry import Connector

CONNECTOR = Connector(manifest=MANIFEST, source=SOURCE)
