"""Microsoft Dynamics 365 (Dataverse): profiles become contacts, orders become rows of a table of Hub's.

What people change of a contact comes back.
"""

from hub.connectors.dynamics.destination import DESTINATION
from hub.connectors.dynamics.manifest import MANIFEST, oauth
from hub.connectors.dynamics.mapping import MAP
from hub.connectors.dynamics.source import SOURCE
from hub.sdk.registry import Connector

CONNECTOR = Connector(manifest=MANIFEST, source=SOURCE, destination=DESTINATION, oauth=oauth, own_fields=MAP.own_fields)
