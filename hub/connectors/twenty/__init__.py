"""Twenty: profiles become people, orders become opportunities; what people change there comes back."""

from hub.connectors.twenty.destination import DESTINATION
from hub.connectors.twenty.manifest import MANIFEST
from hub.connectors.twenty.mapping import MAP
from hub.connectors.twenty.source import SOURCE
from hub.sdk.registry import Connector

CONNECTOR = Connector(manifest=MANIFEST, source=SOURCE, destination=DESTINATION, own_fields=MAP.own_fields)
