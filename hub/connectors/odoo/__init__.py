"""Odoo: profiles become contacts, orders become opportunities."""

from hub.connectors.odoo.destination import DESTINATION
from hub.connectors.odoo.manifest import MANIFEST
from hub.connectors.odoo.mapping import MAP
from hub.sdk.registry import Connector

CONNECTOR = Connector(manifest=MANIFEST, destination=DESTINATION, own_fields=MAP.own_fields)
