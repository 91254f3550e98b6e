"""Mailchimp: subscribers, their consent and their bounces, from audience webhooks and the Marketing API (source)."""

from hub.connectors.mailchimp.manifest import MANIFEST
from hub.connectors.mailchimp.source import SOURCE
from hub.sdk.registry import Connector

CONNECTOR = Connector(manifest=MANIFEST, source=SOURCE)
