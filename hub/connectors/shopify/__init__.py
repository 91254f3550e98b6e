"""Shopify: webhooks and REST backfill of customers, orders, checkouts, consents and privacy requests.

Source: https://shopify.dev/docs/api/webhooks/latest, Admin API version 2026-07.
"""

from __future__ import annotations

from hub.connectors.shopify.manifest import MANIFEST
from hub.connectors.shopify.source import SOURCE
from hub.sdk.registry import Connector

CONNECTOR = Connector(manifest=MANIFEST, source=SOURCE)
