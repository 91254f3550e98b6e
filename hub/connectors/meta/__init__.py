"""Meta: Messenger, Instagram, WhatsApp Cloud API and lead forms, all through one signed webhook."""

from hub.connectors.meta.manifest import MANIFEST
from hub.connectors.meta.source import SOURCE
from hub.sdk.registry import Connector

CONNECTOR = Connector(manifest=MANIFEST, source=SOURCE)
