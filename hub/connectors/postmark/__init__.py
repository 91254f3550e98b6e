"""Postmark: what became of the mails it sent: delivered, opened, bounced, complained, unsubscribed (source)."""

from hub.connectors.postmark.manifest import MANIFEST
from hub.connectors.postmark.source import SOURCE
from hub.sdk.registry import Connector

CONNECTOR = Connector(manifest=MANIFEST, source=SOURCE)
