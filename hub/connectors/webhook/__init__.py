"""Any system that takes signed webhooks: profiles and orders as Standard Webhooks."""

from hub.connectors.webhook.destination import DESTINATION
from hub.connectors.webhook.manifest import MANIFEST
from hub.sdk.registry import Connector

CONNECTOR = Connector(manifest=MANIFEST, destination=DESTINATION)
