"""Etsy: receipts and reviews of a shop (source)."""

from hub.connectors.etsy.manifest import MANIFEST, oauth
from hub.connectors.etsy.source import SOURCE
from hub.sdk.registry import Connector

CONNECTOR = Connector(manifest=MANIFEST, source=SOURCE, oauth=oauth)
