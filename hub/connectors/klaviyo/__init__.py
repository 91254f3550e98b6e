"""Klaviyo: people who opted in become profiles on lists; who opts out is unsubscribed."""

from hub.connectors.klaviyo.destination import DESTINATION
from hub.connectors.klaviyo.manifest import MANIFEST
from hub.connectors.klaviyo.mapping import MAP
from hub.sdk.registry import Connector

CONNECTOR = Connector(manifest=MANIFEST, destination=DESTINATION, own_fields=MAP.own_fields)
