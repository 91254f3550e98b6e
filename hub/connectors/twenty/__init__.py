"""Twenty: profiles become people, orders become opportunities."""

from hub.connectors.twenty.destination import DESTINATION
from hub.connectors.twenty.manifest import MANIFEST
from hub.connectors.twenty.mapping import MAP
from hub.sdk.registry import Connector

CONNECTOR = Connector(manifest=MANIFEST, destination=DESTINATION, own_fields=MAP.own_fields)
