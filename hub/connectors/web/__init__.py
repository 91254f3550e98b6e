"""Web pages and apps: the HTTP API that Segment's and RudderStack's SDKs speak."""

from hub.connectors.web.manifest import MANIFEST
from hub.connectors.web.source import SOURCE
from hub.sdk.registry import Connector

CONNECTOR = Connector(manifest=MANIFEST, source=SOURCE)
