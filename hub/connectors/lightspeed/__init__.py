"""Lightspeed Retail X-Series (formerly Vend): till sales, returns and customers (source)."""

from hub.connectors.lightspeed.manifest import MANIFEST, oauth
from hub.connectors.lightspeed.source import SOURCE
from hub.sdk.registry import Connector

CONNECTOR = Connector(manifest=MANIFEST, source=SOURCE, oauth=oauth)
