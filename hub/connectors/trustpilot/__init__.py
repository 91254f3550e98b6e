"""Trustpilot: service reviews of the business, and who wrote them (source)."""

from hub.connectors.trustpilot.manifest import MANIFEST, oauth
from hub.connectors.trustpilot.source import SOURCE
from hub.sdk.registry import Connector

CONNECTOR = Connector(manifest=MANIFEST, source=SOURCE, oauth=oauth)
