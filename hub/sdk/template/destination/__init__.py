"""New Connector: profiles as contacts."""

from hub.sdk.registry import Connector

from .destination import DESTINATION
from .manifest import MANIFEST
from .mapping import own_fields

CONNECTOR = Connector(manifest=MANIFEST, destination=DESTINATION, own_fields=own_fields)
