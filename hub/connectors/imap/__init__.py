"""IMAP: the mails that customers write to any mailbox, their threads, and what came back (source)."""

from hub.connectors.imap.manifest import MANIFEST, oauth
from hub.connectors.imap.source import SOURCE
from hub.sdk.registry import Connector

CONNECTOR = Connector(manifest=MANIFEST, source=SOURCE, oauth=oauth)
