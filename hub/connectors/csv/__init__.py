"""A csv file: customers out of an old system, or the golden profiles for a spreadsheet."""

from hub.connectors.csv.destination import DESTINATION
from hub.connectors.csv.manifest import MANIFEST
from hub.connectors.csv.mapping import own_fields
from hub.connectors.csv.source import SOURCE
from hub.sdk.registry import Connector

CONNECTOR = Connector(manifest=MANIFEST, source=SOURCE, destination=DESTINATION, own_fields=own_fields)
