"""Mailchimp: subscribers, their consent and their bounces come in; people who opted in become contacts there."""

from hub.connectors.mailchimp.destination import DESTINATION
from hub.connectors.mailchimp.destination_fields import MAP
from hub.connectors.mailchimp.manifest import MANIFEST
from hub.connectors.mailchimp.source import SOURCE
from hub.sdk.registry import Connector

CONNECTOR = Connector(manifest=MANIFEST, source=SOURCE, destination=DESTINATION, own_fields=MAP.own_fields)
