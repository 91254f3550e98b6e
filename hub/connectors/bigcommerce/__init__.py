"""BigCommerce: webhooks that name ids, orders by the V2 API, customers and subscribers by the V3 API.

Source: https://developer.bigcommerce.com/docs (github.com/bigcommerce/docs)
"""

from __future__ import annotations

from hub.connectors.bigcommerce.manifest import MANIFEST
from hub.connectors.bigcommerce.source import SOURCE
from hub.sdk.registry import Connector

CONNECTOR = Connector(manifest=MANIFEST, source=SOURCE)
