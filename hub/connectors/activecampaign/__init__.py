"""ActiveCampaign: profiles become contacts, orders become deals; what people change there comes back."""

from hub.connectors.activecampaign.destination import DESTINATION
from hub.connectors.activecampaign.manifest import MANIFEST
from hub.connectors.activecampaign.mapping import MAP
from hub.connectors.activecampaign.source import SOURCE
from hub.sdk.registry import Connector

CONNECTOR = Connector(manifest=MANIFEST, source=SOURCE, destination=DESTINATION, own_fields=MAP.own_fields)
