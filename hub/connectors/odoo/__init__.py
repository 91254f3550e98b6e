"""Odoo: profiles become contacts, orders become opportunities; what people change of a contact comes back."""

from hub.connectors.odoo.destination import DESTINATION
from hub.connectors.odoo.manifest import MANIFEST
from hub.connectors.odoo.mapping import MAP
from hub.connectors.odoo.source import SOURCE
from hub.sdk.registry import Connector

CONNECTOR = Connector(manifest=MANIFEST, source=SOURCE, destination=DESTINATION, own_fields=MAP.own_fields)
