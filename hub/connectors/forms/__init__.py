"""Newsletter and contact forms, with double opt-in by mail."""

from hub.connectors.forms.manifest import MANIFEST
from hub.connectors.forms.source import SOURCE
from hub.sdk.registry import Connector

CONNECTOR = Connector(manifest=MANIFEST, source=SOURCE)
