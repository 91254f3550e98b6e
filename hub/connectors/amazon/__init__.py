"""Amazon: orders of a seller, with relay addresses that identify nobody (source)."""

from hub.connectors.amazon.manifest import MANIFEST, oauth
from hub.connectors.amazon.source import SOURCE
from hub.sdk.registry import Connector

CONNECTOR = Connector(manifest=MANIFEST, source=SOURCE, oauth=oauth)
