"""Microsoft Dynamics 365 (Dataverse): profiles become contacts, orders become rows of a table of Hub's."""

from hub.connectors.dynamics.destination import DESTINATION
from hub.connectors.dynamics.manifest import MANIFEST, oauth
from hub.connectors.dynamics.mapping import MAP
from hub.sdk.registry import Connector

CONNECTOR = Connector(manifest=MANIFEST, destination=DESTINATION, oauth=oauth, own_fields=MAP.own_fields)
