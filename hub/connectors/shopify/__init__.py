"""Shopify: customers, orders, checkouts, consents and privacy requests come in; customers are labelled.

Source: https://shopify.dev/docs/api/webhooks/latest, Admin API version 2026-07.
"""

from __future__ import annotations

from hub.connectors.shopify.destination import DESTINATION
from hub.connectors.shopify.manifest import MANIFEST
from hub.connectors.shopify.source import SOURCE
from hub.sdk.registry import Connector

CONNECTOR = Connector(manifest=MANIFEST, source=SOURCE, destination=DESTINATION)
