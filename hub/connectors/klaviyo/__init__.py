"""Klaviyo: its profiles and what became of its mails are read; who opted in becomes a profile on lists."""

from hub.connectors.klaviyo.destination import DESTINATION
from hub.connectors.klaviyo.manifest import MANIFEST
from hub.connectors.klaviyo.mapping import MAP
from hub.connectors.klaviyo.source import SOURCE
from hub.sdk.registry import Connector

CONNECTOR = Connector(manifest=MANIFEST, source=SOURCE, destination=DESTINATION, own_fields=MAP.own_fields)
