"""Zoho CRM: profiles become contacts, orders become deals; what people change there comes back."""

from hub.connectors.zoho.destination import DESTINATION
from hub.connectors.zoho.manifest import MANIFEST, oauth
from hub.connectors.zoho.mapping import MAP
from hub.connectors.zoho.source import SOURCE
from hub.sdk.registry import Connector

CONNECTOR = Connector(manifest=MANIFEST, source=SOURCE, destination=DESTINATION, oauth=oauth, own_fields=MAP.own_fields)
