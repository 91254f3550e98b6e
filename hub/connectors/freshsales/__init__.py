"""Freshsales: profiles become contacts, orders become deals."""

from hub.connectors.freshsales.destination import DESTINATION
from hub.connectors.freshsales.manifest import MANIFEST
from hub.connectors.freshsales.mapping import MAP
from hub.sdk.registry import Connector

CONNECTOR = Connector(manifest=MANIFEST, destination=DESTINATION, own_fields=MAP.own_fields)
