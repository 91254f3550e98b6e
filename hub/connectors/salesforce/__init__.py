"""Salesforce: profiles become contacts (or leads), orders become opportunities."""

from hub.connectors.salesforce.destination import DESTINATION
from hub.connectors.salesforce.manifest import MANIFEST, oauth
from hub.connectors.salesforce.mapping import MAP
from hub.sdk.registry import Connector

CONNECTOR = Connector(manifest=MANIFEST, destination=DESTINATION, oauth=oauth, own_fields=MAP.own_fields)
