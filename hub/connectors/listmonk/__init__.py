"""listmonk: its subscribers are read; who opted in becomes a subscriber of lists, who opts out is blocklisted."""

from hub.connectors.listmonk.destination import DESTINATION
from hub.connectors.listmonk.manifest import MANIFEST
from hub.connectors.listmonk.mapping import MAP
from hub.connectors.listmonk.source import SOURCE
from hub.sdk.registry import Connector

CONNECTOR = Connector(manifest=MANIFEST, source=SOURCE, destination=DESTINATION, own_fields=MAP.own_fields)
