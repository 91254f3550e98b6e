"""Medusa v2: customers and orders by its Admin API, told of by a subscriber in the shop.

Source: https://docs.medusajs.com/api/admin and https://docs.medusajs.com/resources/references/events
"""

from __future__ import annotations

from hub.connectors.medusa.manifest import MANIFEST
from hub.connectors.medusa.source import SOURCE
from hub.sdk.registry import Connector

CONNECTOR = Connector(manifest=MANIFEST, source=SOURCE)
