"""EspoCRM: profiles become contacts or leads, orders become opportunities; what people change comes back."""

from hub.connectors.espocrm.destination import DESTINATION
from hub.connectors.espocrm.manifest import MANIFEST
from hub.connectors.espocrm.mapping import MAP
from hub.connectors.espocrm.source import SOURCE
from hub.sdk.registry import Connector

CONNECTOR = Connector(manifest=MANIFEST, source=SOURCE, destination=DESTINATION, own_fields=MAP.own_fields)
