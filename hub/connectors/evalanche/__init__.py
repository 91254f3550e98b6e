"""Evalanche: people who opted in become profiles of a pool with a permission; who opts out loses it."""

from hub.connectors.evalanche.destination import DESTINATION
from hub.connectors.evalanche.manifest import MANIFEST
from hub.connectors.evalanche.mapping import MAP
from hub.sdk.registry import Connector

CONNECTOR = Connector(manifest=MANIFEST, destination=DESTINATION, own_fields=MAP.own_fields)
