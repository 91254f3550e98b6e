"""WooCommerce: webhooks and REST backfill (wc/v3) of customers and orders; labels of customers.

Source: https://woocommerce.github.io/woocommerce-rest-api-docs/
"""

from __future__ import annotations

from hub.connectors.woocommerce.destination import DESTINATION
from hub.connectors.woocommerce.manifest import MANIFEST
from hub.connectors.woocommerce.source import SOURCE
from hub.sdk.registry import Connector

CONNECTOR = Connector(manifest=MANIFEST, source=SOURCE, destination=DESTINATION)
