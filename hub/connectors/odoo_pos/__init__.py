"""Odoo Point of Sale: till orders and their customers, polled (source)."""

from hub.connectors.odoo_pos.manifest import MANIFEST
from hub.connectors.odoo_pos.source import SOURCE
from hub.sdk.registry import Connector

CONNECTOR = Connector(manifest=MANIFEST, source=SOURCE)
