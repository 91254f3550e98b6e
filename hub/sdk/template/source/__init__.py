"""New Connector: webhooks of customers and paid orders."""

from hub.sdk.registry import Connector

from .manifest import MANIFEST
from .source import SOURCE

CONNECTOR = Connector(manifest=MANIFEST, source=SOURCE)
