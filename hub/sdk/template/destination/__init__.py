"""New Connector: profiles as contacts."""

from hub.sdk.registry import Connector

from .destination import DESTINATION
from .manifest import MANIFEST

CONNECTOR = Connector(manifest=MANIFEST, destination=DESTINATION)
