"""Google Business Profile: reviews of shops on Google Maps and in Google's search (source)."""

from hub.connectors.google_business.manifest import MANIFEST, oauth
from hub.connectors.google_business.source import SOURCE
from hub.sdk.registry import Connector

CONNECTOR = Connector(manifest=MANIFEST, source=SOURCE, oauth=oauth)
