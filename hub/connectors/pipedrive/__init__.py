"""Pipedrive: profiles become persons, orders become deals."""

from hub.connectors.pipedrive.destination import DESTINATION
from hub.connectors.pipedrive.manifest import MANIFEST, oauth
from hub.connectors.pipedrive.mapping import MAP
from hub.sdk.registry import Connector

CONNECTOR = Connector(manifest=MANIFEST, destination=DESTINATION, oauth=oauth, own_fields=MAP.own_fields)
