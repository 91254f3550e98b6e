"""Pipedrive: profiles become persons, orders become deals; what people change of a person comes back."""

from hub.connectors.pipedrive.destination import DESTINATION
from hub.connectors.pipedrive.manifest import MANIFEST, oauth
from hub.connectors.pipedrive.mapping import MAP
from hub.connectors.pipedrive.source import SOURCE
from hub.sdk.registry import Connector

CONNECTOR = Connector(manifest=MANIFEST, source=SOURCE, destination=DESTINATION, oauth=oauth, own_fields=MAP.own_fields)
