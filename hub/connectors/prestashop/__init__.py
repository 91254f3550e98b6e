"""PrestaShop: customers and orders by its webservice, polled.

Source: https://devdocs.prestashop-project.org/9/webservice/
"""

from __future__ import annotations

from hub.connectors.prestashop.manifest import MANIFEST
from hub.connectors.prestashop.source import SOURCE
from hub.sdk.registry import Connector

CONNECTOR = Connector(manifest=MANIFEST, source=SOURCE)
