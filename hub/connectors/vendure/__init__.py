"""Vendure 3: customers and orders by its Admin API, polled.

Source: https://docs.vendure.io/current/core/reference/graphql-api/admin/queries
"""

from __future__ import annotations

from hub.connectors.vendure.manifest import MANIFEST
from hub.connectors.vendure.source import SOURCE
from hub.sdk.registry import Connector

CONNECTOR = Connector(manifest=MANIFEST, source=SOURCE)
