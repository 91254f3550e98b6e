"""OTTO Market: orders of a partner (source)."""

from hub.connectors.otto.manifest import MANIFEST, oauth
from hub.connectors.otto.source import SOURCE
from hub.sdk.registry import Connector

CONNECTOR = Connector(manifest=MANIFEST, source=SOURCE, oauth=oauth)
