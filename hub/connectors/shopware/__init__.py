"""Shopware 6: an app's webhooks, and the Admin API for what they leave out and for history.

Source: https://developer.shopware.com/docs/guides/plugins/apps/lifecycle/webhook.html
"""

from __future__ import annotations

from hub.connectors.shopware.manifest import MANIFEST, oauth
from hub.connectors.shopware.source import SOURCE
from hub.sdk.registry import Connector

CONNECTOR = Connector(manifest=MANIFEST, source=SOURCE, oauth=oauth)
