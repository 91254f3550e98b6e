"""Salesforce: profiles become contacts (or leads), orders become opportunities; what people change comes back."""

from hub.connectors.salesforce.destination import DESTINATION
from hub.connectors.salesforce.manifest import MANIFEST, oauth
from hub.connectors.salesforce.mapping import MAP
from hub.connectors.salesforce.source import SOURCE
from hub.sdk.registry import Connector

CONNECTOR = Connector(manifest=MANIFEST, source=SOURCE, destination=DESTINATION, oauth=oauth, own_fields=MAP.own_fields)
