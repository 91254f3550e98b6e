"""Mailchimp Transactional (Mandrill): what became of the mails it sent (source)."""

from hub.connectors.mandrill.manifest import MANIFEST
from hub.connectors.mandrill.source import SOURCE
from hub.sdk.registry import Connector

CONNECTOR = Connector(manifest=MANIFEST, source=SOURCE)
