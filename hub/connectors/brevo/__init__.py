"""Brevo: what became of the mails it sent (source)."""

from hub.connectors.brevo.manifest import MANIFEST
from hub.connectors.brevo.source_events import SOURCE
from hub.sdk.registry import Connector

CONNECTOR = Connector(manifest=MANIFEST, source=SOURCE)
