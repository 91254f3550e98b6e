"""SuiteCRM: profiles become contacts, orders become opportunities; what people change there comes back."""

from hub.connectors.suitecrm.destination import DESTINATION
from hub.connectors.suitecrm.manifest import MANIFEST, oauth
from hub.connectors.suitecrm.mapping import MAP
from hub.connectors.suitecrm.source import SOURCE
from hub.sdk.registry import Connector

CONNECTOR = Connector(manifest=MANIFEST, source=SOURCE, destination=DESTINATION, oauth=oauth, own_fields=MAP.own_fields)
