"""HubSpot: profiles become contacts, orders become deals; what people change of a contact comes back."""

from hub.connectors.hubspot.destination import DESTINATION
from hub.connectors.hubspot.manifest import MANIFEST
from hub.connectors.hubspot.mapping import MAP
from hub.connectors.hubspot.source import SOURCE
from hub.sdk.registry import Connector

CONNECTOR = Connector(manifest=MANIFEST, source=SOURCE, destination=DESTINATION, own_fields=MAP.own_fields)
