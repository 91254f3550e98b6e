"""HubSpot: profiles become contacts, orders become deals."""

from hub.connectors.hubspot.destination import DESTINATION
from hub.connectors.hubspot.manifest import MANIFEST
from hub.connectors.hubspot.mapping import MAP
from hub.sdk.registry import Connector

CONNECTOR = Connector(manifest=MANIFEST, destination=DESTINATION, own_fields=MAP.own_fields)
