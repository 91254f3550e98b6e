"""Webhook-in: any system that sends webhooks as a source, by its configuration alone.

Source of the signature schemes: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
and, for digests with a time in one header, https://docs.stripe.com/webhooks/signature.
"""

from __future__ import annotations

from hub.connectors.webhook_in.manifest import MANIFEST
from hub.connectors.webhook_in.source import SOURCE
from hub.sdk.registry import Connector

CONNECTOR = Connector(manifest=MANIFEST, source=SOURCE)
