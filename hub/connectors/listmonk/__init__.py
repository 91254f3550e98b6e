"""listmonk: people who opted in become subscribers of lists; who opts out is blocklisted."""

from hub.connectors.listmonk.destination import DESTINATION
from hub.connectors.listmonk.manifest import MANIFEST
from hub.connectors.listmonk.mapping import MAP
from hub.sdk.registry import Connector

CONNECTOR = Connector(manifest=MANIFEST, destination=DESTINATION, own_fields=MAP.own_fields)
