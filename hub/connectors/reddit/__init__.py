"""Reddit: what is said about the business there, by a search (source)."""

from hub.connectors.reddit.manifest import MANIFEST, oauth
from hub.connectors.reddit.source import SOURCE
from hub.sdk.registry import Connector

CONNECTOR = Connector(manifest=MANIFEST, source=SOURCE, oauth=oauth)
