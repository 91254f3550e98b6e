"""Magento 2 and Adobe Commerce: polled through REST, because the open-source edition sends no webhooks.

Source: https://developer.adobe.com/commerce/webapi/rest/
"""

from __future__ import annotations

from hub.connectors.magento.manifest import MANIFEST
from hub.connectors.magento.source import SOURCE
from hub.sdk.registry import Connector

CONNECTOR = Connector(manifest=MANIFEST, source=SOURCE)
