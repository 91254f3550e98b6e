"""Brevo: what became of its mails is read; who opted in becomes a contact on lists, who opts out is blocklisted."""

from hub.connectors.brevo.destination import DESTINATION
from hub.connectors.brevo.manifest import MANIFEST
from hub.connectors.brevo.mapping import MAP
from hub.connectors.brevo.source import SOURCE
from hub.sdk.registry import Connector

CONNECTOR = Connector(manifest=MANIFEST, source=SOURCE, destination=DESTINATION, own_fields=MAP.own_fields)
