"""Brevo: people who opted in become contacts on lists; who opts out is blocklisted."""

from hub.connectors.brevo.destination import DESTINATION
from hub.connectors.brevo.manifest import MANIFEST
from hub.connectors.brevo.mapping import MAP
from hub.sdk.registry import Connector

CONNECTOR = Connector(manifest=MANIFEST, destination=DESTINATION, own_fields=MAP.own_fields)
